"""What arguments of Keras's objects may be that no argument of a layer is. Imports no catalog."""

from __future__ import annotations

from pydantic_core import CoreSchema, core_schema

from ..text.nodes import WRONG_TYPE, Listing, Mapping, Node, Scalar, show_given
from .json_schema import Schema
from .kinds import Number
from .leaf import Leaf, OpenLeaf, Steps
from .scope import POISON, Scope


class Float(Number):
    """A number that Keras wants as a Python float: an integer is turned into one."""

    floats = True


class Exempt(Leaf):
    """A few values that are allowed outside the bounds of another kind."""

    def __init__(self, inner: Leaf, values: tuple[object, ...]) -> None:
        self.inner, self.values, self.words = inner, values, inner.words

    def make_core(self) -> CoreSchema:
        choices = {"exempt": core_schema.any_schema(), "other": self.inner.make_core()}
        return core_schema.tagged_union_schema(choices, discriminator=self.sort)

    def sort(self, value: object) -> str:
        """Whether a value is one of the few."""
        return (
            "exempt" if isinstance(value, int | float | str) and not isinstance(value, bool) and value in self.values else "other"
        )

    def take(self, node: Node, scope: Scope) -> object:
        return self.inner.take(node, scope)

    def explain(self, problem: str, steps: Steps, node: Node, scope: Scope) -> None:
        self.inner.explain(problem, steps[1:], node, scope)

    def make_schema(self) -> Schema:
        return {"anyOf": [{"enum": list(self.values)}, self.inner.make_schema()]}


class PlainValue(OpenLeaf):
    """A number, a text, true, false or null, or a list of them: of an argument of which nothing else is known."""

    words = "a number, a text, true, false, null or a list"
    canonical = (int, float, str, tuple, type(None))

    def read_node(self, node: Node, scope: Scope) -> object:
        if isinstance(node, Mapping):
            return scope.report(WRONG_TYPE, node, key=scope.name, words=self.words, given=show_given(node))
        if isinstance(node, Scalar):
            return node.value
        assert isinstance(node, Listing)
        resolved = [(scope.resolve(item), scope.enter(index)) for index, item in enumerate(node.items)]
        found = tuple(POISON if item is None else self.read_node(item, at) for item, at in resolved)
        return POISON if any(each is POISON for each in found) else found

    def make_schema(self) -> Schema:
        return {}
