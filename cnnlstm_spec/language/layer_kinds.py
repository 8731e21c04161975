"""Lists of layers as values of arguments; the registry of the scope reads them. Imports no layer."""

from __future__ import annotations

from ..text.nodes import Listing, Node
from .json_schema import Schema, make_either, make_one_key, make_ref
from .kinds import AnyKind
from .leaf import OpenLeaf, Unread
from .scope import Scope


class LayersKind(OpenLeaf):
    """A list of layers, structures and blocks."""

    words = "a list of layers"

    def read_node(self, node: Node, scope: Scope) -> object:
        if scope.registry is None and isinstance(node, Listing) and not node.items:
            return ()
        assert scope.registry is not None
        return scope.registry.read_items(node, scope)

    def make_schema(self) -> Schema:
        return make_ref("layers", lambda: {"type": ["array", "null"], "items": LAYER.make_schema()})


class LayerKind(OpenLeaf):
    """One layer, as the argument of a wrapper."""

    words = "a layer"

    def read_node(self, node: Node, scope: Scope) -> object:
        assert scope.registry is not None
        return scope.registry.read_item(node, scope)

    def make_schema(self) -> Schema:
        return make_ref("layer", lambda: make_either({"type": "string"}, make_one_key({}, {".": {}})))


class LaterLayersKind(AnyKind):
    """A list of layers as it is written: a variable may stand for it that has its value only where the list is read."""

    def __init__(self) -> None:
        super().__init__("a list of layers")

    def take(self, node: Node, scope: Scope) -> Unread:
        return Unread(node, scope)


LATER_LAYERS = LaterLayersKind()
LAYERS = LayersKind()
LAYER = LayerKind()
