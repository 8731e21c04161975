"""Layers that Keras cannot run on integers. Imports no family of layers."""

from __future__ import annotations

from ..op import FLOATS, Refusal
from ..tensor import TensorType
from .common import WRONG_DTYPE


def refuse_integers(layer: str, *inputs: TensorType) -> None:
    """Raises where an input is of integers or booleans."""
    for index, x in enumerate(inputs):
        if x.dtype not in FLOATS:
            help = ("put a `Rescaling` before it, or leave the `dtype` of the input out",)
            raise Refusal(WRONG_DTYPE, None, help, index, layer=layer, taken="floating-point values", dtype=x.dtype)
