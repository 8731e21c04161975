"""Layers written once and used several times: Repeat, and blocks with parameters. Copies have weights of their own."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from ..language.kinds import OWN_NATURAL, AnyKind, wrong_type
from ..language.layer_kinds import LAYERS
from ..language.read_record import place_at_key, read, read_record
from ..language.record import Checks
from ..language.scope import LAYERS_LIMIT, POISON, Scope, origin_of
from ..text.diagnostic import Code
from ..text.nodes import Listing, Mapping, Node, Scalar, node_of
from ..text.source import Path, Span
from .fusion import ONE_WAY
from .layer_list import Group, Item
from .structures import Structure

UNEQUAL_EACH = Code(
    "each-of-unequal-lengths", "error", "`{key}` has {given} values; `{first}` has {count}", help="give every list as many values"
)


class RepeatStructure(Structure):
    """Its layers several times over, each time with fresh weights."""

    times: Annotated[int | None, OWN_NATURAL] = None
    """How often."""
    each: Annotated[Node | None, AnyKind()] = None
    """Lists of equal length; a round for each position, as variables."""
    layers: Annotated[Node, AnyKind("a list of layers")]
    """The layers of a round; `$index` counts from 0."""

    def check(self, at: Checks) -> None:
        if self.is_written("times") == self.is_written("each"):
            at.report(ONE_WAY, owner="Repeat", keys="`times` or `each`")


def read_repeat(key: Scalar, arguments: Node, scope: Scope) -> Item | None:
    """The rounds of a repetition written out."""
    reading = read_record(RepeatStructure, place_at_key(arguments, key), scope, "Repeat")
    if reading is POISON:
        return None
    record = reading.record
    rounds = _rounds(record, scope)
    if rounds is None:
        return None
    origin = replace(origin_of(key, scope), written=reading.written)
    if not scope.spend(len(rounds), key):
        return None
    if not rounds:
        _read_unused(record, scope)
    groups = []
    homes = _homes(record, scope)
    for index, variables in enumerate(rounds):
        inner = scope.at("layers").having({**variables, "index": node_of(index)}, homes)
        items = read(LAYERS, record.layers, inner)
        if items is POISON:
            return None
        groups.append(Group(items, f"{index + 1} of {len(rounds)}", origin))
    return Group(tuple(groups), f"Repeat x {len(rounds)}", origin, record.name, record.share)


def _read_unused(record: RepeatStructure, scope: Scope) -> None:
    """The layers of no round at all, for the mistakes in them; what a round would give is not known."""
    names = [entry.key.text for entry in record.each.entries] if isinstance(record.each, Mapping) else []
    unknown = {name: unread(record.layers.span) for name in (*names, "index")}
    read(LAYERS, record.layers, scope.at("layers").having(unknown, _homes(record, scope)))


def _homes(record: RepeatStructure, scope: Scope) -> dict[str, Path]:
    """Where the variables of a round are defined, which is noted; `index` is nowhere."""
    found: dict[str, Path] = {}
    for entry in record.each.entries if isinstance(record.each, Mapping) else ():
        found[entry.key.text] = (*scope.path, "each", entry.key.text)
        scope.note_word(entry.key, *found[entry.key.text], defines=True)
    return found


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
