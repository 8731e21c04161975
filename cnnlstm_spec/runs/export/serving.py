"""A Keras model as a SavedModel whose signature has the names of branches and heads. Imports Keras and TensorFlow."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path as File

import keras
import tensorflow

from ..open_sizes import Fixed
from .plain import write_plainly
from .planes import pool_in_planes
from .sizes import Fed
from .widths import compute_in_float32

DROPOUTS = ("dropout", "recurrent_dropout")


def write_saved_model(
    model: keras.Model,
    heads: Sequence[str],
    inputs: Sequence[Fed],
    batch: int | None,
    fixed: Fixed,
    folder: File,
    unrolls: bool = False,
    in_planes: bool = False,
    widened: Collection[str] = (),
) -> None:
    """Writes the folder; a batch of None stays open, and so do sizes that are not fixed.

    With `in_planes` pools over three axes are written as pools over two.
    Layers that compute in a dtype of `widened` do so in float32.
    """
    pairs = list(zip(inputs, model.inputs, strict=True))
    outputs = model.output if isinstance(model.output, dict) else {heads[0]: model.output}
    # NumPy has no bfloat16, and OpenVINO gives its bits as those of float16.
    narrow = [head for head, each in outputs.items() if each.dtype == "float16" and "float16" in widened]
    specs = {each.name: tensorflow.TensorSpec(each.shape(batch, fixed), own.dtype, each.name) for each, own in pairs}

    def serve(given: Mapping[str, object]) -> dict[str, object]:
        found = call(model, heads, {own.name: given[each.name] for each, own in pairs})
        return {head: tensorflow.cast(each, "float16") if head in narrow else each for head, each in found.items()}

    archive = keras.export.ExportArchive()
    if not unrolls:
        # A model that is tracked is traced with its own open sizes too, over which no loop can be unrolled.
        archive.track(model)
    planes = pool_in_planes(model) if in_planes else nullcontext()
    with without_dropout(model), write_plainly(), planes, compute_in_float32(model, widened):
        archive.add_endpoint("serve", serve, input_signature=[specs])
        archive.write_out(str(folder), verbose=False)


def call(model: keras.Model, heads: Sequence[str], given: Mapping[str, object]) -> dict[str, object]:
    """What a model gives by head, outside of training."""
    found = model(given if len(given) > 1 else next(iter(given.values())), training=False)
    return dict(found) if isinstance(found, dict) else {heads[0]: found}


def find_ends(model: keras.Model, heads: Sequence[str]) -> dict[str, list[str]]:
    """By output the layers whose work may end in it, last first: up to one that has weights, or whose input is another output."""
    outputs = dict(model.output) if isinstance(model.output, dict) else {heads[0]: model.output}
    own = {id(each) for each in outputs.values()}
    found: dict[str, list[str]] = {}
    for head, tensor in outputs.items():
        inputs = [tensor]
        names = found[head] = []
        while len(inputs) == 1 and (not names or id(inputs[0]) not in own):
            layer, place, _ = inputs[0]._keras_history
            names.append(layer.name)
            if layer.weights:
                break
            inputs = layer._inbound_nodes[place].input_tensors
    return found


@contextmanager
def without_dropout(model: keras.Model) -> Iterator[None]:
    """Lets the cells of recurrent layers draw no dropout, which they do outside of training too, and leave unused there."""
    cells = [each.cell for each in _iterate_layers(model) if hasattr(each, "cell")]
    held = [(cell, name, getattr(cell, name)) for cell in cells for name in DROPOUTS if hasattr(cell, name)]
    for cell, name, _ in held:
        setattr(cell, name, 0.0)
    try:
        yield
    finally:
        for cell, name, value in held:
            setattr(cell, name, value)


@contextmanager
def unroll(model: keras.Model) -> Iterator[tuple[str, ...]]:
    """Lets the recurrent layers of a model run their steps one after another, without a loop; gives their names."""
    found = [each for each in _iterate_layers(model) if getattr(each, "unroll", None) is False and hasattr(each, "cell")]
    for each in found:
        each.unroll = True
    try:
        yield tuple(each.name for each in found)
    finally:
        for each in found:
            each.unroll = False


def _iterate_layers(layer: keras.layers.Layer) -> Iterator[keras.layers.Layer]:
    yield from layer._flatten_layers(include_self=False)
