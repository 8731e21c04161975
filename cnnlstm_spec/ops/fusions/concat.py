"""`concat`: inputs side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from ...ir.inference import Inference, Refusal
from ...ir.meaning import Range
from ...ir.op import example
from ...ir.size import equal, holds_always
from ...ir.tensor import Axis, Mask, TensorType, Values, Zeros
from ...language.kinds import INTEGER
from ...text.diagnostic import Code
from ..dtypes import merge_dtypes
from .base import (
    NOT_A_FEATURE,
    POOL_FIRST,
    RANKS_DIFFER,
    RESIZE,
    SIZES_DIFFER,
    STRETCH,
    Strategy,
    join_masks,
    join_ranges,
    join_values,
    merge_masks,
    merge_zeros,
)

if TYPE_CHECKING:
    from ...ir.lowering import Lowering
    from ...ir.program import Expression

BAD_AXIS = Code("axis-out-of-range", "error", "`axis: {axis}` does not exist in {given}", sort="keras")
BATCH_AXIS = Code(
    "batch-axis",
    "error",
    "`axis: {axis}` is the batch, which cannot be named",
    help="`axis: 1` is the first axis after the batch, -1 the last",
)


class Concat(Strategy):
    """Side by side on an axis."""

    word = "concat"
    joins_masks = True
    has_weights = False
    passes_on = True
    keras = "layers.Concatenate"
    axis: Annotated[int, INTEGER] = -1
    """The axis, counted as Keras does: the batch is 0, -1 the last."""
    examples = (example((4,), (6,)), example((5, 4), (5, 6)), example((5, 4), (6, 4), axis=1))

    def find_axis(self, rank: int) -> int:
        """The axis, batch left out."""
        return self.axis - 1 if self.axis > 0 else self.axis + rank

    def list_fixed_axes(self, rank: int) -> frozenset[int]:
        return frozenset({self.find_axis(rank)})

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """The axes of the inputs; along the one that they are joined on, the sum of their sizes."""
        first = inputs[0]
        name = self.title()
        if not first.rank or not all(x.rank for x in inputs):
            raise Refusal(NOT_A_FEATURE, None, (), next(i for i, x in enumerate(inputs) if not x.rank), strategy=name)
        if self.axis == 0 or self.axis == -first.rank - 1:
            raise Refusal(BATCH_AXIS, "axis", axis=self.axis)
        for index, x in enumerate(inputs):
            if x.rank != first.rank:
                raise Refusal(RANKS_DIFFER, None, (POOL_FIRST,), index, strategy=name, first=first, other=x)
        place = self.find_axis(first.rank)
        if not 0 <= place < first.rank:
            raise Refusal(BAD_AXIS, "axis", (f"it is from 1 to {first.rank}, or negative",), axis=self.axis, given=first)
        axes = list(first.axes)
        for index, x in enumerate(inputs[1:], 1):
            for here, (wanted, axis) in enumerate(zip(axes, x.axes, strict=True)):
                if here == place:
                    axes[here] = Axis(wanted.name, wanted.size + axis.size)
                    continue
                facts = {"strategy": name, "axis": wanted.name, "first": first, "other": x}
                way = STRETCH if 1 in (wanted.size, axis.size) else RESIZE
                alone = all(
                    holds_always(equal(a.size, b.size))
                    for i, (a, b) in enumerate(zip(first.axes, x.axes, strict=True))
                    if i != here
                )
                help = (way, *((f"or join them on that axis: `axis: {here + 1}`",) if alone else ()))
                at.require(equal(wanted.size, axis.size), Refusal(SIZES_DIFFER, None, help, index, **facts))
        return first.with_axes(*axes)

    def infer_dtype(self, at: Inference, *inputs: TensorType) -> str:
        return inputs[0].dtype if len(inputs) == 1 else merge_dtypes(self.dtype or at.policy, *inputs)

    def joins_steps(self, inputs: tuple[TensorType, ...]) -> bool:
        """Whether it joins along the first axis, that of a mask."""
        return self.find_axis(inputs[0].rank) == 0 and len(inputs) > 1

    def makes_mask(self, *inputs: TensorType) -> bool:
        return self.joins_steps(inputs) and any(x.mask is not None for x in inputs)

    def make_mask(self, to: Lowering, *inputs: Expression) -> Expression:
        return join_masks(to, inputs, to.inputs)

    def infer_mask(self, *inputs: TensorType) -> Mask | None:
        return None if self.joins_steps(inputs) else merge_masks(inputs)

    def infer_range(self, output: TensorType, *inputs: TensorType) -> Range | None:
        return join_ranges(self.find_axis(inputs[0].rank), inputs)

    def infer_values(self, *inputs: TensorType) -> Values | None:
        return join_values(inputs)

    def infer_zeros(self, mask: Mask | None, *inputs: TensorType) -> Zeros | None:
        zeros = merge_zeros(inputs)
        return None if zeros is None or (len(inputs) > 1 and zeros.axis == self.find_axis(inputs[0].rank)) else zeros

    def lower(self, to: Lowering, *inputs: Expression) -> Expression:
        if len(inputs) == 1:
            return inputs[0]
        axis: dict[str, Any] = {} if self.axis == -1 else {"axis": self.axis}
        return to.write_layer("keras.layers.Concatenate", list(inputs), **axis, **self.list_settings())
