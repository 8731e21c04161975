"""The leaves of lists: a value for each axis, one or more values, a choice or a value."""

from __future__ import annotations

from typing import Any

from pydantic_core import CoreSchema, core_schema

from ..text.diagnostic import Code
from ..text.nodes import Listing, Node, Scalar
from .json_schema import Schema
from .kinds import Choice, report_wrong_type
from .leaf import Leaf, Steps
from .scope import POISON, Scope

WRONG_LENGTH = Code(
    "wrong-length",
    "error",
    "`{key}` is {words}; this list has {given}",
    sort="keras",
    help="write one value for all axes, or one for each",
)


class ListOf(Leaf):
    """A list of values of one kind, as a tuple; of a fixed length where one is given."""

    def __init__(self, inner: Leaf, length: int | None = None, least: int = 0) -> None:
        self.inner, self.length, self.least = inner, length, least
        self.words = f"a list of {length or 'values'}, each {inner.words}"

    def fits(self, count: int) -> bool:
        """Whether a list may have so many items."""
        return count == self.length if self.length is not None else count >= self.least

    def find_way(self) -> tuple[str, ...]:
        """The way out of a list of another length."""
        return (f"write at least {self.least} of them" if self.length is None else f"write {self.length} of them",)

    def make_core(self) -> CoreSchema:
        items, least = self.inner.make_core(), self.length or self.least
        return core_schema.tuple_variable_schema(items, min_length=least, max_length=self.length)

    def take(self, node: Node, scope: Scope) -> object:
        resolved = scope.resolve(node)
        if not isinstance(resolved, Listing):
            return POISON if resolved is None else super().take(resolved, scope)
        return [self.inner.take(item, scope.enter(index)) for index, item in enumerate(resolved.items)]

    def explain(self, problem: str, steps: Steps, node: Node, scope: Scope) -> None:
        node = scope.resolve(node) or node
        if not isinstance(node, Listing):
            report_wrong_type(node, scope, self.words)
        elif not steps and self.fits(len(node.items)):
            return  # pydantic counts the items that it could read
        elif not steps:
            scope.report(WRONG_LENGTH, node, key=scope.name, words=self.words, given=len(node.items), help=self.find_way())
        else:
            index, *inner = steps
            assert isinstance(index, int)
            self.inner.explain(problem, inner, node.items[index], scope.enter(index))

    def make_schema(self) -> Schema:
        length = {} if self.length is None else {"maxItems": self.length}
        return {"type": "array", "items": self.inner.make_schema(), "minItems": self.length or self.least, **length}


class OneOrList(ListOf):
    """One value, or a list of them: what both forms become is said by the classes below it."""

    def take(self, node: Node, scope: Scope) -> object:
        resolved = scope.resolve(node)
        if resolved is None:
            return POISON
        return super().take(resolved, scope) if isinstance(resolved, Listing) else self.inner.take(resolved, scope)

    def make_schema(self) -> Schema:
        return {"anyOf": [self.inner.make_schema(), super().make_schema()]}


class Each(OneOrList):
    """One value for every axis, or a list of one for each; canonical as a tuple."""

    def shorten(self, value: Any) -> object:
        return value[0] if len(set(value)) == 1 else value

    def __init__(self, inner: Leaf, length: int) -> None:
        super().__init__(inner, length)
        self.words = inner.words if length == 1 else f"{inner.words}, or a list of {length}"

    def make_core(self) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self.repeat, super().make_core())

    def find_way(self) -> tuple[str, ...]:
        """One value for all axes, or one for each, as the code says."""
        return ()

    def repeat(self, value: object) -> object:
        """One value for all axes as a list."""
        return value if isinstance(value, list | tuple | Node) or value is POISON else [value] * (self.length or 1)

    def explain(self, problem: str, steps: Steps, node: Node, scope: Scope) -> None:
        if isinstance(scope.resolve(node), Listing):
            super().explain(problem, steps, node, scope)
        elif not steps or steps[0] == 0:
            self.inner.explain(problem, steps[1:], node, scope)


class OneOrMore(OneOrList):
    """One value, which stays as it is, or a list of them, as a tuple."""

    def __init__(self, inner: Leaf) -> None:
        super().__init__(inner, least=1)
        self.words = f"{inner.words}, or a list of them"

    def make_core(self) -> CoreSchema:
        choices = {"one": self.inner.make_core(), "more": super().make_core()}
        return core_schema.tagged_union_schema(choices, discriminator=_describe_one_or_more)

    def explain(self, problem: str, steps: Steps, node: Node, scope: Scope) -> None:
        if isinstance(scope.resolve(node), Listing):
            super().explain(problem, steps[1:], node, scope)
        else:
            self.inner.explain(problem, steps[1:], node, scope)


def _describe_one_or_more(value: object) -> str:
    return "more" if isinstance(value, list | tuple) else "one"


class Either(Leaf):
    """A string of a few choices, or a value of another kind."""

    def __init__(self, choice: Choice, other: Leaf) -> None:
        self.choice, self.other = choice, other
        self.words = f"{choice.words}, or {other.words}"

    def make_core(self) -> CoreSchema:
        choices = {"text": self.choice.make_core(), "other": self.other.make_core()}
        return core_schema.tagged_union_schema(choices, discriminator=lambda value: "text" if isinstance(value, str) else "other")

    def choose_leaf(self, node: Node) -> Leaf:
        """Which of the two a node is held against."""
        return self.choice if isinstance(node, Scalar) and isinstance(node.value, str) else self.other

    def take(self, node: Node, scope: Scope) -> object:
        resolved = scope.resolve(node)
        return POISON if resolved is None else self.choose_leaf(resolved).take(resolved, scope)

    def explain(self, problem: str, steps: Steps, node: Node, scope: Scope) -> None:
        self.choose_leaf(scope.resolve(node) or node).explain(problem, steps[1:], node, scope)

    def make_schema(self) -> Schema:
        return {"anyOf": [self.choice.make_schema(), self.other.make_schema()]}
