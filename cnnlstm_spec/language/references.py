"""Names of what is read elsewhere in the model, as values of arguments: `video`, `video.conv3`, `all`. Imports no layer."""

from __future__ import annotations

from typing import Self

from ..text.diagnostic import Origin
from ..text.nodes import WRONG_TYPE, Listing, Node, Scalar, show_given
from .json_schema import Schema
from .kinds import Optional
from .leaf import OpenLeaf
from .meanings import Address
from .scope import POISON, Poison, Scope, make_origin


class Reference(str):
    """The name of a branch, a fusion or a layer in one, and where it is written."""

    origin: Origin

    def __new__(cls, name: str, origin: Origin) -> Self:
        """A name at its place."""
        made = super().__new__(cls, name)
        made.origin = origin
        return made


def is_pattern(ref: str) -> bool:
    """Whether the name of a branch in a reference has a `*`, which stands for any characters."""
    return "*" in ref.partition(".")[0]


class StatesKind(OpenLeaf[tuple[Reference, ...]]):
    """The address that a state is read from, or a list of them."""

    canonical = (tuple,)
    words = "an address, or a list of them"

    def read_node(self, node: Node, scope: Scope) -> tuple[Reference, ...] | Poison:
        items = node.items if isinstance(node, Listing) else (node,)
        read = [
            self._read_one(item, scope.enter(index) if isinstance(node, Listing) else scope) for index, item in enumerate(items)
        ]
        if not read:
            return self._refuse(node, scope)
        found = tuple(each for each in read if each is not POISON)
        return found if len(found) == len(read) else POISON

    def _read_one(self, item: Node, scope: Scope) -> Reference | Poison:
        node = scope.resolve(item)
        if node is None:
            return POISON
        if isinstance(node, Scalar) and isinstance(node.value, str):
            scope.note(Address(scope.find_written(node), node.value, whole=False))
            return Reference(node.value, make_origin(node, scope))
        return self._refuse(node, scope)

    def _refuse(self, node: Node, scope: Scope) -> Poison:
        help = ("an address is the name of a branch or a fusion, or `branch.layer` of a layer that has a `name`",)
        return scope.report(WRONG_TYPE, node, key=scope.name, words=self.words, given=show_given(node), help=help)

    def make_schema(self) -> Schema:
        return {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}


STATES = Optional(StatesKind())
