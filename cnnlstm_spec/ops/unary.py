"""`Op`: a function of `keras.ops` by itself."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from ..ir.inference import Inference
from ..ir.meaning import Range
from ..ir.op import FLOATS, example
from ..ir.op import Op as Base
from ..ir.tensor import TensorType, Values
from ..language.json_schema import Schema
from ..language.kinds import UNKNOWN_CHOICE, Choice, Text, report_wrong_type
from ..language.leaf import Steps
from ..language.meanings import ArgumentValue
from ..language.read_record import MISSING_KEY, UNKNOWN_KEY, note_keys, report_unknown_key
from ..language.record import Record
from ..language.scope import Scope
from ..text.diagnostic import Code
from ..text.fix import write
from ..text.nodes import Entry, Mapping, Node, Scalar
from ..text.spelling import find_nearest, guess
from .functions.op import find_function_op
from .functions.ranges import infer_function_range
from .functions.table import list_names, map_refused
from .shared import need_numbers

if TYPE_CHECKING:
    from ..ir.lowering import Lowering
    from ..ir.program import Expression

NAMED = ("abs", "square", "sqrt", "exp", "log", "sign")
"""The functions that `name` may name; they have no arguments."""
INTEGERS_STAY = frozenset({"abs", "square", "sign"})
EXACT: dict[str, Callable[[float], float]] = {
    "abs": abs,
    "square": lambda x: x * x,
    "sign": lambda x: (x > 0) - (x < 0),
}
"""The functions that make integers of integers."""


REFUSED_FUNCTION = Code("function-not-supported", "error", "`{function}` cannot be an `Op`: {reason}")


def _report_refused(node: Scalar, scope: Scope) -> None:
    name = str(node.value)
    reason, _, layer = map_refused()[name].partition(": ")
    help = (f"write {layer}",) if layer else ("`cnnlstm-spec layers Op` lists the functions that can be",)
    scope.report(REFUSED_FUNCTION, node, function=name, reason=reason, help=help)


def _may_be_function(entry: Entry, known: tuple[str, ...]) -> bool:
    """Whether a key looks like `function`, which decides what other keys there are."""
    return find_nearest(entry.key.text, known) == "function"


def _report_meant(arguments: Mapping, known: tuple[str, ...], scope: Scope) -> bool:
    """Reports a key in place of `function`: one that looks like it, or the name of a function."""
    for each in arguments.entries:
        key = each.key
        if key.text in known:
            continue
        if _may_be_function(each, known):
            report_unknown_key(each, scope, "Op", known)
            return True
        if key.text in list_names() and arguments.get("name") is None:
            help = (f"write `Op: {{function: {key.text}}}`, and its arguments beside it",)
            scope.report(UNKNOWN_KEY, key, owner="Op", key=key.text, help=help)
            return True
    return _report_arguments(arguments, known, scope)


def _report_arguments(arguments: Mapping, known: tuple[str, ...], scope: Scope) -> bool:
    """Reports arguments of a function that nothing names, or that `name` does, beside which there are none."""
    if all(each.key.text in known for each in arguments.entries):
        return False
    entry = arguments.get("name")
    name = scope.resolve(entry.value) if entry is not None else None
    named = name.value if isinstance(name, Scalar) else None
    if named in NAMED:
        return False
    words = AnyFunction.arguments["function"].words
    if entry is not None and named in list_names():
        help, fix = (f"write `function: {named}`",), write(entry.key.span, "function", title=f"write `function: {named}`")
        scope.report(MISSING_KEY, entry.key, owner="Op", key="function", help=help, fixes=(fix,))
    else:
        scope.report(MISSING_KEY, arguments, owner="Op", key="function", help=(f"`function` is {words}",))
    return True


class NameOfFunction(Choice):
    """Its name; other functions of `keras.ops` are named by `function`, which takes their arguments too."""

    def explain(self, problem: str, steps: Steps, node: Node, scope: Scope) -> None:
        node = scope.resolve(node) or node
        if isinstance(node, Scalar) and node.value in list_names():
            help = (f"write `function: {node.value}`: every other function of `keras.ops` is named by that key",)
            scope.report(UNKNOWN_CHOICE, node, key=scope.name, given=str(node.value), help=help)
        elif isinstance(node, Scalar) and node.value in map_refused():
            _report_refused(node, scope)
        else:
            super().explain(problem, steps, node, scope)


class NameOfAnyFunction(Text):
    """One of all that an `Op` may name; of their table nothing is read unless somebody asks which."""

    def make_schema(self) -> Schema:
        return {"enum": list(list_names())}


class AnyFunction(Record):
    """What names a function of `keras.ops`, of which the arguments stand beside it."""

    function: Annotated[str, NameOfAnyFunction("the name of a function of `keras.ops`")]
    """The function, whose arguments stand beside it; `cnnlstm-spec layers Op` lists them all."""


class Op(Base):
    """A function of one tensor, element by element, saved without custom code."""

    function: Annotated[str, NameOfFunction(*NAMED)] = Field(alias="name")
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

    @classmethod
    def choose_class(cls, arguments: Mapping, scope: Scope) -> type[Base] | None:
        """With the key `function` the class of that function."""
        entry = arguments.get("function")
        if entry is None:
            note_keys({**cls.arguments, **AnyFunction.arguments}, arguments, scope, cls.title())
            return None if _report_meant(arguments, ("function", *cls.arguments), scope) else cls
        scope.note(ArgumentValue(entry.value.span, AnyFunction.arguments["function"], cls.title()))
        node = scope.enter("function").resolve(entry.value)
        if node is None:
            return None
        name = node.value if isinstance(node, Scalar) else None
        if isinstance(name, str) and (found := find_function_op(name)) is not None:
            return found
        scope = scope.enter("function")
        if name in map_refused() and isinstance(node, Scalar):
            _report_refused(node, scope)
        elif isinstance(name, str):
            # With the module before it, as in Python.
            last = name.rpartition(".")[2]
            near = guess(last if last in list_names() else name, list_names(), node.span)
            help = near.help or ("`cnnlstm-spec layers Op` lists them",)
            scope.report(UNKNOWN_CHOICE, node, key="function", given=name, help=help, fixes=near.fixes)
        else:
            report_wrong_type(node, scope, "the name of a function of `keras.ops`")
        return None

    @classmethod
    def find_missing(cls, written: Collection[str]) -> dict[str, str]:
        """`function`, the key that names every function; `name` does so of a few."""
        missing = super().find_missing(written)
        return {"function": AnyFunction.arguments["function"].words} if missing else {}

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """The shape of the input."""
        if self.function == "sign":
            need_numbers("Op", inputs[0])
        return inputs[0]

    def infer_dtype(self, at: Inference, *inputs: TensorType) -> str:
        given = inputs[0].dtype
        if given == "bool" and self.function == "square":
            return "int32"
        return given if given in FLOATS or self.function in INTEGERS_STAY else "float32"

    def infer_values(self, *inputs: TensorType) -> Values | None:
        """Of numbers on one side of 0 each of these functions keeps the order, or turns it."""
        values, function = inputs[0].values, EXACT.get(self.function)
        if values is None or function is None or values.least < 0 < values.greatest:
            return None
        ends = sorted((function(values.least), function(values.greatest)))
        return Values(ends[0], ends[1], values.made_at)

    def infer_range(self, output: TensorType, *inputs: TensorType) -> Range | None:
        """Bounds of the values; a square and a size reach 0 where what comes in does."""
        values = inputs[0].meaning.range
        values = None if values is not None and values.pixels else values
        return infer_function_range(self.function, "each", {}, values, (), output.rank)

    def keeps_zeros(self) -> bool:
        return self.function not in ("exp", "log")

    def lower(self, to: Lowering, *inputs: Expression) -> Expression:
        return to.call_ops(self.function, *inputs)
