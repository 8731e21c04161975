"""Values as JSON, in ASCII: it stays what it is in every encoding, and holds nothing that a terminal would obey."""

from __future__ import annotations

import json
from typing import Any


def to_json(value: Any, indent: int | None = 2) -> str:
    """The text; a number that JSON does not have raises ValueError."""
    return json.dumps(value, indent=indent, allow_nan=False).replace("\x7f", "\\u007f")


def in_words(value: Any, separators: tuple[str, str] | None = None) -> str:
    """The text on one line, as a person reads it; whoever prints it makes it fit for where."""
    return json.dumps(value, separators=separators, ensure_ascii=False)
