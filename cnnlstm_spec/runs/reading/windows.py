"""Samples that are rows one after the other: which rows each has, so that none spans two groups or two parts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy

from ...spec.data.window import Window
from ...text.frozen import dataclass
from ..samples import DataError
from .problems import Problems
from .sources.rows import Array, Rows
from .split import read_codes


@dataclass(frozen=True)
class RowOrder:
    """The rows of a table in order: group by group, in each by place."""

    rows: Array
    """Row numbers."""
    groups: Array
    """Of each of them the number of its group."""


def rank_rows(rows: Rows, column: str | None, key: str = "order") -> Array:
    """Where each row stands in the order: the column as numbers where all are, else as text; else the row's number."""
    if column is None:
        return numpy.arange(len(rows))
    if column not in rows.list_names():
        raise DataError([f"{rows.name}: `{key}: {column}` names a column that is not there"])
    values, wrong = rows.read_numbers(column)
    if not wrong.any() and not numpy.isnan(values).any():
        return values
    names, codes = rows.read_codes(column)
    if "" in names:
        file, row = rows.locate(int(numpy.argmax(codes == names.index(""))))
        raise DataError([f"{file}, row {row}, `{column}`: the cell is empty, so that its place is not known"])
    return rank_names(names)[codes]


def rank_names(names: Sequence[str]) -> Array:
    """Of each name which it is where all are sorted."""
    ranks = numpy.empty(len(names), "int64")
    ranks[sorted(range(len(names)), key=names.__getitem__)] = numpy.arange(len(names))
    return ranks


def sort_rows(rows: Rows, window: Window, problems: Problems) -> RowOrder:
    """The rows in order; two at one place of a group are a problem."""
    places = rank_rows(rows, window.order)
    groups: Array = numpy.zeros(len(rows), "int64")
    if window.group is not None:
        names, codes = read_codes(rows, window.group, "group")
        groups = rank_names(names)[codes]
    # Groups stay in the order in which their names sort; rows of one place keep theirs.
    order = numpy.lexsort((numpy.arange(len(rows)), places, groups))
    if window.order is not None:
        same = (numpy.diff(places[order]) == 0) & (numpy.diff(groups[order]) == 0)
        for index in numpy.flatnonzero(same):
            file, row = rows.locate(int(order[index + 1]))
            problems.add("place-twice", "another row of its group stands at the same place", file, row, window.order)
    return RowOrder(order, groups[order])


def find_windows(order: RowOrder, parts: Array, part: int, window: Window, steps: int, targets: bool) -> Array:
    """The positions in the order at which the samples of a part begin.

    All rows of a sample, and those of its target of so many steps, are of one group and of the part, without a gap.
    """
    reach = window.count_reach(steps) if targets else window.span
    inside = parts[order.rows] == part
    breaks = numpy.flatnonzero((numpy.diff(order.groups) != 0) | (numpy.diff(inside.astype("int8")) != 0)) + 1
    starts: list[Array] = []
    for first, last in zip([0, *breaks.tolist()], [*breaks.tolist(), len(order.rows)], strict=True):
        if last > first and inside[first] and last - first >= reach:
            starts.append(numpy.arange(first, last - reach + 1, window.sequence_stride))
    return numpy.concatenate(starts) if starts else numpy.zeros(0, dtype="int64")
