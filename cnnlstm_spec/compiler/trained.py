"""Reads what was trained back into a model. Imports Keras through `emit.keras` alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from zipfile import is_zipfile

from ..emit.keras.weights import Mismatch, copy_weights
from ..ir.inference import describe_error
from ..ir.program import Unbuildable
from ..text.files import need_regular
from .compile import Compilation

if TYPE_CHECKING:
    import keras

Result = TypeVar("Result")
WHOLE, ALONE = ".keras", ".weights.h5"
"""How the name of a file of a whole model ends, and of one of weights alone."""


def load_into(model: keras.Model, path: Path, compilation: Compilation, passes: str) -> None:
    """Gives a model for training the weights of a file; raises Unbuildable where they are not of this model, PathError."""
    from ..emit.keras.run import load

    need_regular(path)
    try:
        if path.name.endswith(WHOLE):
            if not is_zipfile(path):
                raise Mismatch("it is no zip file, which every `.keras` file is")
            copy_weights(_read(lambda: load(path)), model)
            return
        _check_order(model, compilation, passes)
        _read(lambda: model.load_weights(path))
    except Mismatch as error:
        raise Unbuildable(f"`{path}` has no weights of this spec: {error}") from None


def _read(reads: Callable[[], Result]) -> Result:
    """What Keras reads; a file may hold anything, and what Keras then raises is no bug of ours."""
    try:
        return reads()
    except Exception as error:
        raise Mismatch(describe_error(error)) from error


def _check_order(model: keras.Model, compilation: Compilation, passes: str) -> None:
    """Raises Mismatch where passes change the order of layers: a file of weights alone names none, Keras counts them."""
    other = compilation.to_keras("none" if passes == "default" else "default")
    if _list_order(model) != _list_order(other):
        raise Mismatch("such a file names no layers, and passes change their order; save the whole model, as `.keras`")


def _list_order(model: keras.Model) -> dict[str, list[str]]:
    order: dict[str, list[str]] = {}
    for layer in model.layers:
        if layer.weights:
            order.setdefault(type(layer).__name__, []).append(layer.name)
    return order
