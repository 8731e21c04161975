"""Batch norms that come straight after a layer with channels: what a rule and a pass both ask. Imports no pass and no rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..ir.graph import Readers, TypedGraph, TypedNode
from ..ir.op import Op
from ..ops.axes import find_axis_number
from ..ops.shared import find_called
from ..ops.stand_in import stand_for
from ..ops.structural import EnterTime, LeaveTime
from .noops import is_noop

if TYPE_CHECKING:
    from ..ops.conv import Convolution
    from ..ops.core import Dense
else:
    Convolution = stand_for("conv", "Convolution")
    Dense = stand_for("core", "Dense")


def find_source(graph: TypedGraph, norm: TypedNode) -> TypedNode:
    """The node that a norm reads, past the ends of `TimeDistributed`, which move no channel, and what changes nothing."""
    source = graph.nodes[norm.node.inputs[0]]
    while _passes_on(source):
        source = graph.nodes[source.node.inputs[0]]
    return source


def _passes_on(node: TypedNode) -> bool:
    return isinstance(node.node.op, EnterTime | LeaveTime) or is_noop(node)


def is_read_alone(graph: TypedGraph, norm: TypedNode, readers: Readers) -> bool:
    """Whether nothing but the norm reads its source, nor what lies between them."""
    id = norm.node.inputs[0]
    while len(readers[id]) == 1 and _passes_on(graph.nodes[id]):
        id = graph.nodes[id].node.inputs[0]
    return len(readers[id]) == 1


def gives_channels(op: Op | None) -> bool:
    """Whether the op is a convolution or `Dense` of Keras."""
    return isinstance(op, Convolution | Dense) and not op.is_own()


def is_linear(op: Op) -> bool:
    """Whether no activation comes after the product with the kernel."""
    return find_called(op.get_value("activation")) in (None, "linear")


def normalizes_channels(norm: TypedNode, source: Op) -> bool:
    """Whether the axis of a batch norm is the one that the source's kernel makes.

    Counted from the end, which time before the others does not change.
    """
    op, x = norm.node.op, norm.inputs[0]
    assert op is not None and x is not None
    first = isinstance(source, Convolution) and source.channels_first
    channels = -(source.n + 1) if isinstance(source, Convolution) and first else -1
    return find_axis_number(op.title(), op.get_value("axis"), x) - (x.rank + 1) == channels
