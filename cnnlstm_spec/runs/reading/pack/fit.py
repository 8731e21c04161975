"""Whether the columns that a pack announces can be those of a spec's branches and heads: dtypes and shapes, nothing read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod

from ....ops.input import Input
from ..branches.branch import UNKNOWN_DTYPE, BranchFacts, find_shape
from ..head_facts import HeadFacts
from .document import Column, Pack, PackedPart

LABEL = Column(dtype="text")
OF_WINDOWS = {"begins": Column(dtype="bool", shape=()), "series": Column(dtype="int64", shape=())}


def find_unfit(pack: Pack, part: PackedPart, inputs: Sequence[BranchFacts], heads: Sequence[HeadFacts]) -> Iterator[str]:
    """The columns that are missing, or of another dtype or shape than the spec reads."""
    for each in inputs:
        column = part.columns.get(f"input/{each.name}")
        files, windowed = pack.inputs[each.name].held == "files", pack.window is not None
        if column is None or not _fits_input(column, each.input, files, windowed):
            yield f"input/{each.name}"
    for head in heads:
        column = part.columns.get(f"target/{head.name}")
        if column is None or not _fits_target(column, head, pack.targets[head.name].target.encoding == "integer"):
            yield f"target/{head.name}"
        if pack.window is not None and pack.targets[head.name].target.sort == "numbers":
            known = part.columns.get(f"known/{head.name}")
            if known is None or known.dtype != "float64" or known.shape is None or len(known.shape) != 1:
                yield f"known/{head.name}"
    weights = {f"weight/{head}": Column(dtype="float32", shape=()) for head in pack.weights}
    wanted = {**weights, "label": LABEL, **(OF_WINDOWS if pack.window is not None else {})}
    yield from (name for name, column in wanted.items() if part.columns.get(name) != column)


def _fits_input(column: Column, input: Input, files: bool, windowed: bool) -> bool:
    if files or input.kind == "text":
        return (column.dtype == "text") == (input.kind == "text")
    sizes = measure_row(input) if windowed else find_shape(input).sizes
    if column.dtype != UNKNOWN_DTYPE.get(input.data_type, input.data_type):
        return False
    # What differs from sample to sample is held against the branch when it is read.
    return column.shape is None or _fits(column.shape, sizes)


def measure_row(input: Input) -> tuple[int | None, ...]:
    """The sizes of a row of which windows are made."""
    sizes = find_shape(input).sizes
    return sizes if input.kind == "vector" or not sizes else sizes[1:] or (1,)


def _fits(shape: Sequence[int], sizes: Sequence[int | None]) -> bool:
    return len(shape) == len(sizes) and all(size in (None, has) for has, size in zip(shape, sizes, strict=True))


def _fits_target(column: Column, head: HeadFacts, integer: bool) -> bool:
    sizes = head.type.sizes if head.type is not None else ()
    wanted = sizes[:-1] if integer else sizes
    numbers = [each for each in wanted if isinstance(each, int)]
    if column.dtype != ("int32" if integer else "float32"):
        return False
    return column.shape is None or len(numbers) < len(wanted) or prod(column.shape) == prod(numbers)
