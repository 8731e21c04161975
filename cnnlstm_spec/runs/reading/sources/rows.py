"""Rows of a source: what its columns hold, where each row stands, and where the paths in its cells lead."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy

from ....text.spelling import find_nearest
from ..places import Root

Array = numpy.ndarray[Any, Any]


FINE, EMPTY, NO_NUMBER, NOT_FINITE, NO_WORD, NOT_WHOLE, TOO_LARGE, NOT_A_TOKEN = range(8)
"""What may be amiss with a cell that is to be a number."""


def join_columns(
    columns: Sequence[tuple[Array, Array]], dtype: str, texts: Callable[[int], Sequence[str | None]]
) -> tuple[Array, Array | None]:
    """Columns as `Rows.read_numbers` gives them, as `Rows.read_matrix` does; `texts` gives the cells of one as text."""
    count = len(columns[0][0])
    values: Array = numpy.empty((count, len(columns)), dtype)
    faults: Array | None = None
    for index, (numbers, wrong) in enumerate(columns):
        with numpy.errstate(over="ignore"):
            values[:, index] = numbers
        sound = numpy.isfinite(values[:, index]) & ~wrong
        if bool(sound.all()):
            continue
        faults = numpy.zeros((count, len(columns)), "int8") if faults is None else faults
        unsound = numpy.where(numpy.isfinite(numbers), TOO_LARGE, NOT_FINITE)
        faults[:, index] = numpy.where(wrong, NO_NUMBER, numpy.where(sound, FINE, unsound))
        nothing = numpy.flatnonzero(numpy.isnan(numbers) & ~wrong)
        if len(nothing):
            cells = texts(index)
            faults[nothing, index] = [NOT_FINITE if cells[row] else EMPTY for row in nothing.tolist()]
    return values, faults


class Rows(ABC):
    """The rows of a source, a sample each, or a step each where `window` makes samples of them."""

    name: str
    """What the source is called."""

    @abstractmethod
    def __len__(self) -> int:
        """How many rows there are."""

    @abstractmethod
    def list_names(self) -> tuple[str, ...]:
        """The columns."""

    def suggest(self, column: str) -> str:
        """What a column that is not there may be meant as, as the end of a sentence; empty where nothing is like it."""
        alike = (each for each in self.list_names() if each.strip().casefold() == column.strip().casefold())
        near = next(alike, None) or find_nearest(column, self.list_names())
        return f"; did you mean `{near}`?" if near is not None else ""

    @abstractmethod
    def read_texts(self, column: str) -> Sequence[str | None]:
        """The cells as text; None of an empty one."""

    @abstractmethod
    def read_numbers(self, column: str) -> tuple[Array, Array]:
        """The cells as float64, NaN where there is none; and of each whether it holds something that is no number."""

    def read_matrix(self, columns: Sequence[str], dtype: str) -> tuple[Array, Array | None]:
        """The cells of columns side by side, empty ones NaN; and of each what is amiss with it, None where nothing is.

        What is amiss is one of `FINE`, `EMPTY`, `NO_NUMBER`, `NOT_FINITE`, and `TOO_LARGE` for the dtype.
        """
        return join_columns(
            [self.read_numbers(column) for column in columns], dtype, lambda index: self.read_texts(columns[index])
        )

    def read_array(self, column: str) -> Array | None:
        """All cells as one array, where they lie in memory so; else None."""
        return None

    def read_codes(self, column: str) -> tuple[list[str], Array]:
        """The texts of a column, each once, an empty one as ``, and of each row the number of its own."""
        texts = self.read_texts(column)
        places = {text: place for place, text in enumerate(dict.fromkeys(each or "" for each in texts))}
        return list(places), numpy.fromiter((places[each or ""] for each in texts), "int32", len(texts))

    @abstractmethod
    def read_cell(self, column: str, row: int) -> object:
        """One cell: a text, a number, or an array of a list's numbers; None of an empty one. Raises Broken for another list."""

    @abstractmethod
    def is_text(self, column: str) -> bool:
        """Whether the cells are texts that may be paths or labels."""

    def holds_files(self) -> bool:
        """Whether each sample is a file, of whatever kind it is."""
        return False

    def is_array(self, column: str) -> bool:
        """Whether the cells are those of one array, which are all of one shape."""
        return False

    def list_labels(self, column: str) -> Sequence[Sequence[str] | None] | None:
        """The lists of labels that the cells hold; None of a column of anything else."""
        return None

    @abstractmethod
    def iterate_keys(self) -> Iterable[bytes]:
        """Of each row what the split depends on: its cells."""

    def locate(self, row: int) -> tuple[str, int]:
        """The file of a row, and its number there, from 1 on."""
        return self.name, row + 1

    def name_row(self, row: int) -> str:
        """What a person knows the row by."""
        return str(row + 1)

    def find_root(self, row: int) -> Root | None:
        """What paths in the row are relative to; None where cells are no paths."""
        return None

    def describe_source(self) -> list[dict[str, object]]:
        """What a manifest says: path, rows and digest of each file."""
        return [{"path": self.name, "rows": len(self)}]

    def read_whole(self) -> dict[str, Sequence[object]] | None:
        """All columns as a person wrote them; None of a source without any."""
        return None
