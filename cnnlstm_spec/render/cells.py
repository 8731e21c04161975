"""A line of source as a terminal shows it: what each code point becomes and how wide that is. Imports nothing of ours."""

from __future__ import annotations

from unicodedata import category, combining, east_asian_width

TAB = "    "
BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They reorder what stands around them, so that a line would not read as it is."""
SHOWN_AS = "\ufffd"


def shown(char: str) -> str:
    """What is printed for a code point: never a control, which a terminal would obey."""
    if " " <= char <= "~":
        return char
    if char == "\t":
        return TAB
    if char in BIDI or category(char) in ("Cc", "Cs", "Zl", "Zp"):
        return SHOWN_AS
    return char


def clean(text: str) -> str:
    """A text of one line, without what a terminal would obey."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(" " if char in "\t\n\r" else shown(char) for char in text)


def width(text: str) -> int:
    """The columns that a text takes."""
    if text.isascii():
        return len(text)
    return sum(_width(char) for char in text)


def _width(char: str) -> int:
    if combining(char) or category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if east_asian_width(char) in ("W", "F") else 1
