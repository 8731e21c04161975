"""Reading a list of layers: a name to an op, a structure or a block. Imports no layer itself."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from .argument import NOT_A_MAPPING, Kind, read_fields
from .diagnostic import Code, Label
from .items import Item, Layer, Origin
from .kinds import Boolean, Choice, given
from .op import Op
from .ops import find_op, former, known_layers, refusal
from .own import about_offered, installed, read_own
from .recall import recall
from .scope import Scope, did_you_mean
from .syntax import TOO_DEEP, Listing, Mapping, Node, Scalar, words_for

UNKNOWN_LAYER = Code("unknown-layer", "error", "there is no layer `{name}`")
REFUSED_LAYER = Code("layer-not-supported", "error", "`{name}` cannot stand in a spec: {reason}")
NOT_A_LAYER = Code(
    "not-a-layer",
    "error",
    "a layer is `Name` or `Name: {{argument: value}}`; this is {given}",
    help="write `- Dense: {units: 64}` or `- Flatten`",
)
KEYS_BESIDE = Code("arguments-not-indented", "error", "`{key}` stands beside `{layer}`, not inside it")
NOT_A_LIST = Code("not-a-list", "error", "`{key}` is a list of layers; this is {given}")
DEEPEST = 128
"""Steps of an address, which blocks can make longer than the text is deep."""
STRUCTURES = ("TimeDistributed", "Residual", "Parallel", "Repeat")


class LayersKind(Kind):
    """A list of layers, structures and blocks."""

    words = "a list of layers"

    def read(self, node: Node, scope: Scope) -> Any:
        return recall(_read_items, node, scope)

    def schema(self) -> dict[str, Any]:
        return {"$ref": "#/$defs/layers"}


class LayerKind(Kind):
    """One layer, as the argument of a wrapper."""

    words = "a layer"

    def read(self, node: Node, scope: Scope) -> Any:
        return read_item(node, scope)

    def schema(self) -> dict[str, Any]:
        return {"$ref": "#/$defs/layer"}


LAYERS = LayersKind()
LAYER = LayerKind()


def _read_items(node: Node, scope: Scope) -> Any:
    if isinstance(node, Scalar) and node.value is None:
        return ()
    if not isinstance(node, Listing):
        help = ("a list's items begin with `- `",) if isinstance(node, Mapping) else ()
        if isinstance(node, Scalar) and isinstance(node.value, str):
            help = (f"write `[{node.text}]`",)
        return scope.report(NOT_A_LIST, node, key=scope.name, given=words_for(node), help=help)
    items = (recall(read_item, item, scope.at(index)) for index, item in enumerate(node.items))
    return tuple(item for item in items if item is not None)


def read_item(node: Node, scope: Scope) -> Item | None:
    """One item of a list of layers; a Layer without an op where it could not be read."""
    resolved = scope.resolve(node)
    broken = Layer(None, origin_of(node, scope))
    if resolved is None:
        return broken
    named = _name_and_arguments(resolved, scope)
    if named is None:
        return broken
    if len(scope.address) > DEEPEST:
        scope.report(TOO_DEEP, named[0], limit=DEEPEST)
        return broken
    key, arguments = named
    name, origin = key.text, origin_of(key, scope)
    if name in STRUCTURES:
        from .structures import read_structure

        return read_structure(name, key, arguments, scope) or broken
    if name in scope.blocks:
        from .reuse import read_block

        return read_block(key, arguments, scope) or broken
    op = read_op(key, arguments, scope)
    return Layer(op, origin, meant_op(key, arguments, scope) if op is None else None)


def origin_of(node: Node, scope: Scope) -> Origin:
    """Where a node is written, as an origin."""
    return Origin(scope.place(node), scope.address, scope.uses)


def read_op(key: Scalar, arguments: Node, scope: Scope) -> Op | None:
    """A layer by its Keras name."""
    name = key.text
    cls = scope.layers.get(name) or find_op(name) or installed(key, scope)
    if cls is None:
        _report_unknown(key, scope)
        return None
    resolved = scope.resolve(arguments)
    if resolved is None:
        return None
    if isinstance(resolved, Scalar) and resolved.value is not None and len(required := _required(cls)) == 1:
        help: tuple[str, ...] = (f"write `{name}: {{{required[0]}: {resolved.text}}}`",)
        scope.report(NOT_A_MAPPING, resolved, owner=name, given=words_for(resolved), help=help)
        return None
    op = read_own(cls, at_key_if_empty(resolved, key), key, scope, name)
    return op if isinstance(op, Op) else None


def meant_op(key: Scalar, arguments: Node, scope: Scope) -> Op | None:
    """A layer of ours with mistakes in its arguments, with Keras's defaults in their place.

    None where one of them may decide how many axes it gives: a flag, one of several names, or what is required.
    """
    quiet = replace(scope, found=[], budget=[0], expanded=set(), guessed=set(), memory=None)
    cls = find_op(key.text) if key.text not in scope.layers else None
    resolved = quiet.resolve(arguments)
    if cls is None or not isinstance(resolved, Mapping):
        return None
    values = read_fields(cls, resolved, quiet, key.text)
    unread = [argument for name, argument in cls.arguments.items() if name not in values]
    if any(each.required or isinstance(getattr(each.kind, "inner", each.kind), Boolean | Choice) for each in unread):
        return None
    op = cls(**values)
    op.places, op.keys = {}, {}
    return op


def _required(cls: type[Op]) -> list[str]:
    return [name for name, argument in cls.arguments.items() if argument.required]


def at_key_if_empty(node: Node, key: Scalar) -> Node:
    """Arguments; where there are none, an empty mapping at the name, where a missing key is then reported."""
    empty = (isinstance(node, Scalar) and node.value is None) or (isinstance(node, Mapping) and not node.entries)
    return Mapping(key.span, ()) if empty else node


def _report_unknown(key: Scalar, scope: Scope) -> None:
    name = key.text
    if (refused := refusal(name)) is not None:
        reason, instead = refused
        scope.report(REFUSED_LAYER, key, name=name, reason=reason, help=(instead,))
        return
    if scope.layers_unread:
        return
    known = (*known_layers(), *STRUCTURES, *scope.blocks, *scope.layers)
    written = re.match(r"(\w+)\s*([ ({])", name)
    help: tuple[str, ...]
    if (now := former(name)) is not None:
        help = (now,)
    elif written and written[1] in known:
        missing = "a colon is missing" if written[2] != "(" else "arguments go into a mapping"
        help = (f"{missing}: `{written[1]}: {{argument: value}}`",)
    else:
        help = did_you_mean(name, known) or _where_layers_are(key, scope)
    scope.report(UNKNOWN_LAYER, key, name=name, help=help)


def _where_layers_are(key: Scalar, scope: Scope) -> tuple[str, ...]:
    return ("`cnnlstm-spec layers` lists the layers", *about_offered(key, scope))


def _name_and_arguments(node: Node, scope: Scope) -> tuple[Scalar, Node] | None:
    if isinstance(node, Scalar) and isinstance(node.value, str):
        return node, Scalar(node.span, None, "")
    if isinstance(node, Mapping) and len(node.entries) == 1:
        return node.entries[0].key, node.entries[0].value
    if isinstance(node, Mapping) and node.entries:
        first, second = node.entries[0], node.entries[1]
        help = (f"indent `{second.key.text}` below `{first.key.text}`, or begin a new item with `- `",)
        label = Label(scope.place(first.key), "this is the layer")
        scope.report(KEYS_BESIDE, second.key, key=second.key.text, layer=first.key.text, help=help, labels=(label,))
        return None
    shown = given(node)
    scope.report(NOT_A_LAYER, node, given=shown)
    return None
