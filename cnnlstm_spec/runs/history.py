"""The history of a run as a table, an epoch a row; and what it tells of where validation parts from training."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

Row = dict[str, Any]


def to_csv(rows: Sequence[Row]) -> str:
    """The table; a cell is empty where an epoch has no such value."""
    names = list(dict.fromkeys(name for row in rows for name in row)) or ["epoch", "phase"]
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_write_cell(row.get(name)) for name in names] for row in rows)
    return stream.getvalue()


def from_csv(text: str) -> list[Row]:
    """The rows of such a table."""
    return [
        {name: _read_value(name, cell) for name, cell in row.items() if cell != ""} for row in csv.DictReader(io.StringIO(text))
    ]


def _write_cell(value: object) -> str:
    return "" if value is None else repr(value) if isinstance(value, float) else str(value)


def _read_value(name: str, cell: str) -> str | int | float:
    return cell if name == "phase" else int(cell) if name == "epoch" else float(cell)


def find_parting(rows: Sequence[Row]) -> int | None:
    """The epoch after which validation grew worse while training grew better, to the end; None where it did not."""
    known = [row for row in rows if "val_loss" in row and "loss" in row]
    if len(known) < 2:
        return None
    best = min(range(len(known)), key=lambda place: known[place]["val_loss"])
    after = known[best:]
    if len(after) < 2 or after[-1]["val_loss"] <= after[0]["val_loss"] or after[-1]["loss"] >= after[0]["loss"]:
        return None
    return int(after[0]["epoch"])
