"""Text in XML: as content of an element, or as an attribute's value. It is never markup."""

from __future__ import annotations

from .characters import visible

MARKUP = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})


def content(text: str) -> str:
    """A text of one line, or several."""
    return "\n".join(map(visible, text.split("\n"))).translate(MARKUP)


def attribute(text: str) -> str:
    """The value of an attribute, in which a line break would be a space."""
    return content(text).replace("\n", "&#10;")
