"""Layers that join two or more inputs along axes: Concatenate and Dot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from ..ir.inference import Inference, Refusal
from ..ir.meaning import Meaning, Range
from ..ir.op import Op, example
from ..ir.size import Size, are_alike_known, equal
from ..ir.tensor import Axis, Mask, TensorType, Values, Zeros
from ..language.kinds import BOOLEAN, INTEGER
from ..language.list_kinds import Each
from ..text.diagnostic import Code
from .axes import find_axis, find_axis_number
from .dtypes import merge_dtypes
from .floats import refuse_integers
from .fusions.base import RANKS_DIFFER, SIZES_DIFFER, join_masks, join_ranges, join_values, merge_masks, merge_zeros
from .windows import count_positions

if TYPE_CHECKING:
    from ..ir.lowering import Lowering
    from ..ir.program import Expression

OVER_BATCH = Code("joins-samples", "error", "`{layer}` would join samples: axis {axis} is the batch, which cannot be named")


class Concatenate(Op):
    """Side by side on one axis."""

    arity = (2, None)
    joins_masks = True
    axis: Annotated[int, INTEGER] = -1
    """The axis; the batch is 0, -1 the last."""
    examples = (
        example((6, 3), (6, 4)),
        example((None, 3), (5, 3), (2, 3), axis=1),
        example((4, None, 3), (4, None, 2), axis=-1),
        example((6, 3), (6, 4), dtype="bool"),
    )

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """The axes of the inputs; along `axis`, the sum of their sizes."""
        first = inputs[0]
        place = find_axis_number(self.title(), self.axis, first) - 1
        if place < 0:
            raise Refusal(OVER_BATCH, "axis", ("-1 is the last axis",), layer=self.title(), axis=self.axis)
        axes = list(first.axes)
        for index, x in enumerate(inputs[1:], 1):
            if x.rank != first.rank:
                help = ("a `Flatten`, a pooling or a `Reshape` brings them to one rank",)
                raise Refusal(RANKS_DIFFER, None, help, index, strategy=self.title(), first=first, other=x)
            pairs = enumerate(zip(axes, x.axes, strict=True))
            axes = [self.join_axis(at, a, b, n == place, index) for n, (a, b) in pairs]
        return first.with_axes(*axes)

    def join_axis(self, at: Inference, left: Axis, right: Axis, joined: bool, index: int) -> Axis:
        """One axis of what is joined so far and the next input; Keras gives the first input's size where they must agree."""
        if joined:
            return Axis(left.name, left.size + right.size)
        facts = {"strategy": self.title(), "axis": left.name, "first": left, "other": right}
        at.require(equal(left.size, right.size), Refusal(SIZES_DIFFER, None, (), index, **facts))
        return left

    def infer_dtype(self, at: Inference, *inputs: TensorType) -> str:
        return merge_dtypes(self.dtype or at.policy, *inputs)

    def joins_steps(self, x: TensorType) -> bool:
        """Whether it joins along the first axis, that of a mask."""
        return self.axis in (1, -x.rank)

    def makes_mask(self, *inputs: TensorType) -> bool:
        return self.joins_steps(inputs[0]) and any(x.mask is not None for x in inputs)

    def make_mask(self, to: Lowering, *inputs: Expression) -> Expression:
        return join_masks(to, inputs, to.inputs)

    def infer_mask(self, *inputs: TensorType) -> Mask | None:
        return None if self.joins_steps(inputs[0]) else merge_masks(inputs)

    def infer_range(self, output: TensorType, *inputs: TensorType) -> Range | None:
        return join_ranges(find_axis_number(self.title(), self.axis, inputs[0]) - 1, inputs)

    def infer_values(self, *inputs: TensorType) -> Values | None:
        return join_values(inputs)

    def infer_zeros(self, mask: Mask | None, *inputs: TensorType) -> Zeros | None:
        zeros = merge_zeros(inputs)
        return None if zeros is None or zeros.axis == find_axis_number(self.title(), self.axis, inputs[0]) - 1 else zeros


class Dot(Op):
    """Products summed over one axis of each of two inputs, for all positions of the one and of the other."""

    arity = (2, 2)
    least_rank = 1
    keeps_mask = False
    axes: Annotated[tuple[int, int], Each(INTEGER, 2)]
    """The axis summed over in each input, the batch being 0."""
    normalize: Annotated[bool, BOOLEAN] = False
    """Whether values are divided by their norm on that axis, which gives the cosine."""
    examples = (
        example((6, 3), (5, 3), axes=-1),
        example((3,), (3,), axes=1, normalize=True),
        example((4,), (4, None, 6), axes=[1, 1]),
        example((None, 4, 3), (None, 3), axes=[3, 2]),
        example((6, 3), (6, 4), axes=1, dtype="int32"),
    )

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """The axes of the first and then of the second, without those that are summed over; (1) where none is left."""
        if self.normalize:
            refuse_integers(self.title(), *inputs)
        left, right = (find_axis(self.title(), axis, x, "axes") for axis, x in zip(self.axes, inputs, strict=True))
        help = ("`axes: [a, b]` names an axis of the first and one of the second",)
        refusal = Refusal(SIZES_DIFFER, "axes", help, 1, strategy=self.title(), axis=left.name, first=left, other=right)
        if not are_alike_known(left.size, right.size):
            raise refusal
        at.require(equal(left.size, right.size), refusal)
        kept = [each for axis, x in zip(self.axes, inputs, strict=True) for each in self.list_others(axis, x)]
        return inputs[0].with_axes(*(kept or [Axis("features", 1)]))

    def list_others(self, axis: int, x: TensorType) -> tuple[Axis, ...]:
        """The axes of an input that are not summed over."""
        place = find_axis_number(self.title(), axis, x, "axes") - 1
        return (*x.axes[:place], *x.axes[place + 1 :])

    def infer_meaning(self, output: TensorType, *inputs: TensorType) -> Meaning:
        return Meaning(Range(-1, 1, by="Dot") if self.normalize else None)

    def sums_zeros(self, *inputs: TensorType) -> bool:
        """The products with what is 0 are; of a norm over the steps, each input must be 0 at its own padded ones."""
        places = [find_axis_number(self.title(), axis, x, "axes") - 1 for axis, x in zip(self.axes, inputs, strict=True)]
        summed = [x.zeros for place, x in zip(places, inputs, strict=True) if x.zeros is not None and x.zeros.axis == place]
        others = [x.zeros for place, x in zip(places, inputs, strict=True) if x.zeros is not None and x.zeros.axis != place]
        masked = [(place, x) for place, x in zip(places, inputs, strict=True) if x.mask is not None]
        if others or any(place for place, _ in masked):
            return False
        if self.normalize:
            return all(x.zeros is not None and x.zeros.cover(x.mask) for _, x in masked)
        return bool(summed) and all(any(zeros.cover(x.mask) for zeros in summed) for _, x in masked)

    def infer_dtype(self, at: Inference, *inputs: TensorType) -> str:
        merged = merge_dtypes(self.dtype or at.policy, *inputs)
        return "int32" if merged == "int8" and {x.dtype for x in inputs} == {"int8"} else merged

    def macs(self, output: TensorType, *inputs: TensorType) -> Size:
        return count_positions(output.axes) * find_axis(self.title(), self.axes[0], inputs[0], "axes").size
