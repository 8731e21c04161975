"""Cuts the fonts of the pictures out of Inter and writes the table of advance widths that the layout measures with.

Needs fonttools, which nothing else does: `python tools/font.py Inter-Regular.otf Inter-SemiBold.otf`, the files of
Inter 3.19 or of Debian's `fonts-inter`. Running it again on the same files gives the same bytes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from fontTools.subset import Options, Subsetter  # type: ignore[import-not-found,import-untyped,unused-ignore]
from fontTools.ttLib import TTFont  # type: ignore[import-not-found,import-untyped,unused-ignore]

FOLDER = Path(__file__).parent.parent / "cnnlstm_spec" / "emit" / "picture" / "fonts"
RANGES = (
    (0x20, 0x7E),  # ASCII
    (0xA0, 0x17F),  # Latin-1 and Latin Extended-A
    (0x370, 0x3FF),  # Greek
    (0x400, 0x45F),  # Cyrillic
    (0x2010, 0x2044),  # dashes, quotes, dots
    (0x2070, 0x209C),  # superscripts and subscripts
    (0x20AC, 0x20AC),
    (0x2190, 0x21D4),  # arrows
    (0x2200, 0x22C5),  # mathematics
    (0x25A0, 0x25CF),  # shapes; U+25A1 stands for what is missing
    (0x2713, 0x2717),
)


def cut(path: str, weight: str) -> list[list[object]]:
    """Writes the subset of one font; its advance widths in thousandths of an em, as runs `[first, [width, ...]]`."""
    font = TTFont(path, recalcTimestamp=False)
    wanted = {code for first, last in RANGES for code in range(first, last + 1)} & set(font.getBestCmap())
    options = Options()
    # Without kerning the width of a text is the sum of its advances.
    options.layout_features = []
    options.notdef_outline = True
    options.name_IDs = [0, 1, 2, 4, 5, 6, 13, 14, 16, 17]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=wanted)
    subsetter.subset(font)
    font.save(FOLDER / f"Inter-{weight}.otf", reorderTables=False)
    cmap, em = font.getBestCmap(), font["head"].unitsPerEm
    runs: list[list[object]] = []
    for code in sorted(wanted):
        width = round(font["hmtx"][cmap[code]][0] * 1000 / em)
        if runs and code == runs[-1][0] + len(runs[-1][1]):  # type: ignore[operator,arg-type]
            runs[-1][1].append(width)  # type: ignore[attr-defined]
        else:
            runs.append([code, [width]])
    return runs


def main(regular: str, semibold: str) -> None:
    """Both weights and the table."""
    table = {"regular": cut(regular, "Regular"), "semibold": cut(semibold, "SemiBold")}
    (FOLDER / "widths.json").write_text(json.dumps(table, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
