"""Text and data in a page of HTML: as content of an element, and as JSON in an element that no browser runs."""

from __future__ import annotations

from .json import to_json
from .xml import escape_content

IN_SCRIPT = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})
"""What could end the element, or begin a comment in it; in JSON it stands in texts alone."""


def escape_text(words: str) -> str:
    """The content of an element."""
    return escape_content(words)


def escape_data(value: object) -> str:
    """JSON as the content of a `script` element of a type that is data."""
    return to_json(value, None).translate(IN_SCRIPT)
