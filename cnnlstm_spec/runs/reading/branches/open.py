"""The way in which a branch reads its samples, by its kind and what the table holds."""

from __future__ import annotations

import numpy

from ....ops.input import Input
from ....spec.data.inputs import BranchSource, OneHotColumn, SequenceSource, VectorSource
from ..problems import Broken
from ..room import Room
from ..seen import Seen
from ..sources.rows import Rows
from .branch import BranchFacts, BranchSamples
from .cells import CellsBranch
from .columns import ColumnsBranch


def open_branch(branch: BranchFacts, rows: Rows, window: bool, seen: Seen, room: Room) -> BranchSamples:
    """The reader of a branch; raises KeyError with the column that is not there."""
    input, source = branch.input, branch.source
    for column in dict.fromkeys(
        each if isinstance(each, str) else each.column for each in _list_columns(source, rows, input, window)
    ):
        if column not in rows.list_names():
            raise KeyError(column)
    one_token = input.kind == "tokens" and not input.shape
    source_columns = isinstance(source.source, VectorSource) or window or one_token
    if source_columns and (window or (not rows.holds_files() and _are_numbers(source, rows))):
        return ColumnsBranch(branch, rows)
    return CellsBranch(branch, rows, seen, room)


def _list_columns(source: BranchSource, rows: Rows, input: Input, window: bool) -> tuple[str | OneHotColumn, ...]:
    """The columns of the table that a branch reads: those of a series are of its files, unless there are windows."""
    if isinstance(source.source, SequenceSource) and not window:
        return (source.column,)
    return source.columns


def _are_numbers(source: BranchSource, rows: Rows) -> bool:
    """Whether a vector is numbers of columns, not a list in one."""
    if isinstance(source.source, VectorSource) and source.source.columns is not None:
        return True
    if not len(rows):
        return True
    for row in range(len(rows)):
        try:
            cell = rows.read_cell(source.column, row)
        except Broken:
            return False
        if cell is not None:
            return not (isinstance(cell, numpy.ndarray) and cell.ndim)
    return True
