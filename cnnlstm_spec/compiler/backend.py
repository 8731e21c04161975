"""The backend that Keras would take, and what it is known to lack for a model, told without importing it."""

from __future__ import annotations

import os
from pathlib import Path as File

from ..emit.words.checked import find_spot
from ..ir.graph import TypedGraph
from ..ir.program import Unbuildable
from ..model.runtimes import BACKENDS, find_lacking
from ..text.files import read_json

DEFAULT = "tensorflow"
"""Keras's own choice where nothing else is said. It has every layer."""


def find_backend() -> str:
    """The backend that Keras would take: by the environment, else by its own file."""
    home = os.environ.get("KERAS_HOME") or str(File.home() / ".keras")
    written = read_json(File(home, "keras.json"))
    configured = written.get("backend") if isinstance(written, dict) else None
    return os.environ.get("KERAS_BACKEND") or (configured if isinstance(configured, str) else DEFAULT)


def need_backend(typed: TypedGraph, path: str) -> None:
    """Raises Unbuildable where no model is built with the backend, or it lacks layers of this one, whose spec is at the path."""
    backend = find_backend()
    if backend == DEFAULT:
        return
    if backend not in BACKENDS:
        ways = ", ".join(f"`{each}`" for each in (DEFAULT, *BACKENDS))
        raise Unbuildable(f"no model is built with the backend `{backend}`; `KERAS_BACKEND` may be {ways}")
    lines = [f"{find_spot(each.place.span, path)}: {each.message}" for each in find_lacking(typed, backend)]
    if lines:
        raise Unbuildable("\n".join([*lines, f"`KERAS_BACKEND={DEFAULT}` has every layer"]))
