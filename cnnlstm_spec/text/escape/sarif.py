"""Text and paths in SARIF, whose viewers take `[words](target)` in a message for a link, and want paths as URIs."""

from __future__ import annotations

import re
from urllib.parse import quote

from .characters import make_visible

LINK = re.compile(r"[\[\]\\]")
"""What begins or ends a link, or says that it does not."""


def escape_message(text: str) -> str:
    """A message in plain text, in several lines or one, in which nothing is a link."""
    shown = "\n".join(map(make_visible, text.split("\n")))
    return LINK.sub(r"\\\g<0>", shown) if "](" in shown else shown


def escape_uri(path: str) -> str:
    """A path with `/` as a reference relative to a folder; an absolute one as a URI of its own."""
    quoted = quote(path, safe="/-._~!$&'()*+,;=@", errors="backslashreplace")
    return f"file://{quoted}" if path.startswith("/") else quoted
