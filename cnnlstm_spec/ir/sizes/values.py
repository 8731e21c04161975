"""Expressions tried with values, many at once. Nothing here calls itself: a spec decides how deep an expression is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeVar

from .form import Atom, Sum, list_inner

Known = TypeVar("Known", bound=Atom)
TRIED = 300
"""The sizes that are tried of every name: 1 to so many."""
ROWS = 1_000
"""Values that are worked out together, so that what is kept of each atom stays small."""


def compute_column(size: Sum, given: Mapping[Known, Sequence[int]], rows: int) -> list[int]:
    """The values for so many rows of values of its symbols."""
    known: dict[Atom, Sequence[int]] = {symbol: values for symbol, values in given.items()}  # noqa: C416
    for atom in list_inner(size, known):
        known[atom] = _evaluate_atom(atom, known, rows)
    return _sum(size, known, rows)


def compute(size: Sum, values: Mapping[Known, int]) -> int:
    """The value of an expression; of one symbol small ones are kept for its atoms, since others are made of them."""
    if len(values) > 1 or max(values.values()) > TRIED:
        (found,) = compute_column(size, {symbol: [value] for symbol, value in values.items()}, 1)
        return found
    ((symbol, number),) = values.items()
    known = _Points(symbol, number)
    for atom in list_inner(size, known):
        atom.points[number] = _evaluate_atom(atom, known, 1)[0]
    return _sum(size, known, 1)[0]


def compute_along(size: Sum, symbol: Atom, numbers: Iterable[int]) -> Iterator[int]:
    """The values of an expression of one symbol for each of many numbers."""
    left = iter(numbers)
    while rows := list(islice(left, ROWS)):
        yield from compute_column(size, {symbol: rows}, len(rows))


def compute_tried(size: Sum, symbol: Atom) -> list[int]:
    """The values of an expression of one symbol for 1 to `TRIED`; kept for its atoms, since others are made of them."""
    known = _Tried(symbol)
    for atom in list_inner(size, known):
        atom.keep_tried(_evaluate_atom(atom, known, TRIED))
    return _sum(size, known, TRIED)


class _Kept(Mapping[Atom, Sequence[int]]):
    """What is kept of atoms, beside the values of the one symbol."""

    def __init__(self, symbol: Atom) -> None:
        self.symbol = symbol

    def __iter__(self) -> Iterator[Atom]:
        return iter((self.symbol,))

    def __len__(self) -> int:
        return 1


class _Tried(_Kept):
    def __getitem__(self, atom: Atom) -> Sequence[int]:
        if not atom.parts:
            return range(1, TRIED + 1)
        if atom.tried is None:
            raise KeyError(atom)
        return atom.tried


class _Points(_Kept):
    def __init__(self, symbol: Atom, number: int) -> None:
        super().__init__(symbol)
        self.number = number

    def __getitem__(self, atom: Atom) -> Sequence[int]:
        return (self.number if not atom.parts else atom.points[self.number],)


def count_work(size: Sum) -> int:
    """How many numbers are worked out for one row."""
    return len(size.terms) + sum(len(part.terms) for atom in list_inner(size, {}) for part in atom.parts)


def _evaluate_atom(atom: Atom, known: Mapping[Atom, Sequence[int]], rows: int) -> Sequence[int]:
    return atom.compute([_sum(part, known, rows) for part in atom.parts])


def _sum(size: Sum, known: Mapping[Atom, Sequence[int]], rows: int) -> list[int]:
    found = [size.constant] * rows
    for monomial, factor in size.terms.items():
        if not monomial:
            continue
        values: Sequence[int] = known[monomial[0]]
        for atom in monomial[1:]:
            values = [a * b for a, b in zip(values, known[atom], strict=True)]
        found = [a + factor * b for a, b in zip(found, values, strict=True)]
    return found
