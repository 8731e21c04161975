"""What a name in a list of layers stands for: a structure, a block of the spec, or a layer, each with what reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from ..language.scope import Scope, make_origin
from ..ops.read_layer import read_meant, read_op
from ..text.nodes import Node, Scalar
from .blocks import read_block
from .layer_list import Item, Layer
from .repeat import read_repeat
from .structures import read_parallel, read_residual, read_time_distributed

Reader = Callable[[Scalar, Node, Scope], Item | None]

STRUCTURES: Mapping[str, Reader] = {
    "TimeDistributed": read_time_distributed,
    "Residual": read_residual,
    "Parallel": read_parallel,
    "Repeat": read_repeat,
}


def find_reader(name: str, scope: Scope) -> Reader:
    """What reads the item of that name; of a name that is nowhere, what says so."""
    if name in STRUCTURES:
        return STRUCTURES[name]
    return read_block if name in scope.blocks else _read_layer


def _read_layer(key: Scalar, arguments: Node, scope: Scope) -> Item:
    reading = read_op(key, arguments, scope)
    origin = make_origin(key, scope)
    if reading is None:
        return Layer(None, origin, read_meant(key, arguments, scope))
    return Layer(reading.record, replace(origin, written=reading.written))
