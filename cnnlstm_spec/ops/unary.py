"""`Op`: a function of `keras.ops` by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import exp, log
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from ..ir.inference import Inference
from ..ir.meaning import ANY, Range
from ..ir.op import FLOATS, example
from ..ir.op import Op as Base
from ..ir.tensor import TensorType, Values
from ..language.kinds import UNKNOWN_CHOICE, Choice
from ..language.leaf import Steps
from ..language.scope import Scope
from ..text.nodes import Node, Scalar
from .shared import need_numbers

if TYPE_CHECKING:
    from ..ir.lowering import Lowering
    from ..ir.program import Expression

OTHERS = frozenset(
    [
        "arccos",
        "arcsin",
        "arctan",
        "ceil",
        "clip",
        "cos",
        "cosh",
        "cumsum",
        "erf",
        "expm1",
        "flip",
        "floor",
        "log10",
        "log1p",
        "log2",
        "logsumexp",
        "max",
        "mean",
        "min",
        "negative",
        "norm",
        "prod",
        "reciprocal",
        "roll",
        "round",
        "rsqrt",
        "sigmoid",
        "sin",
        "sinh",
        "std",
        "sum",
        "tan",
        "tanh",
        "var",
    ]
)
"""Functions of `keras.ops` with names like those that there are."""
INTEGERS_STAY = frozenset({"abs", "square", "sign"})
EXACT: dict[str, Callable[[float], float]] = {
    "abs": abs,
    "square": lambda x: x * x,
    "sign": lambda x: (x > 0) - (x < 0),
}
"""The functions that make integers of integers."""


def _exp(value: float) -> float:
    """The exponential, of what is too large the largest number."""
    return exp(min(value, 700.0))


def _log(values: Range | None) -> Range:
    """The logarithm, of 0 no number."""
    low, high = (None, None) if values is None else (values.least, values.greatest)
    return Range(
        log(low) if low is not None and low > 0 else None, log(high) if high is not None and high > 0 else None, by="log"
    )


def _even(values: Range, function: Callable[[float], float], name: str) -> Range:
    """What a function gives that falls to 0 at 0 and rises from there."""
    ends = [None if each is None else function(each) for each in (values.least, values.greatest)]
    greatest = None if None in ends else max(each for each in ends if each is not None)
    if values.least is not None and values.least >= 0:
        return Range(ends[0], greatest, values.attained, by=name)
    if values.greatest is not None and values.greatest <= 0:
        return Range(ends[1], greatest, by=name)
    return Range(0, greatest, True, by=name)


class Function(Choice):
    """Its name; another function of `keras.ops` is no misspelt one of these."""

    def explain(self, problem: str, steps: Steps, node: Node, scope: Scope) -> None:
        node = scope.resolve(node) or node
        if isinstance(node, Scalar) and node.value in OTHERS:
            help = (f"of the functions of `keras.ops` it is {self.words}",)
            scope.report(UNKNOWN_CHOICE, node, key=scope.name, given=str(node.value), help=help)
        else:
            super().explain(problem, steps, node, scope)


class Op(Base):
    """A function of one tensor, element by element, saved without custom code."""

    function: Annotated[str, Function("abs", "square", "sqrt", "exp", "log", "sign")] = Field(alias="name")
    """The function."""
    name: ClassVar[None] = None  # type: ignore[misc]
    trainable: ClassVar[bool] = True  # type: ignore[misc]
    dtype: ClassVar[None] = None  # type: ignore[misc]
    share: ClassVar[None] = None  # type: ignore[misc]
    has_class = False
    last_axis_only = True
    examples = (
        example((4,), name="abs"),
        example((None, 3), name="sqrt"),
        example((3,), dtype="int32", name="square"),
        example((3,), dtype="uint8", name="log"),
    )

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        if self.function == "sign":
            need_numbers("Op", inputs[0])
        return inputs[0]

    def dtype_after(self, at: Inference, *inputs: TensorType) -> str:
        given = inputs[0].dtype
        if given == "bool" and self.function == "square":
            return "int32"
        return given if given in FLOATS or self.function in INTEGERS_STAY else "float32"

    def values_after(self, *inputs: TensorType) -> Values | None:
        """Of numbers on one side of 0 each of these functions keeps the order, or turns it."""
        values, function = inputs[0].values, EXACT.get(self.function)
        if values is None or function is None or values.least < 0 < values.greatest:
            return None
        ends = sorted((function(values.least), function(values.greatest)))
        return Values(ends[0], ends[1], values.made_at)

    def range_after(self, output: TensorType, *inputs: TensorType) -> Range | None:
        """Bounds of the values; a square and a size reach 0 where what comes in does."""
        values = inputs[0].meaning.range
        values = None if values is not None and values.pixels else values
        match self.function:
            case "sign":
                return Range(-1, 1, True, by="sign")
            case "abs" | "square":
                return _even(values or ANY, EXACT[self.function], self.function)
            case "sqrt":
                return Range(0, None, values is None or values.attained, by="sqrt")
            case "exp":
                return Range(0, None, by="exp") if values is None else replace(values.mapped(_exp), by="exp")
            case "log":
                return _log(values)
        return ANY

    def keeps_zeros(self) -> bool:
        return self.function not in ("exp", "log")

    def lower(self, to: Lowering, *inputs: Expression) -> Expression:
        return to.ops(self.function, *inputs)
