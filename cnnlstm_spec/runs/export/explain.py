"""The outputs of a model's layers, as outputs of one more model. Imports Keras."""

from __future__ import annotations

from collections.abc import Mapping

import keras

from ...ir.graph import TypedGraph
from ...text.source import format_path


def find_stages(typed: TypedGraph, model: keras.Model) -> dict[str, keras.KerasTensor]:
    """What each layer gives that a person wrote, by its address; layers that are used twice give nothing."""
    layers = {layer.name: layer for layer in model.layers}
    found: dict[str, keras.KerasTensor] = {}
    for each in typed.nodes.values():
        layer = layers.get(each.node.layer)
        if each.node.hidden or layer is None or len(layer._inbound_nodes) != 1:
            continue
        output = layer.output
        if hasattr(output, "dtype") and output.dtype in ("float32", "float16", "bfloat16", "float64"):
            found.setdefault(format_path(each.node.origin.address), output)
    return found


def make_probe(model: keras.Model, stages: Mapping[str, object]) -> tuple[keras.Model, dict[str, str]]:
    """A model that gives them, and the address of each of its outputs."""
    names = {f"at{place}": address for place, address in enumerate(stages)}
    return keras.Model(model.inputs, dict(zip(names, stages.values(), strict=True))), names
