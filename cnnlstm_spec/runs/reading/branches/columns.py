"""Numbers of columns, all rows at once."""

from __future__ import annotations

import numpy

from ....spec.data.inputs import BranchSource, OneHotColumn, VectorSource
from ..problems import Problems
from ..sources.rows import EMPTY, FINE, NO_NUMBER, NO_WORD, NOT_A_TOKEN, NOT_FINITE, NOT_WHOLE, TOO_LARGE, Array, Rows
from .branch import BranchFacts, BranchSamples, find_exceeding


class ColumnsBranch(BranchSamples):
    """A number for each of some columns: in memory, (rows, features)."""

    def __init__(self, branch: BranchFacts, rows: Rows) -> None:
        super().__init__(branch, rows)
        source = self.source
        # Values of other dtypes are cast from float64, which holds what is empty.
        values, self.faults = _read_numbers(source, rows, "float32" if self.dtype == "float32" else "float64")
        missing = source.source.missing if isinstance(source.source, VectorSource) else None
        self.dropped: Array | None = None
        if missing is not None and self.faults is not None:
            empty = self.faults == EMPTY
            if missing == "drop":
                self.dropped = empty.any(axis=1)
            else:
                values[empty] = float(missing)
            self.faults[empty] = FINE
        if self.input.kind == "tokens" and not self.shape.sizes:
            self._mark(values % 1 != 0, NOT_WHOLE)
        if (strange := self.find_strange(values)) is not None:
            self._mark(strange, NOT_A_TOKEN)
        if self.dtype != "bool" and values.dtype != self.dtype:
            self._mark(find_exceeding(self.dtype, values), TOO_LARGE)
        with numpy.errstate(over="ignore", invalid="ignore"):
            self.values = (values if self.shape.sizes else values[:, 0]).astype(self.dtype, copy=False)

    def _mark(self, wrong: Array, fault: int) -> None:
        """Keeps what is amiss with cells of which nothing was amiss before."""
        if bool(wrong.any()):
            faults = numpy.zeros(wrong.shape, "int8") if self.faults is None else self.faults
            self.faults = numpy.where(wrong & (faults == FINE), fault, faults)

    def check(self, rows: Array, problems: Problems) -> Array:
        if self.dropped is not None:
            rows = rows[~self.dropped[rows]]
        if self.faults is None:
            return rows
        at, columns = numpy.nonzero(self.faults[rows])
        names = _list_names(self.source)
        for index, column in zip(at.tolist(), columns.tolist(), strict=True):
            row = int(rows[index])
            file, number = self.rows.locate(row)
            problems.add(*FAULTS[int(self.faults[row, column])], file, number, names[column])
        return rows

    def read_matrix(self) -> Array | None:
        return self.values

    @property
    def column(self) -> str:
        """The first of the columns."""
        first = self.source.columns[0]
        return first if isinstance(first, str) else first.column

    def read(self, row: int, generator: numpy.random.Generator | None = None) -> Array:
        return numpy.asarray(self.values[row])


FAULTS = {
    EMPTY: ("cell-empty", "the cell is empty: fill it, or say `missing: drop` or a number"),
    NO_NUMBER: ("not-a-number", "the cell is no number"),
    NOT_FINITE: ("not-finite", "the number is NaN or infinite"),
    TOO_LARGE: ("not-finite", "the number is too large for the dtype of its branch"),
    NOT_WHOLE: ("not-a-number", "the number is not whole, as a token is"),
    NOT_A_TOKEN: ("not-a-token", "the number is none that the embedding looks up"),
    NO_WORD: ("not-a-class", "the cell is none of the words of `one_hot`"),
}


def _list_names(source: BranchSource) -> list[str]:
    """The column of each feature."""
    found = []
    for each in source.columns:
        found += [each] if isinstance(each, str) else [each.column] * each.width
    return found


def _read_numbers(source: BranchSource, rows: Rows, dtype: str) -> tuple[Array, Array | None]:
    """The features of all rows, and what is amiss with each; None where nothing is."""
    plain = [each for each in source.columns if isinstance(each, str)]
    if len(plain) == len(source.columns):
        return rows.read_matrix(plain, dtype)
    values: Array = numpy.empty((len(rows), len(_list_names(source))), dtype)
    faults: Array = numpy.zeros(values.shape, "int8")
    first = 0
    for each in source.columns:
        if isinstance(each, OneHotColumn):
            names, codes = rows.read_codes(each.column)
            known = [FINE if name in each.one_hot else NO_WORD if name else EMPTY for name in names]
            some = slice(first, first + each.width)
            values[:, some] = numpy.asarray([[name == word for word in each.one_hot] for name in names], dtype)[codes]
            faults[:, some] = numpy.asarray(known, "int8")[codes][:, None]
            first += each.width
            continue
        numbers, amiss = rows.read_matrix([each], dtype)
        values[:, first] = numbers[:, 0]
        if amiss is not None:
            faults[:, first] = amiss[:, 0]
        first += 1
    return values, faults if faults.any() else None
