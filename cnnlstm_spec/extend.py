"""What a layer of your own is made of: the public API for modules that a spec names in `layers_from`. Imports no Keras.

Inside the package nothing imports this; `docs/own-layers.md` shows how it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .ir.inference import Inference, Refusal
from .ir.op import Example, Op, Weight, compute_dtype, example
from .ir.size import Condition, Size, at_least, ceil_div, divisible, equal
from .ir.tensor import Axis, Mask, TensorType
from .language import kinds, list_kinds
from .language.leaf import Leaf
from .ops.shared import ACTIVATION, CONSTRAINT, DATA_FORMAT, INITIALIZER, REGULARIZER, SEED, known
from .text.diagnostic import Code

if TYPE_CHECKING:
    from .ir.lowering import Lowering
    from .ir.program import Expression

__all__ = [
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
    "Leaf",
    "Lowering",
    "Mask",
    "Op",
    "Refusal",
    "Size",
    "TensorType",
    "Weight",
    "at_least",
    "ceil_div",
    "compute_dtype",
    "divisible",
    "equal",
    "example",
    "kinds",
    "known",
    "list_kinds",
]
