"""A Keras model as a SavedModel whose signature has the names of branches and heads. Imports Keras and TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path as File
from typing import Any

import keras
import tensorflow

from .sizes import Fed, Fixed


def write_saved_model(
    model: keras.Model,
    heads: Sequence[str],
    inputs: Sequence[Fed],
    batch: int | None,
    fixed: Fixed,
    folder: File,
    unrolls: bool = False,
) -> None:
    """Writes the folder; a batch of None stays open, and so do sizes that are not fixed."""
    pairs = list(zip(inputs, model.inputs, strict=True))
    specs = {each.name: tensorflow.TensorSpec(each.shape(batch, fixed), own.dtype, each.name) for each, own in pairs}

    def serve(given: Mapping[str, Any]) -> dict[str, Any]:
        return call(model, heads, {own.name: given[each.name] for each, own in pairs})

    archive = keras.export.ExportArchive()
    if not unrolls:
        # A model that is tracked is traced with its own open sizes too, over which no loop can be unrolled.
        archive.track(model)
    archive.add_endpoint("serve", serve, input_signature=[specs])
    archive.write_out(str(folder), verbose=False)


def call(model: keras.Model, heads: Sequence[str], given: Mapping[str, Any]) -> dict[str, Any]:
    """What a model gives by head, outside of training."""
    found = model(given if len(given) > 1 else next(iter(given.values())), training=False)
    return dict(found) if isinstance(found, dict) else {heads[0]: found}


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


def _iterate_layers(layer: Any) -> Iterator[Any]:
    yield from layer._flatten_layers(include_self=False)
