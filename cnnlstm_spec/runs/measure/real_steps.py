"""Which steps of a head are padding, as its model tells it, wherever the mask is made. Imports Keras."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import keras

if TYPE_CHECKING:
    from ..samples import Array

MARKED = ".marked"
"""After the name of a head: what it gives before `Masking` finds the steps that are padding, by a value that no output takes."""


def tell_steps(model: keras.Model, masked: Collection[str], heads: Collection[str]) -> keras.Model:
    """The model with outputs more, which tell the padded steps of the heads that are `masked`; one that has them as it is."""
    own = model.output if isinstance(model.output, dict) else {next(iter(heads)): model.output}
    more = {f"{head}{MARKED}": _find_masking(own[head]).input for head in masked if f"{head}{MARKED}" not in own}
    return keras.Model(model.inputs, {**own, **more}) if more else model


def find_real_steps(telling: keras.Model, head: str, found: Mapping[str, Array]) -> Array | None:
    """Which steps of a head are real, (samples, steps), by what such a model has given; None of one that has no padding."""
    marked = found.get(f"{head}{MARKED}")
    if marked is None:
        return None
    padding = _find_masking(telling.output[head]).mask_value
    return find_unlike(marked.astype("float64"), padding)


def find_unlike(values: Array, padding: float | None) -> Array:
    """The steps of which some value is not that of padding, (samples, steps)."""
    real: Array = (values != padding).reshape(*values.shape[:2], -1).any(-1)
    return real


def _find_masking(output: keras.KerasTensor) -> keras.layers.Masking:
    """The layer that finds the padding of a head's output, which is the first input of each layer behind it."""
    operation = output._keras_history.operation
    while not isinstance(operation, keras.layers.Masking):
        inputs = operation._inbound_nodes[output._keras_history.node_index].input_tensors
        output = inputs[0]
        operation = output._keras_history.operation
    return operation
