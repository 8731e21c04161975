"""Masking: says which steps are padding by the value that fills them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from ..ir.inference import Inference, Refusal
from ..ir.meaning import Range, merge_ranges
from ..ir.op import Op, example
from ..ir.tensor import Mask, TensorType, Zeros
from ..text.diagnostic import Code
from .padding_mask import PADDING, write_padding_mask

if TYPE_CHECKING:
    from ..ir.lowering import Lowering
    from ..ir.program import Expression

NOT_A_SEQUENCE = Code("masking-needs-steps", "error", "`Masking` reads (steps, features); given {given}")


class Masking(Op):
    """A step whose every value is `mask_value` is padding from here on."""

    passes_on = True
    keeps_integers = True
    mask_value: Annotated[float, PADDING] = 0.0
    """The value that fills padded steps."""
    examples = (example((6, 3)), example((None, 3), mask_value=-1.0))

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """The shape of the input."""
        (x,) = inputs
        if x.rank != 2:
            help = ("`padding_value` or `mask_input` of the input says which steps of it are padding",)
            raise Refusal(NOT_A_SEQUENCE, None, help, given=x)
        return x

    def makes_mask(self, *inputs: TensorType) -> bool:
        return True

    def make_mask(self, to: Lowering, *inputs: Expression) -> Expression:
        return write_padding_mask(to, inputs[0], self.mask_value, to.inputs[0])

    def lower(self, to: Lowering, *inputs: Expression) -> Expression:
        """The values with padded steps at 0, by operations: a `Masking` layer would hand on a mask of its own."""
        real = to.find_mask_made() or self.make_mask(to, *inputs)
        return to.call_ops("where", to.call_ops("expand_dims", real, axis=-1), to.cast(inputs[0]), to.zero())

    def infer_range(self, output: TensorType, *inputs: TensorType) -> Range | None:
        return merge_ranges((inputs[0].meaning.range, Range(0, 0, True)))

    def infer_zeros(self, mask: Mask | None, *inputs: TensorType) -> Zeros | None:
        return None if mask is None else Zeros(mask)

    def infer_dtype(self, at: Inference, *inputs: TensorType) -> str:
        return "int32" if inputs[0].dtype == "bool" else super().infer_dtype(at, *inputs)
