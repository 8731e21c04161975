"""Flatten, Reshape, Permute and RepeatVector: the same values in another shape."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from pydantic_core import CoreSchema, core_schema

from ..ir.inference import Inference, Refusal
from ..ir.meaning import Meaning
from ..ir.op import Op, example
from ..ir.size import Size, divisible, equal
from ..ir.tensor import Axis, Mask, TensorType, Zeros
from ..language.json_schema import Schema
from ..language.kinds import COUNT, Integer
from ..language.list_kinds import ListOf
from ..text.diagnostic import Code
from .shared import DATA_FORMAT
from .windows import count_positions

COUNTS_DIFFER = Code(
    "reshape-changes-count",
    "error",
    "`Reshape` gives {wanted} values; {given} come in",
    sort="keras",
    help="write -1 for one of the sizes, and it becomes what is left",
)
TWO_UNKNOWN = Code(
    "reshape-two-unknown",
    "error",
    "`target_shape` has -1 {count} times; it may have it once",
    sort="keras",
    help="write the size of all but one",
)
NOT_A_PERMUTATION = Code(
    "not-a-permutation",
    "error",
    "`dims` holds each of 1 to {count} once; this is {given}",
    sort="keras",
    help="axes count from 1, the batch left out",
)
WRONG_RANK = Code("permute-rank", "error", "`Permute` of {count} axes reads {count} axes; {given} come in", sort="keras")

NAMES = {1: ("features",), 2: ("steps", "features"), 3: ("height", "width", "channels")}


class Rest(Integer):
    """A size; -1 for what the others leave, which Keras takes as null too."""

    def __init__(self) -> None:
        super().__init__(-1)

    def make_core(self) -> CoreSchema:
        return core_schema.no_info_before_validator_function(lambda value: -1 if value is None else value, super().make_core())

    def make_schema(self) -> Schema:
        return {"anyOf": [super().make_schema(), {"type": "null"}]}


class Shaping(Op):
    """What the layers of this family have in common: any dtype passes, and the steps are others."""

    passes_on = True
    keeps_integers = True
    keeps_mask = False
    keeps_values = True

    def infer_meaning(self, output: TensorType, *inputs: TensorType) -> Meaning:
        x = inputs[0].meaning
        return x.move_axes(lambda place: self.place_after(place, output, inputs[0]))

    def place_after(self, place: int, output: TensorType, x: TensorType) -> int | None:
        """Where an axis of the input has come to stand, batch left out; None where it is no more."""
        return place if output.sizes == x.sizes else None


def _multiply_sizes(sizes: tuple[Size, ...]) -> Size:
    whole: Size = 1
    for size in sizes:
        whole *= size
    return whole


def _is_one_axis(zeros: Zeros | None, x: TensorType) -> bool:
    """Whether the axis of padded zeros is the only one longer than 1."""
    return zeros is not None and all(axis.size == 1 for place, axis in enumerate(x.axes) if place != zeros.axis)


class Flatten(Shaping):
    """All axes made one."""

    data_format: Annotated[str | None, DATA_FORMAT] = None
    """`channels_first` moves the first axis to the end before."""
    examples = (example((2, 3, 4)), example((None, 3)), example((2, 3), dtype="int32", data_format="channels_first"))

    def gives_its_input(self, rank: int) -> bool:
        return rank == 1

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """(...) to the product of all sizes."""
        return inputs[0].with_axes(Axis("features", count_positions(inputs[0].axes)))

    def infer_zeros(self, mask: Mask | None, *inputs: TensorType) -> Zeros | None:
        zeros = inputs[0].zeros
        return Zeros(zeros.mask) if zeros is not None and _is_one_axis(zeros, inputs[0]) else None


class Reshape(Shaping):
    """The values in another shape, in the same order."""

    keeps_pixels = True
    target_shape: Annotated[tuple[int, ...], ListOf(Rest())]
    """Sizes without the batch; -1 or null once, for what is left."""
    examples = (
        example((2, 6), target_shape=[None, 3]),
        example((12,), target_shape=[3, 4]),
        example((None, 6), target_shape=[-1, 3]),
        example((2, 6), dtype="uint8", target_shape=[3, -1, 2]),
        example((1,), target_shape=[]),
    )

    def infer_target(self, x: TensorType) -> tuple[Size, ...]:
        """The sizes, -1 replaced; rounded down where it does not come out even."""
        rest = 1
        for size in self.target_shape:
            rest *= 1 if size == -1 else size
        return tuple(count_positions(x.axes) // rest if size == -1 else size for size in self.target_shape)

    def gives_its_input(self, rank: int) -> bool:
        return True

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """(...) to `target_shape`, in which -1 is what is left of the product of all sizes."""
        (x,) = inputs
        free = self.target_shape.count(-1)
        if free > 1:
            raise Refusal(TWO_UNKNOWN, "target_shape", (), count=free)
        rest = 1
        for size in self.target_shape:
            rest *= 1 if size == -1 else size
        given = count_positions(x.axes)
        if not rest:
            raise Refusal(COUNTS_DIFFER, "target_shape", (), wanted=0, given=given)
        wanted = f"a multiple of {rest}" if free else rest
        refusal = Refusal(COUNTS_DIFFER, "target_shape", (), wanted=wanted, given=given)
        at.require(divisible(given, rest) if free else equal(given, rest), refusal)
        target = self.infer_target(x)
        names = NAMES.get(len(target)) or tuple(f"axis {number}" for number in range(1, len(target) + 1))
        return x.with_axes(*(Axis(name, size) for name, size in zip(names, target, strict=True)))

    def infer_mask(self, *inputs: TensorType) -> Mask | None:
        (x,) = inputs
        target = self.infer_target(x)
        return x.mask if target and x.axes and target[0] == x.axes[0].size else None

    def place_after(self, place: int, output: TensorType, x: TensorType) -> int | None:
        """An axis stays where as many values stand before it as before, the last one as far back as may be of sizes of 1.

        An only one that is not the last any more is another.
        """
        if x.rank == 1 and output.rank > 1 and output.axes[-1].size != x.axes[0].size:
            return None
        before, size = count_positions(x.axes[:place]), x.axes[place].size
        alike = [each for each, axis in enumerate(output.axes) if axis.size == size]
        places = [each for each in alike if count_positions(output.axes[:each]) == before]
        return places[-1 if place == x.rank - 1 else 0] if places else None

    def infer_zeros(self, mask: Mask | None, *inputs: TensorType) -> Zeros | None:
        (x,) = inputs
        if x.zeros is None:
            return None
        target = self.infer_target(x)
        before = count_positions(x.axes[: x.zeros.axis])
        places = [place for place, size in enumerate(target) if size == x.axes[x.zeros.axis].size]
        kept = (place for place in places if _multiply_sizes(target[:place]) == before)
        return next((replace(x.zeros, axis=place) for place in kept), None)


class Permute(Shaping):
    """The axes in another order."""

    keeps_pixels = True
    dims: Annotated[tuple[int, ...], ListOf(Integer())]
    """Axes of the input in the order of the output; 1 is the first after the batch."""
    examples = (example((3, 4), dims=[2, 1]), example((None, 4, 5), dtype="int32", dims=[1, 3, 2]))

    def gives_its_input(self, rank: int) -> bool:
        return self.dims == tuple(range(1, len(self.dims) + 1))

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """The axes in the order of `dims`."""
        (x,) = inputs
        count = len(self.dims)
        if sorted(self.dims) != list(range(1, count + 1)):
            raise Refusal(NOT_A_PERMUTATION, "dims", (), count=count, given=list(self.dims))
        if count != x.rank:
            raise Refusal(WRONG_RANK, "dims", (f"name each of 1 to {x.rank}",), count=count, given=x.rank)
        return x.with_axes(*(x.axes[dim - 1] for dim in self.dims))

    def infer_mask(self, *inputs: TensorType) -> Mask | None:
        return inputs[0].mask if self.dims[:1] == (1,) else None

    def place_after(self, place: int, output: TensorType, x: TensorType) -> int | None:
        return self.dims.index(place + 1)

    def infer_zeros(self, mask: Mask | None, *inputs: TensorType) -> Zeros | None:
        zeros = inputs[0].zeros
        return None if zeros is None else replace(zeros, axis=self.dims.index(zeros.axis + 1))


class RepeatVector(Shaping):
    """A vector repeated over `n` steps."""

    n: Annotated[int, COUNT]
    """Steps of the output."""
    reads = ("features",)
    examples = (example((4,), n=3), example((None,), n=2))

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """(features) to (`n`, features)."""
        return inputs[0].with_axes(Axis("steps", self.n), Axis("features", inputs[0].axes[0].size))

    def infer_meaning(self, output: TensorType, *inputs: TensorType) -> Meaning:
        return replace(inputs[0].meaning.move_axes(lambda place: place + 1), channels=1, steps=0, backwards=False)

    def infer_zeros(self, mask: Mask | None, *inputs: TensorType) -> Zeros | None:
        zeros = inputs[0].zeros
        return None if zeros is None else zeros.move_axes(1)
