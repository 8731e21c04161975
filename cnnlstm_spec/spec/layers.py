"""Reading a list of layers, item by item; the registry tells what each name stands for."""

from __future__ import annotations

from dataclasses import replace

from ..language.cached_reading import recall
from ..language.meanings import LayerName
from ..language.read_record import NOT_A_MAPPING
from ..language.scope import DEEPEST, POISON, Poison, Registry, Scope, make_origin
from ..ops import is_known_layer
from ..ops.read_layer import read_name
from ..text.diagnostic import Code
from ..text.fix import write
from ..text.nodes import TOO_DEEP, Entry, Listing, Mapping, Node, Scalar, describe_sort
from .layer_list import Item, Layer
from .other_forms import find_named_merge, merge_instead, suggest_layer_list
from .registry import STRUCTURES, find_reader

NOT_A_LIST = Code("not-a-list", "error", "`{key}` is a list of layers; this is {given}")


class LayerRegistry(Registry):
    """Layers of Keras, structures, blocks and a person's own layers."""

    structures = tuple(STRUCTURES)

    def has(self, name: str) -> bool:
        return name in STRUCTURES or is_known_layer(name)

    def read_item(self, node: Node, scope: Scope) -> Item:
        return read_item(node, scope)

    def read_items(self, node: Node, scope: Scope) -> tuple[Item, ...] | Poison:
        return recall(read_items, node, scope)


def read_items(node: Node, scope: Scope) -> tuple[Item, ...] | Poison:
    """The items of a list of layers, or POISON."""
    if isinstance(node, Scalar) and node.value is None:
        return ()
    if not isinstance(node, Listing):
        help, fixes = suggest_layer_list(node, scope) if isinstance(node, Mapping) else ((), ())
        if isinstance(node, Scalar) and isinstance(node.value, str):
            help, fixes = (f"write `[{node.text}]`",), (write(node.span, f"[{node.text}]"),)
        return scope.report(NOT_A_LIST, node, key=scope.name, given=describe_sort(node), help=help, fixes=fixes)
    if not scope.spend(len(node.items), node):
        return POISON
    if len(scope.address) > DEEPEST:
        # A list that stands among its own items is as deep as one likes.
        return scope.report(TOO_DEEP, node, limit=DEEPEST)
    items: list[Item] = []
    for index, item in enumerate(node.items):
        merged = find_named_merge(item)
        if merged is not None:
            items.append(_report_merge(merged, node, index, scope))
            continue
        listed = _find_listed(item, scope)
        found = recall(read_item, item, scope.enter(index)) if listed is None else recall(read_items, listed, scope.enter(index))
        if found is POISON:
            return POISON
        items += found if isinstance(found, tuple) else (found,)
    return tuple(items)


def _report_merge(merged: Entry, node: Listing, index: int, scope: Scope) -> Layer:
    """Says of a merging layer that is given names, as in `Add: [x, first]`, how layers of one list are merged."""
    key, names = merged.key, merged.value
    help, fixes = merge_instead(merged, node.items[:index])
    scope.enter(index).report(NOT_A_MAPPING, names, owner=key.text, given=describe_sort(names), help=help, fixes=fixes)
    return Layer(None, make_origin(key, scope.enter(index)))


def _find_listed(node: Node, scope: Scope) -> Listing | None:
    """The list of layers that a variable among layers stands for, whose items are then among them; None of any other item."""
    if isinstance(node, Listing):
        return node if node.named else None
    if not (isinstance(node, Scalar) and isinstance(node.value, str) and node.value.startswith("$")):
        return None
    found = replace(scope, found=[], index=None).resolve(node)
    if not isinstance(found, Listing):
        return None
    scope.note_variables(node)
    return found


def read_item(node: Node, scope: Scope) -> Item:
    """One item of a list of layers; a Layer without an op where it could not be read."""
    resolved = scope.resolve(node)
    broken = Layer(None, make_origin(node, scope))
    if resolved is None:
        return broken
    named = read_name(resolved, scope)
    if named is None:
        return broken
    key, arguments = named
    scope.note(LayerName(key.span, key.text, scope.blocks))
    if len(scope.address) > DEEPEST:
        scope.report(TOO_DEEP, key, limit=DEEPEST)
        return broken
    return find_reader(key.text, scope)(key, arguments, scope) or broken
