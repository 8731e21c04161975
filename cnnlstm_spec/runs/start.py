"""Weights that a model starts from: those of another's layers of the same name and shapes, as `diff` tells it."""

from __future__ import annotations

from pathlib import Path as File
from typing import TYPE_CHECKING

from ..compiler.artifact.ownership import MODEL
from ..spec.paths import WrittenPath
from ..text.files import find_sort, is_below
from .samples import DataError

if TYPE_CHECKING:
    import keras


def find_start(written: WrittenPath, base: File | None, allow_outside: bool) -> File:
    """The `.keras` file that `start_from` names, itself or as a run; raises DataError where there is none to be had."""
    path = written.path
    if find_sort(path) == "folder":
        path = path / MODEL
    if find_sort(path) != "file":
        raise DataError([f"`fit.start_from`: `{written}` holds no `{MODEL}`"])
    if not (allow_outside or written.by_hand or base is None or is_below(path, base)):
        raise DataError([f"`fit.start_from`: `{written}` lies outside of the spec's folder; `--allow-outside` allows it"])
    return path


def load_weights(model: keras.Model, path: File) -> tuple[str, ...]:
    """Loads layer by layer what fits; gives the names of the layers. Raises DataError for a file that is no model."""
    from ..emit.keras.run import load

    try:
        old = load(path)
    except Exception as error:
        raise DataError([f"`{path}` cannot be loaded as a model: {type(error).__name__}"]) from None
    given = {layer.name: layer.get_weights() for layer in old.layers if layer.weights}
    loaded = []
    for layer in model.layers:
        held = given.get(layer.name)
        if held and [each.shape for each in held] == [tuple(each.shape) for each in layer.weights]:
            layer.set_weights(held)
            loaded.append(layer.name)
    if not loaded:
        raise DataError([f"no layer of `{path}` has the name and shapes of one in this spec; `diff` compares the two"])
    return tuple(loaded)
