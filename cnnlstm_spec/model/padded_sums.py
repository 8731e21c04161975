"""Sums that end the process: TensorFlow makes one operation of a convolution, its bias and a sum with what is padded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..ir.graph import Readers, TypedGraph, TypedNode, find_readers, remember_by_node
from ..ops.stand_in import stand_for
from .batch_norms import is_linear
from .noops import is_noop

if TYPE_CHECKING:
    from ..ops.conv import Conv2D
    from ..ops.functions.op import Function
    from ..ops.fusions.elementwise import AddStrategy, AverageStrategy
    from ..ops.merge import Add, Average
    from ..ops.padding import ZeroPadding2D
    from ..ops.separable import SeparableConv2D
else:
    Conv2D = stand_for("conv", "Conv2D")
    Function = stand_for("functions.op", "Function")
    AddStrategy = stand_for("fusions.elementwise", "AddStrategy")
    AverageStrategy = stand_for("fusions.elementwise", "AverageStrategy")
    Add = stand_for("merge", "Add")
    Average = stand_for("merge", "Average")
    ZeroPadding2D = stand_for("padding", "ZeroPadding2D")
    SeparableConv2D = stand_for("separable", "SeparableConv2D")


def find_padded_sums(typed: TypedGraph) -> Iterator[tuple[TypedNode, TypedNode]]:
    """What is added to a padded image, or averaged with it, and read by nothing else; and that padding."""
    if not any(_pads(node) for node in typed.nodes.values()):
        return
    readers = find_readers(typed)
    for node in typed.nodes.values():
        yield from _list_terms(typed, node, readers)


def _list_terms(typed: TypedGraph, node: TypedNode, readers: Readers) -> Iterator[tuple[TypedNode, TypedNode]]:
    op, y = node.node.op, node.type
    if not isinstance(op, Add | Average | AddStrategy | AverageStrategy) or y is None or y.dtype == "float64":
        return
    if len(node.inputs) != 2 or any(x is None or x.sizes != y.sizes for x in node.inputs):
        return
    first, second = node.node.inputs
    for id, other in ((first, second), (second, first)):
        padding = typed.nodes[_find_source(typed, other)]
        source = _find_source(typed, id, readers)
        if _pads(padding) and len(readers[source]) == 1:
            yield typed.nodes[source], padding


def _find_source(typed: TypedGraph, id: str, alone: Readers | None = None) -> str:
    """The node that a value comes from, past what does nothing outside of training; `alone`, past what nothing else reads."""
    while alone is None or len(alone[id]) == 1:
        node = typed.nodes[id]
        if node.node.op is None or not (node.node.op.only_in_training or is_noop(node)):
            break
        id = node.node.inputs[0]
    return id


@remember_by_node
def _pads(node: TypedNode) -> bool:
    op = node.node.op
    if isinstance(op, Function):
        settings = op.list_settings() if op.fact.name == "pad" else {}
        return settings.get("mode") == "constant" and not settings["constant_values"] and any(map(any, settings["pad_width"]))
    return isinstance(op, ZeroPadding2D) and op.data_format != "channels_first" and any(map(any, op.padding))


def is_fused(typed: TypedGraph, node: TypedNode, padding: TypedNode) -> bool:
    """Whether TensorFlow makes one operation of a node, if it has a bias, and its sum with that padding.

    It ends with a convolution of unpadded windows, but not one that pads by a layer of its own.
    """
    op = node.node.op
    if not isinstance(op, Conv2D | SeparableConv2D) or not is_linear(op) or op.filters == 1 or op.channels_first:
        return False
    before = typed.nodes[_find_source(typed, node.node.inputs[0])]
    if isinstance(op, SeparableConv2D):
        return before is not padding
    own = _pads(before) and before is not padding
    return op.padding == "valid" and max(op.dilation_rate) == 1 and op.groups == 1 and not own
