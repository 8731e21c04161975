"""A program: Keras calls as data. One emitter runs it, another prints it, so that the two cannot disagree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field

from ..text.frozen import dataclass


@dataclass(frozen=True)
class Ref:
    """A variable of the program."""

    name: str


@dataclass(frozen=True)
class Call:
    """`path(*arguments, **keywords)`: `path` is a dotted name below `keras` or in a module of its own, or a variable's method."""

    path: str
    arguments: tuple[Expression, ...] = ()
    keywords: tuple[tuple[str, Expression], ...] = ()


@dataclass(frozen=True)
class DottedName:
    """What a module has by a dotted name, such as a function that is handed over."""

    path: str


@dataclass(frozen=True)
class Apply:
    """`layer(*arguments, **keywords)`, where `layer` is an expression: a constructor's call, or a variable."""

    layer: Expression
    arguments: tuple[Expression, ...]
    keywords: tuple[tuple[str, Expression], ...] = ()


Index = int | tuple[int | None, ...] | None


@dataclass(frozen=True)
class Slice:
    """`value[index]`; of integers, `None` for a whole axis, bounds of a range: `x[:, 0, 2:4]` is (None, 0, (2, 4))."""

    value: Expression
    index: tuple[Index, ...]


@dataclass(frozen=True)
class Infix:
    """`left operator right` on tensors, for the few operators that read better so."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True)
class Attribute:
    """`value.name`."""

    value: Expression
    name: str


@dataclass(frozen=True)
class OnTensorFlow:
    """A value where Keras runs on TensorFlow, and another on other backends."""

    value: Literal
    elsewhere: Literal


Literal = None | bool | int | float | str
Expression = (
    Ref
    | Call
    | DottedName
    | Apply
    | Slice
    | Infix
    | Attribute
    | OnTensorFlow
    | Literal
    | tuple["Expression", ...]
    | list["Expression"]
    | dict[str, "Expression"]
)


@dataclass(frozen=True)
class Let:
    """`name = value`; the paths of variables made in it begin with the scope, where there is one.

    What is made `alone` has the names that Keras would give its layers in a process that has made nothing else.
    """

    name: str
    value: Expression
    scope: str | None = None
    alone: bool = False


@dataclass(frozen=True)
class LetEach:
    """`first, second = value`."""

    names: tuple[str, ...]
    value: Expression


@dataclass(frozen=True)
class SetAttribute:
    """`target.attribute = value`, on a variable."""

    target: str
    attribute: str
    value: Expression


@dataclass(frozen=True)
class MarkLayers:
    """The names of all layers of a model, and of those in them where it is `deep`, end in a dot and the mark."""

    target: str
    mark: str
    deep: bool = False


@dataclass(frozen=True)
class FreezeBefore:
    """The layers of a model that come before one of them are not trained."""

    target: str
    layer: str


@dataclass(frozen=True)
class FreezeNorms:
    """The batch norms of a model are not trained."""

    target: str


@dataclass(frozen=True)
class Do:
    """A call made for its effect, so many times: `keras.utils.set_random_seed(0)`, or a method of a variable."""

    call: Call
    times: int = 1


@dataclass(frozen=True)
class Comment:
    """A line for people; an emitter that runs the program passes over it."""

    text: str


Statement = Let | LetEach | SetAttribute | MarkLayers | FreezeBefore | FreezeNorms | Do | Comment


@dataclass(frozen=True)
class Program:
    """Statements in order; the model is left in the variable `model`."""

    name: str
    statements: tuple[Statement, ...] = field(default=())
    imports: tuple[str, ...] = ()
    """Modules other than Keras that hold classes which are called."""


class Unbuildable(Exception):
    """Why a sound spec gives no model here: what is installed differs, or a person's own layer fails."""


def find_calls(statement: Statement) -> Iterator[Call]:
    """Every call in a statement."""
    return (each for each in _iterate_expressions(statement) if isinstance(each, Call))


def find_named(statement: Statement) -> Iterator[Call | DottedName]:
    """Everything in a statement that a module has by name, in calls and by itself."""
    return (each for each in _iterate_expressions(statement) if isinstance(each, Call | DottedName))


def find_uses(statement: Statement) -> Iterator[Apply]:
    """Every layer that is called on something in a statement."""
    return (each for each in _iterate_expressions(statement) if isinstance(each, Apply))


def _iterate_expressions(statement: Statement) -> Iterator[Expression]:
    match statement:
        case Let(_, value) | LetEach(_, value) | SetAttribute(_, _, value) | Do(value):
            yield from _iterate_within(value)


def _iterate_within(expression: Expression) -> Iterator[Expression]:
    yield expression
    match expression:
        case Call(_, arguments, keywords):
            inner: Iterable[Expression] = (*arguments, *(value for _, value in keywords))
        case Apply(layer, arguments, keywords):
            inner = (layer, *arguments, *(value for _, value in keywords))
        case Slice(value, _) | Attribute(value, _):
            inner = (value,)
        case Infix(_, left, right):
            inner = (left, right)
        case tuple() | list():
            inner = expression
        case dict():
            inner = expression.values()
        case _:
            return
    for each in inner:
        yield from _iterate_within(each)
