"""Blocks: layers with parameters, written once and used like a layer. Copies have weights of their own."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Collection
from dataclasses import replace
from typing import Annotated, Any

from ..language.cached_reading import recall
from ..language.foreign import suggest_line, write_flow
from ..language.json_schema import Schema
from ..language.kinds import BOOLEAN, NAME, Optional, report_wrong_type
from ..language.layer_kinds import LATER_LAYERS, LAYERS
from ..language.leaf import OpenLeaf
from ..language.read_record import place_at_key, read, read_keys, read_record
from ..language.record import Record, Taken
from ..language.scope import POISON, TOO_MANY_LAYERS, Poison, Scope, find_nearest, make_origin
from ..text.diagnostic import Code, Label, Written
from ..text.fix import Fix
from ..text.frozen import dataclass
from ..text.nodes import TOO_DEEP, WRONG_TYPE, Entry, Listing, Mapping, Node, Scalar, show_given, to_value
from ..text.source import Path, Place, Span
from .layer_list import Group, Item
from .other_forms import are_names
from .rounds import make_unread

BLOCK_CYCLE = Code(
    "block-cycle", "error", "the block `{name}` uses itself", help="take the use out, or end the chain in another block"
)


class ParametersKind(OpenLeaf[Mapping | None]):
    """Names to defaults, as a node; null is none."""

    words = "a mapping of names to defaults"
    canonical = (Mapping,)

    def read_node(self, node: Node, scope: Scope) -> Mapping | Poison | None:
        resolved = scope.resolve(node)
        if isinstance(resolved, Scalar) and resolved.value is None:
            return None
        if isinstance(resolved, Listing) and are_names(resolved):
            line = f"{{{', '.join(f'{write_flow(each)}: required' for each in resolved.items)}}}"
            help, fixes = suggest_line(line, resolved)
            words = self.words
            return scope.report(
                WRONG_TYPE, resolved, key=scope.name, words=words, given=show_given(resolved), help=help, fixes=fixes
            )
        if resolved is not None and not isinstance(resolved, Mapping):
            return report_wrong_type(resolved, scope, self.words)
        if resolved is None:
            return POISON
        named = [scope.can_name(entry.key, "a parameter", TAKEN) for entry in resolved.entries]
        return resolved if all(named) else POISON

    def make_schema(self) -> Schema:
        return {}


class BlockUse(Record):
    """What every use of a block takes beside its parameters."""

    name: Annotated[str | None, Optional(NAME)] = None
    """Names the output."""
    share: Annotated[str | None, Optional(NAME)] = None
    """All that carry this name have one set of weights."""
    freeze_batch_norm: Annotated[bool, BOOLEAN] = False
    """Whether its batch norms are frozen, whatever else is trained."""


TAKEN = dict.fromkeys(BlockUse.arguments, "every use of a block takes it already: choose another name")


class ParameterValue(OpenLeaf):
    """Any value for a parameter, with its variables replaced: the block has others."""

    canonical = (Node,)

    def read_node(self, node: Node, scope: Scope) -> Node:
        value = scope.resolve_deep(node)
        return make_unread(node.span) if value is None else value

    def read(self, node: Node, scope: Scope) -> Node:
        return self.read_node(node, scope)

    def make_schema(self) -> Schema:
        return {}


class Parameter(Taken):
    """A parameter of a block."""

    kind = ParameterValue()

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
    def default(self) -> object:
        return to_value(self.entry.value)

    def make_schema(self) -> Schema:
        return {}


class Block(Record):
    """A list of layers with parameters, to be used like a layer."""

    parameters: Annotated[Mapping | None, ParametersKind()] = None
    """Names to defaults, or to `required`."""
    layers: Annotated[Node, LATER_LAYERS]
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
    definition = replace(scope, path=("blocks", name), variables=scope.globals, homes=_find_homes(scope), uses=())
    reading = read_record(Block, scope.blocks[name], definition, name)
    resolved = scope.resolve(arguments)
    if reading is POISON or resolved is None:
        return None
    block = reading.record
    parameters = block.parameters if block.parameters is not None else Mapping(key.span, ())
    at_use = scope.copy_listening()
    used = _read_use(name, place_at_key(resolved, key), parameters, at_use, definition)
    scope.found.extend(at_use.found)
    if used is None:
        return None
    values, keys, written = used
    inner = replace(
        scope,
        path=("blocks", name),
        variables={**scope.globals, **values},
        homes=_find_homes(scope, name, parameters),
        within=(*scope.within, (name, key.span)),
        uses=(*scope.uses, Label(scope.make_place(key), f"`{name}` is used here")),
    )
    items = read(LAYERS, block.layers, inner.enter("layers"))
    if items is POISON:
        return None
    norms = written.keys["freeze_batch_norm"] if keys.get("freeze_batch_norm") else None
    origin = replace(make_origin(key, scope), written=written)
    return Group(items, name, origin, keys.get("name"), keys.get("share"), norms, is_use=True)


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
    values = {each.key.text: make_unread(each.key.span) if _is_required(each.value) else each.value for each in entries}
    parameters = block.parameters or Mapping(node.span, ())
    read(LAYERS, block.layers, scope.add_variables(values, _find_homes(scope, name, parameters)).enter("layers"))


def _find_homes(scope: Scope, name: str = "", parameters: Mapping | None = None) -> dict[str, Path]:
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


@dataclass(frozen=True)
class Use:
    """The keys at a use of a block: its parameters, and what every layer may be given."""

    parameters: Mapping

    @property
    def arguments(self) -> dict[str, Taken]:
        """By name, each key."""
        return {
            **BlockUse.arguments,
            **{each.key.text: Parameter(each, _is_required(each.value)) for each in self.parameters.entries},
        }

    def find_missing(self, written: Collection[str]) -> dict[str, str]:
        """The required parameters that are not written."""
        return {name: each.words for name, each in self.arguments.items() if each.required and name not in written}

    def list_meant(self, entry: Entry) -> list[str]:
        """The keys that one which it does not have may be taken for."""
        return list(self.arguments)

    def find_home(self, entry: Entry, node: Mapping) -> str | None:
        """None, as nothing is known."""
        return None

    def explain_keys(self, entries: tuple[Entry, ...], node: Mapping, scope: Scope) -> tuple[str, ...]:
        """Of a block without parameters, that none is declared; of `trainable`, how a block hands it on."""
        key = entries[0].key.text
        if key == "trainable":
            return ("declare `parameters: {trainable: true}` in the block, and give each layer in it `trainable: $trainable`",)
        declared = self.parameters.entries or find_nearest(key, self.arguments)
        return () if declared else (f"a parameter is declared in the block: `parameters: {{{key}: required}}`",)

    def mend_keys(self, entries: tuple[Entry, ...], node: Mapping) -> tuple[Fix, ...]:
        """None, as nothing is known."""
        return ()


def _read_use(
    name: str, arguments: Node, parameters: Mapping, scope: Scope, definition: Scope
) -> tuple[dict[str, Node], dict[str, Any], Written] | None:
    """The values of a block's parameters at one use, its other keys, and where those are written; None if anything is found."""
    if not isinstance(arguments, Mapping):
        report_wrong_type(arguments, scope, "a mapping of parameters")
        return None
    own = {each.key.text for each in parameters.entries}
    given, meant = read_keys(Use(parameters), arguments, scope, name)
    values: dict[str, Node] = {key: given.pop(key) for key in own.intersection(given)}
    places: dict[str, Place] = {}
    keys: dict[str, Place] = {}
    for entry in arguments.entries:
        if entry.key.text in values:
            scope.note_word(entry.key, "blocks", name, "parameters", entry.key.text)
        elif entry.key.text in given:
            at = scope.enter(entry.key.text)
            places[entry.key.text], keys[entry.key.text] = at.make_place(entry.value), at.make_place(entry.key)
    # A default may rest on parameters before it.
    homes = _find_homes(replace(definition, index=None), name, parameters)
    before_it = replace(definition, found=scope.found, variables=ChainMap(values, dict(definition.variables)), homes=homes)
    for entry in parameters.entries:
        if entry.key.text not in values and entry.key.text not in meant and not _is_required(entry.value):
            default = before_it.resolve_deep(entry.value)
            values[entry.key.text] = make_unread(entry.value.span) if default is None else default
    return None if scope.found else (values, given, Written(places, keys))
