"""Layers that Keras cannot run on integers."""

from __future__ import annotations

from ..diagnostic import Code
from ..op import FLOATS, Refusal
from ..tensor import TensorType

INTEGERS = Code("integers-where-floats-are-needed", "error", "`{layer}` reads floating-point values; {given} come in", sort="keras")


def refuse_integers(layer: str, *inputs: TensorType) -> None:
    """Raises where an input is of integers or booleans."""
    for index, x in enumerate(inputs):
        if x.dtype not in FLOATS:
            help = ("put a `Rescaling` before it, or leave the `dtype` of the input out",)
            raise Refusal(INTEGERS, None, help, input=index, layer=layer, given=f"`{x.dtype}`")
