"""Blocks: layers with parameters, written once and used like a layer. Copies have weights of their own."""

from __future__ import annotations

from collections import ChainMap
from dataclasses import replace
from typing import Annotated, Any

from ..language.cached_reading import recall
from ..language.kinds import NAME, AnyKind, Optional, wrong_type
from ..language.layer_kinds import LAYERS
from ..language.leaf import OpenLeaf
from ..language.meanings import Described
from ..language.read_record import MISSING_KEY, note_keys, place_at_key, read, read_record, report_unknown_keys
from ..language.record import Record
from ..language.scope import POISON, TOO_MANY_LAYERS, Scope, origin_of
from ..text.diagnostic import Code, Label, Written
from ..text.nodes import TOO_DEEP, Entry, Mapping, Node, Scalar, value_of
from ..text.source import Path, Place, Span
from .layer_list import Group, Item
from .repeat import unread

BLOCK_CYCLE = Code(
    "block-cycle", "error", "the block `{name}` uses itself", help="take the use out, or end the chain in another block"
)


class ParametersKind(OpenLeaf):
    """Names to defaults, as a node; null is none."""

    words = "a mapping of names to defaults, or to `required`"
    canonical = (Mapping,)

    def read_node(self, node: Node, scope: Scope) -> Any:
        resolved = scope.resolve(node)
        if isinstance(resolved, Scalar) and resolved.value is None:
            return None
        if resolved is not None and not isinstance(resolved, Mapping):
            return wrong_type(resolved, scope, self.words)
        return POISON if resolved is None else resolved

    def schema(self) -> dict[str, Any]:
        return {}


class Named(Record):
    """What every use of a block takes beside its parameters."""

    name: Annotated[str | None, Optional(NAME)] = None
    """Names the output."""
    share: Annotated[str | None, Optional(NAME)] = None
    """All that carry this name have one set of weights."""


class Parameter(Described):
    """A parameter of a block."""

    def __init__(self, entry: Entry, required: bool) -> None:
        self.name, self.entry, self.is_required = entry.key.text, entry, required

    @property
    def words(self) -> str:
        return "a required parameter of the block" if self.is_required else "a parameter of the block"

    @property
    def doc(self) -> str:
        return ""

    @property
    def required(self) -> bool:
        return self.is_required

    @property
    def default(self) -> Any:
        return value_of(self.entry.value)

    def schema(self) -> dict[str, Any]:
        return {}


class Block(Record):
    """A list of layers with parameters, to be used like a layer."""

    parameters: Annotated[Mapping | None, ParametersKind()] = None
    """Names to defaults, or to `required`."""
    layers: Annotated[Node, AnyKind("a list of layers")]
    """The layers."""


def read_block(key: Scalar, arguments: Node, scope: Scope) -> Item | None:
    """The layers of a block, written out with the parameters of this use."""
    name = key.text
    if _uses_itself(key, scope):
        scope.report(BLOCK_CYCLE, key, name=name)
        return None
    if not scope.spend(1, key):
        return None
    scope.expanded.add(name)
    scope.note_word(key, "blocks", name)
    definition = replace(scope, path=("blocks", name), variables=scope.globals, homes=_homes(scope), uses=())
    reading = read_record(Block, scope.blocks[name], definition, name)
    resolved = scope.resolve(arguments)
    if reading is POISON or resolved is None:
        return None
    block = reading.record
    parameters = block.parameters if block.parameters is not None else Mapping(key.span, ())
    used = _read_use(name, place_at_key(resolved, key), parameters, scope, definition)
    if used is None:
        return None
    values, title, share, written = used
    inner = replace(
        scope,
        path=("blocks", name),
        variables={**scope.globals, **values},
        homes=_homes(scope, name, parameters),
        within=(*scope.within, (name, key.span)),
        uses=(*scope.uses, Label(scope.place(key), f"`{name}` is used here")),
    )
    items = read(LAYERS, block.layers, inner.at("layers"))
    if items is POISON:
        return None
    return Group(items, name, replace(origin_of(key, scope), written=written), title, share)


def read_unused(scope: Scope) -> None:
    """The blocks that nothing uses, for the mistakes in them; a required parameter has no value then.

    Not where writing blocks out was broken off, which leaves some that are used.
    """
    if any(each.code in (TOO_DEEP, TOO_MANY_LAYERS) for each in scope.found):
        return
    for name, node in scope.blocks.items():
        if name in scope.expanded:
            continue
        recall(_read_unused_block, node, replace(scope, path=("blocks", name), within=((name, node.span),)), name)


def _read_unused_block(node: Node, scope: Scope, name: str) -> None:
    reading = read_record(Block, node, scope, name)
    if reading is POISON:
        return
    block = reading.record
    entries = block.parameters.entries if block.parameters is not None else ()
    values = {each.key.text: unread(each.key.span) if _is_required(each.value) else each.value for each in entries}
    parameters = block.parameters or Mapping(node.span, ())
    read(LAYERS, block.layers, scope.having(values, _homes(scope, name, parameters)).at("layers"))


def _homes(scope: Scope, name: str = "", parameters: Mapping | None = None) -> dict[str, Path]:
    """Where the variables that a block sees are defined; its parameters are noted as they are."""
    found: dict[str, Path] = {each: ("vars", each) for each in scope.globals}
    for entry in parameters.entries if parameters is not None else ():
        found[entry.key.text] = ("blocks", name, "parameters", entry.key.text)
        scope.note_word(entry.key, *found[entry.key.text], defines=True)
    return found


def _is_required(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value == "required"


def _uses_itself(key: Scalar, scope: Scope) -> bool:
    """Whether the block is being expanded for this very use, or its definition, or that of a block in it, holds the use.

    A block among the arguments of the same block is another use, and has an end.
    """
    names = [name for name, _ in scope.within]
    if key.text not in names:
        return False
    home = scope.blocks[key.text].span
    for name, span in scope.within[names.index(key.text) + 1 :]:
        if _holds(home, span):
            home = scope.blocks[name].span
    return _holds(home, key.span) or any(span == key.span for _, span in scope.within)


def _holds(outer: Span, inner: Span) -> bool:
    return outer.source is inner.source and outer.start <= inner.start < outer.end


def _read_use(
    name: str, arguments: Node, parameters: Mapping, scope: Scope, definition: Scope
) -> tuple[dict[str, Node], str | None, str | None, Written] | None:
    """The values of a block's parameters at one use, with its `name` and `share`, and where those are written."""
    if not isinstance(arguments, Mapping):
        wrong_type(arguments, scope, "a mapping of parameters")
        return None
    before = len(scope.found)
    own = {entry.key.text for entry in parameters.entries}
    if scope.index is not None:
        taken = {each.key.text: Parameter(each, _is_required(each.value)) for each in parameters.entries}
        note_keys({**taken, **Named.arguments}, arguments, scope, name)
    values: dict[str, Node] = {}
    names: dict[str, Any] = {"name": None, "share": None}
    places: dict[str, Place] = {}
    unknown = []
    for entry in arguments.entries:
        key, inner = entry.key.text, scope.at(entry.key.text)
        if key in own:
            scope.note_word(entry.key, "blocks", name, "parameters", key)
            value = inner.resolve_deep(entry.value)
            values[key] = unread(entry.value.span) if value is None else value
        elif key in names:
            names[key] = read(NAME, entry.value, inner)
            places[key] = inner.place(entry.value)
        else:
            unknown.append(entry)
    needed = {each.key.text: "a required parameter" for each in parameters.entries if _is_required(each.value)}
    needed = {key: words for key, words in needed.items() if key not in values}
    meant = report_unknown_keys(unknown, scope, name, (*own, *names), needed)
    # A default may rest on parameters before it.
    homes = _homes(replace(definition, index=None), name, parameters)
    before_it = replace(definition, variables=ChainMap(values, dict(definition.variables)), homes=homes)
    for entry in parameters.entries:
        if entry.key.text in values or entry.key.text in meant:
            continue
        if entry.key.text in needed:
            scope.report(
                MISSING_KEY, arguments, owner=name, key=entry.key.text, help=("it is a required parameter of the block",)
            )
        else:
            default = before_it.resolve_deep(entry.value)
            values[entry.key.text] = unread(entry.value.span) if default is None else default
    return (values, names["name"], names["share"], Written(places)) if len(scope.found) == before else None
