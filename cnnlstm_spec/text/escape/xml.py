"""Text in XML: as content of an element, or as an attribute's value. It is never markup."""

from __future__ import annotations

from .characters import make_visible

MARKUP = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})


def escape_content(text: str) -> str:
    """A text of one line, or several."""
    return "\n".join(map(make_visible, text.split("\n"))).translate(MARKUP)


def escape_attribute(text: str) -> str:
    """The value of an attribute, in which a line break would be a space."""
    return escape_content(text).replace("\n", "&#10;")
