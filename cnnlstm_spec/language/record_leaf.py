"""The leaf of a record inside a record: a mapping with keys of its own, such as `window: {sequence_length: 60}`."""

from __future__ import annotations

from ..text.nodes import Node
from .cached_reading import recall
from .json_schema import Schema
from .leaf import OpenLeaf, Reading
from .read_record import read_record
from .record import Record, describe_record
from .scope import Poison, Scope


class RecordLeaf(OpenLeaf):
    """A mapping that is read into a record; messages call it by its key."""

    def __init__(self, cls: type[Record]) -> None:
        self.cls = cls
        self.canonical = (cls,)  # type: ignore[misc]
        needed = [f"`{name}`" for name, each in cls.arguments.items() if each.required]
        self.words = f"a mapping with {' and '.join(needed)}" if needed else "a mapping"

    def read_node(self, node: Node, scope: Scope) -> Reading[Record] | Poison:
        return recall(_read, node, scope, self.cls)

    def make_schema(self) -> Schema:
        return describe_record(self.cls)


def _read(node: Node, scope: Scope, cls: type[Record]) -> Reading[Record] | Poison:
    return read_record(cls, node, scope, scope.name)
