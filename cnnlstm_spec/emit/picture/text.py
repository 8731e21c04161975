"""Widths of texts in the bundled font, and cutting and wrapping by them: of texts as they are shown."""

from __future__ import annotations

import json
import re
from functools import cache, lru_cache

from ...text.escape.characters import make_visible
from ...text.files import PACKAGE, read_own

FONTS = PACKAGE / "emit" / "picture" / "fonts"
MISSING = "\u25a1"
"""Drawn in a PNG for a character that the bundled font lacks."""
KEPT = 16_384
"""So many texts are measured once, however often a picture with them is drawn."""
FULL_WIDTH = 1000
"""Thousandths of an em for such a character: what a CJK font needs, which is what an SVG falls back to."""


@cache
def load_widths(bold: bool = False) -> dict[str, int]:
    """The advance of every character of the font, in thousandths of an em."""
    runs = json.loads(read_own("emit", "picture", "fonts", "widths.json"))["semibold" if bold else "regular"]
    return {chr(first + index): width for first, run in runs for index, width in enumerate(run)}


@lru_cache(KEPT)
def measure_width(text: str, size: float, bold: bool = False) -> float:
    """The width of a text in pixels."""
    table = load_widths(bold)
    return sum(table.get(char, FULL_WIDTH) for char in make_visible(text)) * size / 1000


def cut(text: str, size: float, room: float, bold: bool = False) -> str:
    """The text, its middle left out where it would be wider than there is room."""
    text = make_visible(text)
    if measure_width(text, size, bold) <= room:
        return text
    keep = len(text) - 1
    while keep > 2:
        keep = min(keep - 1, int(keep * 0.97) + 1)
        head = (keep * 3 + 4) // 5
        shorter = text[:head].rstrip() + "…" + text[len(text) - (keep - head) :].lstrip()
        if measure_width(shorter, size, bold) <= room:
            return shorter
    return "…"


def wrap(text: str, size: float, room: float, most: int, bold: bool = False) -> tuple[str, ...]:
    """The text in lines of at most that width, cut at spaces that may break; what is beyond `most` lines is left out."""
    lines: list[str] = []
    words = re.findall(r"[^ ]+", make_visible(re.sub(r"[ \t\r\n]+", " ", text)))
    line = ""
    while words:
        longer = f"{line} {words[0]}" if line else words[0]
        if not line or measure_width(longer, size, bold) <= room:
            line = longer
            words.pop(0)
        elif len(lines) < most - 1:
            lines.append(line)
            line = ""
        else:
            return (*lines, cut_end(f"{line} {' '.join(words)}", size, room, bold))
    return tuple(cut_end(each, size, room, bold) for each in (*lines, line) if each)


def cut_end(text: str, size: float, room: float, bold: bool = False) -> str:
    """The text, its end left out where it would be wider than there is room."""
    text = make_visible(text)
    if measure_width(text, size, bold) <= room:
        return text
    table, used, kept = load_widths(bold), measure_width("…", size, bold), ""
    for char in text:
        used += table.get(char, FULL_WIDTH) * size / 1000
        if used > room:
            break
        kept += char
    return kept.rstrip(" ,·") + "…"
