"""What is amiss with data: a problem has the file, the row, the column and a code. No message quotes what a file holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol

from ...text.files import PathError
from ...text.frozen import dataclass
from ..samples import DataError

MOST, MANY = 1_000, 100_000
"""So many problems are kept before training, and where all data are read; more say no more."""
FEW = 5
"""So many rows that have one problem are a line each."""
MOST_SPANS = 50
"""Numbers of rows, or of the first and the last of several in a row, that a line holds."""

CODES = {
    "column-missing": "the table has no such column",
    "not-readable": "the file cannot be read",
    "file-missing": "a cell names a file that is not there",
    "path-outside": "a path leads out of the folder that it belongs to",
    "cell-empty": "a cell is empty",
    "not-a-number": "a cell is no number",
    "not-finite": "a number is NaN or infinite",
    "not-a-token": "a number is none that an embedding looks up",
    "not-a-class": "a label is none of the classes",
    "class-missing": "a class has no row in `train`",
    "shape-differs": "a sample has another shape than the branch",
    "does-not-run": "the model does not run on samples of a size that comes",
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
        return _tell(self, "" if self.row is None else f", row {self.row}")


class Broken(Exception):
    """What is amiss with one cell or file, before it is known which row it is of."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        assert code in CODES
        self.code, self.message = code, message


class RowError(DataError):
    """A source that cannot be read for one of its rows."""

    def __init__(self, problem: Problem) -> None:
        super().__init__([str(problem)])
        self.problem = problem


class Told(Protocol):
    """A problem, or one that a report holds."""

    @property
    def code(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def file(self) -> str: ...
    @property
    def row(self) -> int | None: ...
    @property
    def column(self) -> str | None: ...


def gather_lines(problems: Iterable[Told]) -> Iterator[tuple[str, str]]:
    """The code and the line of each problem; one that many rows have is told once, with their numbers."""
    alike: dict[tuple[str, str, str, str | None], list[Told]] = {}
    kept = list(problems)
    for each in kept:
        alike.setdefault(_place(each), []).append(each)
    for each in kept:
        rows = [one.row for one in alike[_place(each)] if one.row is not None]
        if len(rows) <= FEW:
            yield each.code, _tell(each, "" if each.row is None else f", row {each.row}")
        elif each.row == rows[0]:
            yield each.code, _tell(each, f", rows {name_rows(rows)}")


def _place(problem: Told) -> tuple[str, str, str, str | None]:
    return problem.file, problem.code, problem.message, problem.column


def _tell(problem: Told, row: str) -> str:
    if not problem.file:
        return problem.message
    column = f", `{problem.column}`" if problem.column is not None else ""
    return f"{problem.file}{row}{column}: {problem.message}"


def name_rows(rows: Iterable[int]) -> str:
    """Numbers of rows in order, as `2, 5-9, 11`."""
    spans: list[list[int]] = []
    for row in sorted(rows):
        if spans and row == spans[-1][1] + 1:
            spans[-1][1] = row
        else:
            spans.append([row, row])
    told = [f"{first}" if first == last else f"{first}-{last}" for first, last in spans]
    more = sum(last - first + 1 for first, last in spans[MOST_SPANS:])
    return ", ".join(told[:MOST_SPANS]) + (f" and {more:,} more" if more else "")


class Problems:
    """Gathers those that are found while data is read."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._found: dict[Problem, None] = {}
        self.more = 0
        """How many were found that are not kept."""

    def add(self, code: str, message: str, file: str, row: int | None = None, column: str | None = None) -> None:
        """Keeps one more, but for what is known: a cell may be read for several numbers."""
        assert code in CODES
        problem = Problem(code, message, file, row, column)
        if problem in self._found:
            return
        if len(self._found) < self._most:
            self._found[problem] = None
        else:
            self.more += 1

    @contextmanager
    def gather(self) -> Iterator[None]:
        """Keeps what ends the reading of a part, beside what was found before, so that other parts can be read."""
        try:
            yield
        except RowError as error:
            each = error.problem
            self.add(each.code, each.message, each.file, each.row, each.column)
        except DataError as error:
            found = {str(each) for each in self._found}
            for line in error.problems:
                if line not in found:
                    file, _, words = line.partition(": ")
                    self.add("not-readable", words or line, file if words else "")
        except PathError as error:
            self.add("not-readable", error.reason, str(error.path))

    def __iter__(self) -> Iterator[Problem]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def stop(self) -> None:
        """Raises a DataError where there are any."""
        if self._found:
            lines = [line for _, line in gather_lines(self._found)]
            raise DataError([*lines, *([f"and {self.more} more"] if self.more else [])])
