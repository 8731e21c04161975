r"""Text for a terminal, which obeys some characters: they are shown as `\x1b`, and so on.

What is printed goes through `make_lines_safe` at the very end (`terminal.py`), whatever was done before; `make_line_safe` is for
what is laid out by its width, or must stay in one line.
"""

from __future__ import annotations

import re
from unicodedata import category, combining, east_asian_width

from .characters import UNSAFE, make_visible

TAB = "    "
COLORS = {"error": "1;31", "warning": "1;33", "advice": "1;36", "label": "1;34", "gutter": "1;34", "bold": "1"}
"""What `painted` may write, by what it says."""
OURS = re.compile(rf"(\x1b\[(?:0|{'|'.join(sorted(set(COLORS.values())))})m|\n)")


LAYOUT = re.compile("(\r?\n|\t)")
"""What a terminal does nothing by but going on, and `patch` counts."""


def make_patch_safe(text: str) -> str:
    """A text of several lines with its tabs and line breaks as they are."""
    parts = LAYOUT.split(text)
    return "".join(part if index % 2 else make_visible(part) for index, part in enumerate(parts))


def make_lines_safe(text: str, colored: bool = False) -> str:
    """A text of several lines; where it is coloured, our own colours stay."""
    if not UNSAFE.search(text.replace("\n", "")):
        return text
    parts = OURS.split(text) if colored else re.split("(\n)", text)
    return "".join(part if index % 2 else make_visible(part.replace("\t", TAB)) for index, part in enumerate(parts))


def make_line_safe(text: str) -> str:
    """A text in one line: line breaks and tabs are spaces."""
    if text.isascii() and text.isprintable():
        return text
    return make_visible(text.translate(SPACES))


def paint_text(text: str, style: str) -> str:
    """A text that was made fit to be shown, in a colour."""
    return f"\x1b[{COLORS[style]}m{text}\x1b[0m" if text else text


def show_character(char: str) -> str:
    """A character of a line of source."""
    return TAB if char == "\t" else make_visible(char)


def measure_width(text: str) -> int:
    """The columns that a text takes."""
    if text.isascii():
        return len(text)
    return sum(_measure_width(char) for char in text)


SPACES = dict.fromkeys(map(ord, "\t\n\r"), " ")


def _measure_width(char: str) -> int:
    if combining(char) or category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if east_asian_width(char) in ("W", "F") else 1
