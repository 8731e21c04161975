"""An SVG of ours to a PNG, by resvg with the bundled font alone, so that every machine gives the same picture."""

from __future__ import annotations

import re

from ...text.missing import install
from .text import FONTS, MISSING, load_widths

FILES = ("Inter-Regular.otf", "Inter-SemiBold.otf")
LARGEST = 16_000
"""Pixels of a side; a picture that would have more is drawn smaller."""


class PlotUnavailable(ImportError):
    """The package that draws PNG files is not installed."""


def to_png(svg: str, scale: float = 1.5) -> bytes:
    """The picture in light colours, `scale` pixels to each of the SVG's; raises PlotUnavailable without `resvg_py`.

    A character that the font lacks becomes an empty box; the SVG keeps it."""
    try:
        import resvg_py
    except ImportError:
        raise PlotUnavailable(f"a PNG needs the package `resvg_py`: {install('plot')}") from None
    known = load_widths()
    # All of the markup is ASCII, so that only texts can change here.
    drawn = "".join(char if char in known or char in "\n\r\t" else MISSING for char in svg)
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=drawn,
            dpi=96,
            zoom=max(min(scale, LARGEST / max(read_sides(drawn))), 0.05),
            skip_system_fonts=True,
            font_files=[str(FONTS / name) for name in FILES],
            font_family="Inter",
            sans_serif_family="Inter",
        )
    )


def read_sides(svg: str) -> tuple[int, int]:
    """The width and height of an SVG of ours."""
    found = re.match(r'<svg [^>]*width="(\d+)" height="(\d+)"', svg)
    return (int(found[1]), int(found[2])) if found else (1, 1)
