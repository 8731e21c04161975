"""Cells of CSV: spreadsheets take what begins with certain characters for a formula, and run it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable

FORMULAS = (*"=+-@\t\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a formula may begin with, or be hidden behind."""
NUMBER = re.compile(r"[-+]?\d+(\.\d*)?([eE][-+]?\d+)?", re.ASCII)


def to_csv(rows: Iterable[Iterable[object]]) -> str:
    """The text of rows; of text that a spreadsheet would run, an apostrophe in front says that it is text. Numbers stay."""
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows([_escape_cell(str(each)) for each in row] for row in rows)
    return stream.getvalue()


def _escape_cell(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    # Spreadsheets leave spaces in front out, and take wide characters for the narrow ones.
    is_formula = text.lstrip(" ").startswith(FORMULAS) and NUMBER.fullmatch(text) is None
    return f"'{text}" if is_formula else text
