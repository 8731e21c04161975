"""A branch as its samples are read: what is common to all ways."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, NamedTuple

import numpy

from ....ops.input import Input
from ....spec.data.inputs import BranchSource
from ....text.frozen import dataclass
from ..problems import Problems
from ..sources.rows import Array, Rows

UNKNOWN_DTYPE = {"bfloat16": "float32"}
"""What stands for dtypes that NumPy does not have."""


def holds(dtype: str, values: Array) -> bool:
    """Whether numbers can be written in a dtype, to its precision."""
    if dtype == "bool" or numpy.can_cast(values.dtype, dtype):
        return True
    return not bool(find_exceeding(dtype, values).any())


def find_exceeding(dtype: str, values: Array) -> Array:
    """Which numbers are too large for a dtype, or too small."""
    limits: numpy.finfo[Any] | numpy.iinfo[Any] = numpy.finfo(dtype) if numpy.dtype(dtype).kind == "f" else numpy.iinfo(dtype)
    return numpy.asarray((values < limits.min) | (values > limits.max))


class Shape(NamedTuple):
    """What a sample of a branch looks like."""

    sizes: tuple[int | None, ...]
    """None of a size that is known only at run time."""
    timed: bool
    """Whether the first axis is the steps, along which samples are padded."""


def find_shape(input: Input) -> Shape:
    """The shape of a branch's samples."""
    sizes = tuple(each if isinstance(each, int) else None for each in input.shape)
    first = input.kind in ("sequence", "video", "tokens") and len(sizes) > 0
    timed = first or (input.kind == "tensor" and input.time_axis is not None and (input.axes or ("",))[0] == input.time_axis)
    return Shape(sizes, timed)


@dataclass(frozen=True)
class BranchFacts:
    """What the spec says of a branch that is read."""

    name: str
    input: Input
    source: BranchSource
    tells_padding: bool
    """Whether the model can tell padded steps of it: by `padding_value`, `mask_input`, or a layer that masks."""
    padding: float | None
    """The value by which it tells them; None where there is none, or a mask input does."""
    tokens: int | None = None
    """How many integers, from 0 on, an embedding looks up of it; None where none does."""


class BranchSamples(ABC):
    """The samples of a branch, by row."""

    def __init__(self, branch: BranchFacts, rows: Rows) -> None:
        self.name, self.input, self.source, self.rows = branch.name, branch.input, branch.source, rows
        self.tells_padding, self.padding, self.tokens = branch.tells_padding, branch.padding, branch.tokens
        self.shape = find_shape(self.input)
        self.dtype = UNKNOWN_DTYPE.get(self.input.data_type, self.input.data_type)

    @abstractmethod
    def read(self, row: int, generator: numpy.random.Generator | None = None) -> Array:
        """The sample of a row, in the branch's shape; raises Broken. With a generator it is drawn as in training."""

    @property
    def fill(self) -> float:
        """What stands where a sample has no step."""
        return 0 if self.padding is None else self.padding

    def find_strange(self, values: Array) -> Array | None:
        """Which numbers an embedding does not look up, though they are no padding; None where it does all."""
        if self.tokens is None or values.dtype.kind not in "biuf":
            return None
        strange = (values < 0) | (values >= self.tokens)
        if self.input.padding_value is not None:
            strange &= values != self.input.padding_value
        return strange if bool(strange.any()) else None

    def read_masked(self, row: int, generator: numpy.random.Generator | None = None) -> tuple[Array, Array | None]:
        """The sample of a row, and which of its steps are real; None where all are."""
        return self.read(row, generator), None

    def check(self, rows: Array, problems: Problems) -> Array:
        """Reports what is amiss with cells that are looked at before training; gives the rows that stay."""
        return rows

    def read_matrix(self) -> Array | None:
        """The samples of all rows, where they lie in memory; of a dtype that is cast when they are fed."""
        return None

    def read_mask_matrix(self) -> Array | None:
        """Which steps are real of the samples that `read_matrix` gives; None where all are."""
        return None

    @property
    def column(self) -> str:
        """The column of cells, each of which is a sample."""
        return self.source.column
