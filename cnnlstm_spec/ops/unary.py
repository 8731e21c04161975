"""`Op`: a function of `keras.ops` by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from ..ir.inference import Inference
from ..ir.op import FLOATS, example
from ..ir.op import Op as Base
from ..ir.tensor import TensorType, Values
from ..language.kinds import Choice
from .shared import need_numbers

if TYPE_CHECKING:
    from ..ir.lowering import Lowering
    from ..ir.program import Expression

INTEGERS_STAY = frozenset({"abs", "square", "sign"})
EXACT: dict[str, Callable[[float], float]] = {
    "abs": abs,
    "square": lambda x: x * x,
    "sign": lambda x: (x > 0) - (x < 0),
}
"""The functions that make integers of integers."""


class Op(Base):
    """A function of one tensor, element by element, saved without custom code."""

    function: Annotated[str, Choice("abs", "square", "sqrt", "exp", "log", "sign")] = Field(alias="name")
    """The function."""
    name: ClassVar[None] = None  # type: ignore[misc]
    trainable: ClassVar[bool] = True  # type: ignore[misc]
    dtype: ClassVar[None] = None  # type: ignore[misc]
    share: ClassVar[None] = None  # type: ignore[misc]
    last_axis_only = True
    examples = (
        example((4,), name="abs"),
        example((None, 3), name="sqrt"),
        example((3,), dtype="int32", name="square"),
        example((3,), dtype="uint8", name="log"),
    )

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        need_numbers("Op", inputs[0])
        return inputs[0]

    def dtype_after(self, at: Inference, *inputs: TensorType) -> str:
        given = inputs[0].dtype
        return given if given in FLOATS or self.function in INTEGERS_STAY else "float32"

    def values_after(self, *inputs: TensorType) -> Values | None:
        """Of numbers on one side of 0 each of these functions keeps the order, or turns it."""
        values, function = inputs[0].values, EXACT.get(self.function)
        if values is None or function is None or values.least < 0 < values.greatest:
            return None
        ends = sorted((function(values.least), function(values.greatest)))
        return Values(ends[0], ends[1], values.made_at)

    def keeps_zeros(self) -> bool:
        return self.function not in ("exp", "log")

    def lower(self, to: Lowering, *inputs: Expression) -> Expression:
        return to.ops(self.function, *inputs)
