"""Rows that a program holds, as if they were those of a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy

from ...samples import DataError
from ..libraries import import_needed
from ..places import Root
from .table import TableRows


class HeldRows(TableRows):
    """A mapping of columns to their cells, or a list of mappings, a row each."""

    def __init__(
        self, rows: Mapping[str, Sequence[object]] | Sequence[Mapping[str, object]], folder: Path, allow_outside: bool
    ) -> None:
        """Paths in cells are relative to `folder`. Raises DataError for what is no table."""
        polars = import_needed("polars", "a table")
        self.files, self.name, self.folder = (), "rows", Root(folder, allow_outside)
        columns = (
            rows if isinstance(rows, Mapping) else {name: [row.get(name) for row in rows] for name in (rows[0] if rows else ())}
        )
        try:
            self.frame = polars.DataFrame({name: _make_plain(cells) for name, cells in columns.items()}, strict=False)
        except (TypeError, ValueError, polars.exceptions.PolarsError):
            raise DataError(
                ["the rows are no table: every column has as many cells, each a text, a number or a list of numbers"]
            ) from None
        self._names = tuple(self.frame.columns)
        self.starts = numpy.cumsum([0, self.frame.height])

    def locate(self, row: int) -> tuple[str, int]:
        return self.name, row + 1

    def find_root(self, row: int) -> Root | None:
        return self.folder


def _make_plain(cells: Iterable[object]) -> list[object]:
    return [each.tolist() if hasattr(each, "tolist") else each for each in cells]
