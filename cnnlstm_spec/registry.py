"""What a name in a list of layers stands for: a structure, a block of the spec, or a layer, each with what reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .blocks import read_block
from .items import Item, Layer
from .nodes import Node, Scalar
from .ops.read_layer import read_meant, read_op
from .reuse import read_repeat
from .scope import Scope, origin_of
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
    op = read_op(key, arguments, scope)
    return Layer(op, origin_of(key, scope), read_meant(key, arguments, scope) if op is None else None)
