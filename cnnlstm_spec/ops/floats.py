"""Layers that Keras cannot run on integers, or in every dtype of floats. Imports no family of layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..ir.inference import Inference, Refusal
from ..ir.op import FLOATS, Op, compute_dtype
from ..ir.tensor import TensorType
from .shared import WRONG_DTYPE

if TYPE_CHECKING:
    from ..ir.lowering import Lowering
    from ..ir.program import Expression


def refuse_integers(layer: str, *inputs: TensorType) -> None:
    """Raises where an input is of integers or booleans."""
    for index, x in enumerate(inputs):
        if x.dtype not in FLOATS:
            help = ("put a `Rescaling` before it, or leave the `dtype` of the input out",)
            raise Refusal(WRONG_DTYPE, None, help, index, layer=layer, taken="floating-point values", dtype=x.dtype)


def refuse_wide(layer: str, x: TensorType) -> None:
    """Raises for `uint32`, of which TensorFlow finds no greatest value in a window."""
    if x.dtype == "uint32":
        help = ("give the input `dtype: int32`, or put a `Rescaling` before it",)
        raise Refusal(WRONG_DTYPE, None, help, layer=layer, taken="other numbers", dtype=x.dtype)


def refuse_computing(op: Op, at: Inference, dtype: str) -> None:
    """Raises where the layer computes in a dtype that TensorFlow cannot run it in."""
    if compute_dtype(op.dtype or at.policy) == dtype:
        help = ("give the layer `dtype: float32`",)
        raise Refusal(WRONG_DTYPE, None, help, layer=op.title(), taken="float32", dtype=dtype)


def as_floats(to: Lowering, inputs: tuple[Expression, ...]) -> tuple[Expression, ...]:
    """The inputs, integers as floats: of its layers of images Keras does so in a graph alone, which is where a model runs."""
    return inputs if to.inputs[0].dtype in FLOATS else tuple(to.cast(x) for x in inputs)
