"""Layers written once and used several times: Repeat, and blocks with parameters. Copies have weights of their own."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, ClassVar

from ..language.kinds import OWN_NATURAL, AnyKind
from ..language.layer_kinds import LATER_LAYERS, LAYERS
from ..language.read_record import place_at_key, read, read_record
from ..language.record import Checks
from ..language.scope import LAYERS_LIMIT, POISON, Scope, make_origin
from ..text.nodes import Mapping, Node, Scalar, make_node
from .fusion import ONE_WAY
from .layer_list import Group, Item
from .rounds import find_homes, make_unread, read_rounds
from .structures import Structure


class RepeatStructure(Structure):
    """Its layers several times over, each time with fresh weights."""

    beside: ClassVar[dict[str, str]] = {"times": "2"}

    times: Annotated[int | None, OWN_NATURAL] = None
    """How often."""
    each: Annotated[Node | None, AnyKind()] = None
    """Lists of equal length; a round for each position, as variables."""
    layers: Annotated[Node, LATER_LAYERS]
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
    rounds = _list_rounds(record, scope)
    if rounds is None:
        return None
    origin = replace(make_origin(key, scope), written=reading.written)
    if not scope.spend(len(rounds), key):
        return None
    if not rounds:
        _read_unused(record, scope)
    groups = []
    homes = find_homes(record.each, scope)
    for index, variables in enumerate(rounds):
        inner = scope.enter("layers").add_variables({**variables, "index": make_node(index)}, homes)
        items = read(LAYERS, record.layers, inner)
        if items is POISON:
            return None
        groups.append(Group(items, f"{index + 1} of {len(rounds)}", origin))
    return Group(tuple(groups), f"Repeat x {len(rounds)}", origin, record.name, record.share)


def _read_unused(record: RepeatStructure, scope: Scope) -> None:
    """The layers of no round at all, for the mistakes in them; what a round would give is not known."""
    names = [entry.key.text for entry in record.each.entries] if isinstance(record.each, Mapping) else []
    unknown = {name: make_unread(record.layers.span) for name in (*names, "index")}
    read(LAYERS, record.layers, scope.enter("layers").add_variables(unknown, find_homes(record.each, scope)))


def _list_rounds(record: RepeatStructure, scope: Scope) -> list[dict[str, Node]] | None:
    """The variables of each round."""
    if record.times is not None:
        return [{} for _ in range(min(record.times, LAYERS_LIMIT + 1))]
    assert record.each is not None
    return read_rounds(record.each, scope)
