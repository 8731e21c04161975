"""Layers that Keras cannot run on integers, or in every dtype of floats. Imports no family of layers."""

from __future__ import annotations

from ..ir.inference import Inference, Refusal
from ..ir.op import FLOATS, Op, compute_dtype
from ..ir.tensor import TensorType
from .shared import WRONG_DTYPE


def refuse_integers(layer: str, *inputs: TensorType) -> None:
    """Raises where an input is of integers or booleans."""
    for index, x in enumerate(inputs):
        if x.dtype not in FLOATS:
            help = ("put a `Rescaling` before it, or leave the `dtype` of the input out",)
            raise Refusal(WRONG_DTYPE, None, help, index, layer=layer, taken="floating-point values", dtype=x.dtype)


def refuse_computing(op: Op, at: Inference, dtype: str) -> None:
    """Raises where the layer computes in a dtype that TensorFlow cannot run it in."""
    if compute_dtype(op.dtype or at.policy) == dtype:
        help = ("give the layer `dtype: float32`",)
        raise Refusal(WRONG_DTYPE, None, help, layer=op.title(), taken="float32", dtype=dtype)
