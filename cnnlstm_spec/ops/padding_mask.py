"""The padding mask of a value by operations of Keras, and the value that tells padding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from ..ir.tensor import TensorType
from ..language.kinds import NOT_ALLOWED, Number
from ..language.leaf import Steps
from ..language.scope import Scope
from ..text.nodes import Node, show_given

if TYPE_CHECKING:
    from ..ir.lowering import Lowering
    from ..ir.program import Expression


class PaddingLeaf(Number):
    """A number, infinite too: Keras compares it with every value. Nothing equals NaN."""

    finite = False

    def make_core(self) -> CoreSchema:
        return core_schema.no_info_after_validator_function(_round_to_compare, super().make_core())

    def explain(self, problem: str, steps: Steps, node: Node, scope: Scope) -> None:
        if problem != "nan":
            super().explain(problem, steps, node, scope)
            return
        node = scope.resolve(node) or node
        help = ("nothing equals NaN; write a number that the data does not hold, or give the mask itself: `mask_input: mask`",)
        scope.report(NOT_ALLOWED, node, key=scope.name, words=self.words, given=show_given(node), help=help)


def _round_to_compare(value: float) -> float:
    if value != value:
        raise PydanticCustomError("nan", "nothing equals NaN")
    return value


PADDING = PaddingLeaf()
HALF = frozenset({"float16", "bfloat16"})


def write_padding_mask(to: Lowering, value: Expression, padding: float, x: TensorType) -> Expression:
    """True where any value of a step differs from the padding value."""
    differs = to.call_ops("not_equal", value, padding if x.dtype.startswith(("float", "bfloat")) else int(padding))
    return differs if x.rank == 1 else to.call_ops("any", differs, axis=2 if x.rank == 2 else tuple(range(2, x.rank + 1)))
