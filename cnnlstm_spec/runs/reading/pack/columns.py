"""The columns that a pack has of a part, and where their values come from: a sample each, or a row of which windows are made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy

from ....text.frozen import dataclass
from ...samples import DataError
from ..branches.branch import BranchSamples
from ..branches.cells import CellsBranch
from ..part import FilePart, Windows, describe_problem
from ..problems import Broken
from ..sources.rows import Array
from .describe import choose_held
from .document import MASK, Column


@dataclass(frozen=True)
class Cells:
    """A column to be written."""

    column: Column
    values: Callable[[int], str | Array]
    """Gives the value at a place."""


def list_columns(part: FilePart) -> tuple[Mapping[str, Cells], int]:
    """The columns by name, and how many samples there are. Raises DataError for a first sample that cannot be read."""
    return dict(_iterate_samples(part)), len(part)


def _iterate_samples(part: FilePart) -> Iterator[tuple[str, Cells]]:
    for index, (name, branch) in enumerate(part.branches.items()):
        yield f"input/{name}", _read_input(part, branch, index)
        if branch.input.mask_input is not None and (mask := _read_mask(part, branch, index)) is not None:
            yield f"{MASK}/{name}", mask
    for head, values in part.values.items():
        yield f"target/{head}", _prepare_cells(values)
    for head, weights in part.weights.items():
        yield f"weight/{head}", _prepare_cells(weights)
    yield "label", Cells(Column(dtype="text"), part.name_sample)
    if part.groups is not None:
        yield "group", Cells(Column(dtype="text"), part.groups.__getitem__)


def _read_input(part: FilePart, branch: BranchSamples, index: int) -> Cells:
    def read(place: int) -> Array:
        row = int(part.at[place])
        try:
            if files and isinstance(branch, CellsBranch):
                return branch.read_undrawn(row)
            return part.sample(branch, place, index)[0]
        except Broken as error:
            raise DataError([str(describe_problem(branch, row, error))]) from None

    files = choose_held(branch) == "files"
    first = read(0)
    if first.dtype.kind in "OU":
        return Cells(Column(dtype="text"), lambda place: str(read(place)))
    fixed = all(size is not None for size in branch.shape.sizes) and not files
    shape = {"shape": first.shape} if fixed else {}
    return Cells(Column(dtype=str(first.dtype), **shape), read)  # type: ignore[arg-type]


def _read_mask(part: FilePart, branch: BranchSamples, index: int) -> Cells | None:
    """Which steps of each sample are real, of all that lies in the pack; None where all of them are."""
    whole = choose_held(branch) == "files"
    if whole and (not isinstance(branch, CellsBranch) or branch.mask_column is None):
        return None

    def read(place: int) -> Array:
        row = int(part.at[place])
        try:
            if whole:
                assert isinstance(branch, CellsBranch) and branch.mask_column is not None
                return numpy.asarray(branch.rows.read_cell(branch.mask_column, row)).astype(bool)
            values, real = part.sample(branch, place, index)
        except Broken as error:
            raise DataError([str(describe_problem(branch, row, error))]) from None
        return numpy.ones(len(values), bool) if real is None else real

    return Cells(Column(dtype="bool"), read)


def _prepare_cells(values: Array | list[Array]) -> Cells:
    """A value a sample, all of one shape in an array, or each of its own."""
    if isinstance(values, numpy.ndarray):
        return Cells(Column(dtype=str(values.dtype), shape=values.shape[1:]), values.__getitem__)  # type: ignore[arg-type]
    return Cells(Column(dtype=str(values[0].dtype)), values.__getitem__)  # type: ignore[arg-type]


def list_rows(part: FilePart, windows: Windows, steps: int) -> tuple[Mapping[str, Cells], int]:
    """The columns of the rows that windows with targets of so many steps are made of, and how many rows these are."""
    kept = _find_rows(part, windows, steps)
    return dict(_iterate_rows(part, windows, kept)), len(kept)


def _find_rows(part: FilePart, windows: Windows, steps: int) -> Array:
    """The positions in the order of all rows of samples and their targets, and of the season before these in their group.

    From the first of these of a sample to its last none is left out, so that distances between rows are what they were.
    """
    window, groups = windows.window, windows.order.groups
    season = part.at + window.span - 1 + window.delay - (window.season or 0)
    first = numpy.maximum(numpy.minimum(part.at, season), numpy.searchsorted(groups, groups[part.at]))
    change = numpy.zeros(len(groups) + 1, "int64")
    numpy.add.at(change, first, 1)
    numpy.add.at(change, part.at + window.count_reach(steps), -1)
    return numpy.flatnonzero(numpy.cumsum(change[:-1]) > 0)


def _iterate_rows(part: FilePart, windows: Windows, kept: Array) -> Iterator[tuple[str, Cells]]:
    rows, begins = windows.order.rows[kept], numpy.searchsorted(kept, part.at)

    def spread(values: Any, nothing: object) -> Array:
        """Values of samples, where these begin."""
        every = numpy.full((len(kept), *numpy.shape(values)[1:]), nothing, dtype=numpy.asarray(values).dtype)
        every[begins] = values
        return every

    for name, branch in part.branches.items():
        matrix = branch.read_matrix()
        assert matrix is not None
        yield f"input/{name}", _prepare_cells(matrix[rows].astype(branch.dtype, copy=False))
    for head, values in part.values.items():
        yield f"target/{head}", _prepare_cells(spread(values, 0))
        if part.targets[head].sort == "numbers":
            yield f"known/{head}", _prepare_cells(windows.known(head)[rows])
    for head, weights in part.weights.items():
        yield f"weight/{head}", _prepare_cells(spread(weights, 0))
    yield "begins", _prepare_cells(spread(numpy.ones(len(part), "bool"), False))
    yield "series", _prepare_cells(windows.order.groups[kept].astype("int64"))
    yield "label", Cells(Column(dtype="text"), lambda place: part.source.name_row(int(rows[place])))
    if part.groups is not None:
        groups = spread(numpy.asarray(part.groups, dtype=object), "")
        yield "group", Cells(Column(dtype="text"), groups.__getitem__)
