"""Layers written once and used several times: Repeat, and blocks with parameters. Copies have weights of their own."""

from __future__ import annotations

from collections import ChainMap
from dataclasses import replace
from typing import Any

from .argument import MISSING_KEY, Kind, Record, arg, read, read_record, report_unknown_keys
from .diagnostic import Code, Label
from .items import Group, Item
from .kinds import NAME, OWN_NATURAL, wrong_type
from .layers import LAYERS, at_key_if_empty, origin_of
from .recall import recall
from .scope import LAYERS_LIMIT, POISON, TOO_MANY_LAYERS, Scope
from .source import Span
from .structures import ONE_OF, Structure
from .syntax import TOO_DEEP, Listing, Mapping, Node, Scalar, node_of

BLOCK_CYCLE = Code(
    "block-cycle", "error", "the block `{name}` uses itself", help="take the use out, or end the chain in another block"
)
UNEQUAL_EACH = Code(
    "each-of-unequal-lengths", "error", "`{key}` has {given} values; `{first}` has {count}", help="give every list as many values"
)


class AnyKind(Kind):
    """Whatever is written, kept as a node."""

    def __init__(self, words: str = "a mapping") -> None:
        self.words = words

    def read(self, node: Node, scope: Scope) -> Any:
        return node

    def schema(self) -> dict[str, Any]:
        return {}


class RepeatStructure(Structure):
    """Its layers several times over, each time with fresh weights."""

    times: int | None = arg(OWN_NATURAL, None, doc="How often.")
    each: Node | None = arg(AnyKind(), None, doc="Lists of equal length; a round for each position, as variables.")
    layers: Node = arg(AnyKind("a list of layers"), doc="The layers of a round; `$index` counts from 0.")

    def check(self, scope: Scope, node: Node) -> bool:
        if self.is_written("times") == self.is_written("each"):
            scope.report(ONE_OF, node, owner="Repeat", keys="`times` or `each`")
            return False
        return True


def read_repeat(key: Scalar, arguments: Node, scope: Scope) -> Item | None:
    """The rounds of a repetition written out."""
    record = read_record(RepeatStructure, at_key_if_empty(arguments, key), scope, "Repeat")
    if record is POISON:
        return None
    rounds = _rounds(record, scope)
    if rounds is None:
        return None
    origin = origin_of(key, scope)
    if not scope.spend(len(rounds), key):
        return None
    if not rounds:
        _read_unused(record, scope)
    groups = []
    for index, variables in enumerate(rounds):
        inner = scope.at("layers").having({**variables, "index": node_of(index)})
        items = read(LAYERS, record.layers, inner)
        if items is POISON:
            return None
        groups.append(Group(items, f"{index + 1} of {len(rounds)}", origin))
    return Group(tuple(groups), f"Repeat x {len(rounds)}", origin, record.name, record.share)


def _read_unused(record: RepeatStructure, scope: Scope) -> None:
    """The layers of no round at all, for the mistakes in them; what a round would give is not known."""
    names = [entry.key.text for entry in record.each.entries] if isinstance(record.each, Mapping) else []
    unknown = {name: unread(record.layers.span) for name in (*names, "index")}
    read(LAYERS, record.layers, scope.at("layers").having(unknown))


def unread(span: Span) -> Scalar:
    """Stands for a value that nobody gives; nothing complains about what rests on it."""
    return Scalar(span, None, "", broken=True)


def _rounds(record: RepeatStructure, scope: Scope) -> list[dict[str, Node]] | None:
    """The variables of each round."""
    if record.times is not None:
        return [{} for _ in range(min(record.times, LAYERS_LIMIT + 1))]
    assert record.each is not None
    inner = scope.at("each")
    each = inner.resolve(record.each)
    if each is None:
        return None
    if not isinstance(each, Mapping) or not each.entries:
        wrong_type(each, inner, "a mapping of names to lists")
        return None
    lists: dict[str, Listing] = {}
    for entry in each.entries:
        at = inner.at(entry.key.text)
        value = at.resolve_deep(entry.value)
        if value is None:
            return None
        if not isinstance(value, Listing):
            wrong_type(value, at, "a list of values")
            return None
        lists[entry.key.text] = value
        first = next(iter(lists))
        if len(value.items) != len(lists[first].items):
            facts: dict[str, Any] = {
                "key": entry.key.text,
                "given": len(value.items),
                "first": first,
                "count": len(lists[first].items),
            }
            at.report(UNEQUAL_EACH, entry.value, **facts)
            return None
    count = len(next(iter(lists.values())).items)
    return [{name: values.items[index] for name, values in lists.items()} for index in range(count)]


class Block(Record):
    """A list of layers with parameters, to be used like a layer."""

    parameters: Node | None = arg(AnyKind(), None, doc="Names to defaults, or to `required`.")
    layers: Node = arg(AnyKind("a list of layers"), doc="The layers.")


def read_block(key: Scalar, arguments: Node, scope: Scope) -> Item | None:
    """The layers of a block, written out with the parameters of this use."""
    name = key.text
    if _uses_itself(key, scope):
        scope.report(BLOCK_CYCLE, key, name=name)
        return None
    if not scope.spend(1, key):
        return None
    scope.expanded.add(name)
    definition = replace(scope, path=("blocks", name), variables=scope.globals, uses=())
    block = read_record(Block, scope.blocks[name], definition, name)
    resolved = scope.resolve(arguments)
    if block is POISON or resolved is None:
        return None
    parameters = definition.at("parameters").resolve(block.parameters) if block.parameters else Mapping(key.span, ())
    if not isinstance(parameters, Mapping):
        return None
    used = _read_use(name, at_key_if_empty(resolved, key), parameters, scope, definition)
    if used is None:
        return None
    values, title, share = used
    inner = replace(
        scope,
        path=("blocks", name),
        variables={**scope.globals, **values},
        within=(*scope.within, (name, key.span)),
        uses=(*scope.uses, Label(scope.place(key), f"`{name}` is used here")),
    )
    items = read(LAYERS, block.layers, inner.at("layers"))
    if items is POISON:
        return None
    return Group(items, name, origin_of(key, scope), title, share)


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
    block = read_record(Block, node, scope, name)
    parameters = None if block is POISON or not block.parameters else scope.at("parameters").resolve(block.parameters)
    if block is POISON or (block.parameters and not isinstance(parameters, Mapping)):
        return
    entries = parameters.entries if isinstance(parameters, Mapping) else ()
    values = {each.key.text: unread(each.key.span) if _is_required(each.value) else each.value for each in entries}
    read(LAYERS, block.layers, scope.having(values).at("layers"))


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
) -> tuple[dict[str, Node], str | None, str | None] | None:
    """The values of a block's parameters at one use, with its `name` and `share`."""
    if not isinstance(arguments, Mapping):
        wrong_type(arguments, scope, "a mapping of parameters")
        return None
    before = len(scope.found)
    own = {entry.key.text for entry in parameters.entries}
    values: dict[str, Node] = {}
    names: dict[str, Any] = {"name": None, "share": None}
    unknown = []
    for entry in arguments.entries:
        key, inner = entry.key.text, scope.at(entry.key.text)
        if key in own:
            value = inner.resolve_deep(entry.value)
            values[key] = unread(entry.value.span) if value is None else value
        elif key in names:
            names[key] = read(NAME, entry.value, inner)
        else:
            unknown.append(entry)
    needed = {each.key.text: "a required parameter" for each in parameters.entries if _is_required(each.value)}
    needed = {key: words for key, words in needed.items() if key not in values}
    meant = report_unknown_keys(unknown, scope, name, (*own, *names), needed)
    # A default may rest on parameters before it.
    before_it = replace(definition, variables=ChainMap(values, dict(definition.variables)))
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
    return (values, names["name"], names["share"]) if len(scope.found) == before else None
