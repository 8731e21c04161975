"""Layers that merge inputs element by element: Add, Average, Maximum, Minimum, Multiply, Subtract."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from operator import neg
from typing import ClassVar

from ..ir.inference import Inference, Refusal
from ..ir.meaning import Range, add_ranges, merge_ranges, multiply_ranges
from ..ir.op import FLOATS, Op, example
from ..ir.size import Expr, require_stretchable, take_larger
from ..ir.tensor import Axis, Mask, TensorType, Zeros
from .dtypes import BITS, merge_dtypes
from .fusions.base import SIZES_DIFFER, merge_any_zeros, merge_masks, merge_zeros
from .shared import WRONG_DTYPE


def fold_ranges(merge: Callable[[Range, Range], Range], ranges: tuple[Range | None, ...]) -> Range | None:
    """The ranges of the inputs brought together by twos; None where nothing is known of one."""
    known = [each for each in ranges if each is not None and not each.pixels]
    return reduce(merge, known) if len(known) == len(ranges) else None


class Merge(Op):
    """Element by element over inputs that Keras broadcasts to one shape: the last axes side by side, a size of 1 stretched."""

    arity: ClassVar[tuple[int, int | None]] = (2, None)

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """The one shape that the inputs are broadcast to, aligned at their last axes."""
        if {x.dtype for x in inputs[:2]} == {"bool"}:
            help = ("put a layer that gives floats before it, such as `Rescaling: {scale: 1}`",)
            raise Refusal(WRONG_DTYPE, None, help, layer=self.title(), taken="numbers", dtype="bool")
        merged = inputs[0]
        for index, x in enumerate(inputs[1:], 1):
            merged = self.broadcast_two(at, merged, x, index)
        return merged

    def broadcast_two(self, at: Inference, left: TensorType, right: TensorType, index: int) -> TensorType:
        """The type of two inputs broadcast."""
        long, short = (left, right) if left.rank >= right.rank else (right, left)
        lacking = long.rank - short.rank
        pairs = zip(long.axes[lacking:], short.axes, strict=True)
        return long.with_axes(*long.axes[:lacking], *(self.join_axis(at, a, b, index) for a, b in pairs))

    def join_axis(self, at: Inference, left: Axis, right: Axis, index: int) -> Axis:
        """One axis of two inputs; of one known size and one that is not, Keras keeps the one that is not."""
        if left.size == 1 or right.size == 1:
            return right if left.size == 1 else left
        facts = {"strategy": self.title(), "axis": left.name, "first": left, "other": right}
        refusal = Refusal(SIZES_DIFFER, None, ("sizes must be equal, or one of them 1",), index, **facts)
        at.require(require_stretchable(left.size, right.size), refusal)
        size = take_larger(left.size, right.size)
        if isinstance(left.size, Expr) == isinstance(right.size, Expr):
            return Axis(left.name, size)
        return left if isinstance(left.size, Expr) else right

    def infer_dtype(self, at: Inference, *inputs: TensorType) -> str:
        return merge_dtypes(self.dtype or at.policy, *inputs)

    def infer_range(self, output: TensorType, *inputs: TensorType) -> Range | None:
        return self.infer_merged_range(*(x.meaning.range for x in inputs))

    def infer_merged_range(self, *ranges: Range | None) -> Range | None:
        """Between which numbers the result lies, for those of the inputs."""
        return values.loosen() if (values := merge_ranges(ranges)) is not None else None

    def infer_mask(self, *inputs: TensorType) -> Mask | None:
        rank = max(x.rank for x in inputs)
        return merge_masks(tuple(x for x in inputs if x.rank == rank))

    def infer_zeros(self, mask: Mask | None, *inputs: TensorType) -> Zeros | None:
        return merge_zeros(inputs)


class Add(Merge):
    """The sum."""

    def infer_merged_range(self, *ranges: Range | None) -> Range | None:
        return fold_ranges(add_ranges, ranges)

    examples = (
        example((6, 3), (6, 3)),
        example((None, 3), (None, 3), (None, 3)),
        example((10,), (1,)),
        example((4, 6, 3), (6, 1)),
        example((6, 3), (6, 3), dtype="int32"),
    )


class Average(Merge):
    """The mean."""

    def infer_merged_range(self, *ranges: Range | None) -> Range | None:
        """The mean of distributions is one."""
        return merge_ranges(ranges)

    examples = (
        example((6, 3), (6, 3)),
        example((None, 3), (1, 3)),
        example((6, 3), (3,)),
        example((6, 3), (6, 3), dtype="int32"),
        example((6, 3), (6, 3), dtype="uint8"),
    )

    def infer_dtype(self, at: Inference, *inputs: TensorType) -> str:
        merged = super().infer_dtype(at, *inputs)
        if merged in FLOATS:
            return merged
        return "float32" if BITS[merged] <= 16 else "float64"


class Maximum(Merge):
    """The greatest."""

    examples = (example((6, 3), (6, 3)), example((6, 1), (1, 3)), example((6, 3), (6, 3), dtype="uint8"))


class Minimum(Merge):
    """The least."""

    examples = (example((6, 3), (6, 3)), example((None, 3), (None, 3), (3,)))


class Multiply(Merge):
    """The product."""

    examples = (example((6, 3), (6, 3)), example((8, 8, 3), (1, 1, 3)), example((None, 3), (None, 1)))

    def infer_merged_range(self, *ranges: Range | None) -> Range | None:
        return fold_ranges(multiply_ranges, ranges)

    def infer_zeros(self, mask: Mask | None, *inputs: TensorType) -> Zeros | None:
        return merge_any_zeros(inputs)


class Subtract(Merge):
    """The first less the second."""

    arity = (2, 2)

    def infer_merged_range(self, *ranges: Range | None) -> Range | None:
        first, second = ranges
        return None if first is None or second is None else add_ranges(first, second.map_values(neg))

    examples = (example((6, 3), (6, 3)), example((None, 3), (3,)))
