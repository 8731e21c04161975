"""What a node of the graph gives inside a Keras model, as a tensor of the model. Imports Keras for types alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...ir.graph import TypedGraph
from ...ops.backbones.inner import InnerLayer
from ...ops.backbones.op import Backbone
from ...ops.input import InputOp

if TYPE_CHECKING:
    import keras


def find_tensor(model: keras.Model, graph: TypedGraph, id: str) -> keras.KerasTensor | None:
    """The tensor that a node gives, or the nearest before it that is a layer of the model; None where there is none."""
    layers = {layer.name: layer for layer in model.layers}
    node = graph.nodes[id].node
    inner = None
    while node.layer not in layers and node.inputs and not isinstance(node.op, InputOp):
        inner = node.op.layer if isinstance(node.op, InnerLayer) else inner
        node = graph.nodes[node.inputs[0]].node
    layer = layers.get(node.layer)
    if layer is None:
        return None
    if not isinstance(node.op, Backbone):
        return layer.output
    # A model within the model has outputs of its own, which are not those that it gives here.
    outputs = layer._inbound_nodes[-1].output_tensors
    return outputs[node.op.taps.index(inner) if inner is not None else -1]
