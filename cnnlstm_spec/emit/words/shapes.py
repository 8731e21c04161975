"""The inputs, layers and outputs of a graph, as the document that `shapes --format json` writes."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from ...ir.graph import TypedGraph, TypedNode
from ...ir.tensor import TensorType
from ...ops.input import InputOp
from ...text.document import Count, Document
from ...text.source import format_path
from .mask_origin import find_mask_origin

Dtype = Literal[
    "float32",
    "float16",
    "bfloat16",
    "float64",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "bool",
    "string",
]
Shape = Annotated[
    tuple[Annotated[int, Field(ge=1)] | str | None, ...],
    Field(description="A size known only at run time is its name or expression, or null where it has none."),
]
"""Sizes without that of the batch axis."""


class Tensor(Document):
    """An input or output of the Keras model."""

    name: str
    shape: Shape
    dtype: Dtype


class LayerShape(Document):
    """A layer and its output."""

    path: str
    """Where it stands in the spec."""
    name: str
    """Its name in Keras."""
    layer: str
    """Its class, or the strategy of a fusion."""
    shape: Shape
    dtype: Dtype
    mask: str | None
    """What says which steps are real: the path of an input's key or of a layer, several joined by ` & `."""
    params: Count
    """Shared weights count where they are first used."""
    trainable_params: Count


class Params(Document):
    """The counts of a model's weights."""

    total: Count
    trainable: Count
    non_trainable: Count


class Shapes(Document):
    """Every input, layer and output of a spec without errors. Shapes leave out the batch axis."""

    model_config = ConfigDict(title="cnnlstm-spec shapes --format json")

    version: Literal[1]
    name: str
    inputs: Annotated[tuple[Tensor, ...], Field(min_length=1)]
    """Inputs of the Keras model, in its order."""
    layers: tuple[LayerShape, ...]
    outputs: Annotated[tuple[Tensor, ...], Field(min_length=1)]
    """Outputs by head."""
    params: Params

    def to_pandas(self) -> object:
        """A data frame of pandas with a row for each layer; raises ImportError where pandas is not installed."""
        frame = import_module("pandas").DataFrame
        return frame([dict(each) for each in self.layers], columns=list(LayerShape.model_fields))


def make_shapes(graph: TypedGraph) -> Shapes:
    """The document of a graph of which every type is known."""
    return Shapes(
        version=1,
        name=graph.graph.name,
        inputs=make_inputs(graph),
        layers=tuple(_describe_layer(typed, graph) for typed in graph.nodes.values() if not typed.node.hidden),
        outputs=make_outputs(graph),
        params=count_params(graph),
    )


def count_params(graph: TypedGraph) -> Params:
    """The counts of a graph's weights."""
    total, trainable = graph.params, graph.trainable_params
    return Params(total=total, trainable=trainable, non_trainable=total - trainable)


def make_inputs(graph: TypedGraph) -> tuple[Tensor, ...]:
    """The inputs of the Keras model, in its order: the branches, a mask after the first branch that it is of, read or not."""
    found: list[Tensor] = []
    for id in graph.graph.inputs:
        typed = graph.nodes[id]
        op = typed.node.op
        assert isinstance(op, InputOp)
        found.append(_describe_tensor(op.branch, typed.type))
        mask = op.input.mask_input
        if mask is not None and typed.type is not None and all(each.name != mask for each in found):
            found.append(Tensor(name=mask, shape=typed.type.shape[:1], dtype="bool"))
    return tuple(found)


def make_outputs(graph: TypedGraph) -> tuple[Tensor, ...]:
    """The outputs of the Keras model, by head."""
    return tuple(_describe_tensor(head, graph.nodes[id].type) for head, id in graph.graph.outputs.items())


def _describe_tensor(name: str, type: TensorType | None) -> Tensor:
    assert type is not None
    return Tensor.model_validate({"name": name, "shape": type.shape, "dtype": type.dtype})


def _describe_layer(typed: TypedNode, graph: TypedGraph) -> LayerShape:
    node, type = typed.node, typed.type
    assert node.op is not None and type is not None
    values = {
        "path": format_path(node.origin.address),
        "name": node.layer,
        "layer": node.op.title(),
        "shape": type.shape,
        "dtype": type.dtype,
        "mask": find_mask_origin(type, graph),
        "params": typed.params,
        "trainable_params": typed.trainable_params,
    }
    return LayerShape.model_validate(values)
