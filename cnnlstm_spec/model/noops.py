"""Layers whose output is their input: what a pass leaves out and others look past. Imports no pass and no rule."""

from __future__ import annotations

from dataclasses import replace

from ..ir.graph import TypedNode
from ..ir.op import Op
from ..ops.core import Activation, Identity
from ..ops.regularization import AlphaDropout, Dropout, GaussianDropout, GaussianNoise, Spatial
from ..ops.shape import Flatten, Permute, Reshape
from ..ops.shared import called


def is_noop(typed: TypedNode) -> bool:
    """Whether a node's output is its input, in training too."""
    op, x, y = typed.node.op, typed.inputs[0] if typed.inputs else None, typed.type
    if op is None or x is None or y is None or not gives_its_input(op, x.rank):
        return False
    return x.sizes == y.sizes and replace(y, axes=x.axes) == x


def gives_its_input(op: Op, rank: int) -> bool:
    """Whether the values are passed on as they are, the shape and dtype left aside."""
    match op:
        case Identity():
            return True
        case Activation():
            return called(op.activation) in (None, "linear")
        case Dropout() | AlphaDropout() | GaussianDropout() | Spatial():
            return op.rate == 0
        case GaussianNoise():
            return op.stddev == 0
        case Reshape():
            return True
        case Flatten():
            return rank == 1
        case Permute():
            return op.dims == tuple(range(1, len(op.dims) + 1))
    return False
