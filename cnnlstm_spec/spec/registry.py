"""What a name in a list of layers stands for: a structure, a block of the spec, or a layer, each with what reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import import_module

from ..language.scope import Scope, make_origin
from ..ops.read_layer import read_beside, read_meant, read_op
from ..text.nodes import Node, Scalar
from .layer_list import Item, Layer

Reader = Callable[[Scalar, Node, Scope], Item | None]

STRUCTURES: Mapping[str, tuple[str, str]] = {
    "TimeDistributed": ("structures", "read_time_distributed"),
    "Residual": ("structures", "read_residual"),
    "Parallel": ("structures", "read_parallel"),
    "Repeat": ("repeat", "read_repeat"),
}
"""The file of each and its function there; a file is imported when one of its structures is met."""
BLOCK = ("blocks", "read_block")


def find_reader(name: str, scope: Scope) -> Reader:
    """What reads the item of that name; of a name that is nowhere, what says so."""
    home = STRUCTURES.get(name) or (BLOCK if name in scope.blocks else None)
    return _read_layer if home is None else _import_reader(*home)


def _import_reader(file: str, function: str) -> Reader:
    reader: Reader = getattr(import_module(f"{__package__}.{file}"), function)
    return reader


def _read_layer(key: Scalar, arguments: Node, scope: Scope) -> Item:
    reading = read_op(key, arguments, scope)
    origin = make_origin(key, scope)
    if reading is None:
        return Layer(None, origin, read_meant(key, arguments, scope), read_beside(key, arguments, scope))
    return Layer(reading.record, replace(origin, written=reading.written))
