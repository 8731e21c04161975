"""The leaf of a record inside a record: a mapping with keys of its own, such as `window: {sequence_length: 60}`."""

from __future__ import annotations

from typing import Any

from ..text.nodes import Node
from .cached_reading import recall
from .json_schema import Schema, keys
from .leaf import REQUIRED, OpenLeaf
from .read_record import read_record
from .record import Argument, Record
from .scope import Scope


class RecordLeaf(OpenLeaf):
    """A mapping that is read into a record; messages call it by its key."""

    def __init__(self, cls: type[Record]) -> None:
        self.cls = cls
        self.canonical = (cls,)  # type: ignore[misc]
        needed = [f"`{name}`" for name, each in cls.arguments.items() if each.required]
        self.words = f"a mapping with {' and '.join(needed)}" if needed else "a mapping"

    def read_node(self, node: Node, scope: Scope) -> Any:
        return recall(_read, node, scope, self.cls)

    def schema(self) -> dict[str, Any]:
        return record_schema(self.cls)


def _read(node: Node, scope: Scope, cls: type[Record]) -> Any:
    return read_record(cls, node, scope, scope.name)


def record_schema(cls: type[Record]) -> Schema:
    """A mapping with the keys of a record."""
    properties = {name: _property(each) for name, each in cls.arguments.items()}
    doc = " ".join((cls.__doc__ or "").split("\n\n")[0].split())
    return keys(properties, [name for name, each in cls.arguments.items() if each.required], doc)


def _property(argument: Argument) -> Schema:
    default = {} if argument.default is REQUIRED else {"default": _plain(argument.default)}
    return {"description": argument.doc, **argument.kind.schema(), **default}


def _plain(value: Any) -> Any:
    """A default as JSON has it."""
    return [_plain(each) for each in value] if isinstance(value, tuple | list) else value
