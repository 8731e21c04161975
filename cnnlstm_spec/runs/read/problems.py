"""What is amiss with data: a problem has the file, the row, the column and a code. No message quotes what a file holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from ..samples import DataError

MOST = 1_000
"""So many problems are kept; more say no more."""

CODES = {
    "column-missing": "the table has no such column",
    "not-readable": "the file cannot be read",
    "file-missing": "a cell names a file that is not there",
    "path-outside": "a path leads out of the folder that it belongs to",
    "cell-empty": "a cell is empty",
    "not-a-number": "a cell is no number",
    "not-finite": "a number is NaN or infinite",
    "not-a-class": "a label is none of the classes",
    "class-missing": "a class has no row in `train`",
    "shape-differs": "a sample has another shape than the branch",
    "lengths-differ": "samples have different lengths, and the branch has neither padding nor a mask",
    "part-empty": "a part has no sample",
    "place-twice": "two rows of a group stand at one place in the order",
    "weight-negative": "a weight is below 0",
    "too-large": "a file is larger than what is read",
    "not-a-kind": "a file is of a format that the branch does not read",
}
"""Every code, and what it means."""


@dataclass(frozen=True)
class Problem:
    """One thing that is amiss; rows are counted from 1, a header is none."""

    code: str
    message: str
    file: str
    row: int | None = None
    column: str | None = None

    def __str__(self) -> str:
        if not self.file:
            return self.message
        row = f", row {self.row}" if self.row is not None else ""
        column = f", `{self.column}`" if self.column is not None else ""
        return f"{self.file}{row}{column}: {self.message}"


class Broken(Exception):
    """What is amiss with one cell or file, before it is known which row it is of."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        assert code in CODES
        self.code, self.message = code, message


@dataclass
class Problems:
    """Those found so far."""

    found: list[Problem] = field(default_factory=list)
    more: int = 0
    """How many were found that are not kept."""

    def add(self, code: str, message: str, file: str, row: int | None = None, column: str | None = None) -> None:
        """Keeps one more."""
        assert code in CODES
        if len(self.found) < MOST:
            self.found.append(Problem(code, message, file, row, column))
        else:
            self.more += 1

    @contextmanager
    def gathered(self) -> Iterator[None]:
        """Keeps what ends the reading of a part, beside what was found before, so that other parts can be read."""
        try:
            yield
        except DataError as error:
            found = {str(each) for each in self.found}
            for line in error.problems:
                if line not in found:
                    file, _, words = line.partition(": ")
                    self.add("not-readable", words or line, file if words else "")

    def __iter__(self) -> Iterator[Problem]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)

    def stop(self) -> None:
        """Raises a DataError where there are any."""
        if self.found:
            lines = [str(each) for each in self.found]
            raise DataError([*lines, *([f"and {self.more} more"] if self.more else [])])
