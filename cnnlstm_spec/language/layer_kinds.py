"""Lists of layers as values of arguments; the registry of the scope reads them. Imports no layer."""

from __future__ import annotations

from typing import Any

from ..text.nodes import Listing, Node
from .leaf import OpenLeaf
from .scope import Scope


class LayersKind(OpenLeaf):
    """A list of layers, structures and blocks."""

    words = "a list of layers"

    def read_node(self, node: Node, scope: Scope) -> Any:
        if scope.registry is None and isinstance(node, Listing) and not node.items:
            return ()
        assert scope.registry is not None
        return scope.registry.read_items(node, scope)

    def schema(self) -> dict[str, Any]:
        return {"$ref": "#/$defs/layers"}


class LayerKind(OpenLeaf):
    """One layer, as the argument of a wrapper."""

    words = "a layer"

    def read_node(self, node: Node, scope: Scope) -> Any:
        assert scope.registry is not None
        return scope.registry.read_item(node, scope)

    def schema(self) -> dict[str, Any]:
        return {"$ref": "#/$defs/layer"}


LAYERS = LayersKind()
LAYER = LayerKind()
