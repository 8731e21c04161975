"""What a layer of your own is made of: the public API for modules that a spec names in `layers_from`. Imports no Keras.

Inside the package nothing imports this; `docs/own-layers.md` shows how it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import kinds
from .argument import ABSENT, Kind, arg
from .diagnostic import Code
from .inference import Inference, Refusal
from .op import Example, Op, Weight, compute_dtype, example
from .ops.common import ACTIVATION, CONSTRAINT, DATA_FORMAT, INITIALIZER, REGULARIZER, SEED, known
from .size import Condition, Size, at_least, ceil_div, divisible, equal
from .tensor import Axis, Mask, TensorType

if TYPE_CHECKING:
    from .lowering import Lowering
    from .program import Expression

__all__ = [
    "ABSENT",
    "ACTIVATION",
    "CONSTRAINT",
    "DATA_FORMAT",
    "INITIALIZER",
    "REGULARIZER",
    "SEED",
    "Axis",
    "Code",
    "Condition",
    "Example",
    "Expression",
    "Inference",
    "Kind",
    "Lowering",
    "Mask",
    "Op",
    "Refusal",
    "Size",
    "TensorType",
    "Weight",
    "arg",
    "at_least",
    "ceil_div",
    "compute_dtype",
    "divisible",
    "equal",
    "example",
    "kinds",
    "known",
]
