"""The backend that Keras would take, what it is known to lack for a model, and what it fails with, told without importing it."""

from __future__ import annotations

import os
import re
from pathlib import Path as File
from traceback import walk_tb

from ..emit.words.checked import find_spot
from ..ir.graph import TypedGraph
from ..ir.inference import describe_error
from ..ir.program import Unbuildable
from ..model.runtimes import BACKENDS, find_lacking
from ..text.files import read_json

DEFAULT = "tensorflow"
"""Keras's own choice where nothing else is said. It has every layer."""
KERAS = ("keras", *dict.fromkeys((DEFAULT, *BACKENDS)))
"""Packages that build, train and compute."""
DOUBLE, YES = "JAX_ENABLE_X64", ("1", "on", "t", "true", "y", "yes")
"""What lets JAX compute in float64, as JAX reads it."""
HALF = re.compile(r"(?<![a-z])f(loat)?16(?![0-9])", re.I)
EXHAUSTED = ("MemoryError", "OutOfMemoryError", "ResourceExhaustedError")
"""What is raised where there is not enough memory; JAX has no class for it."""


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
    if backend == "jax" and os.environ.get(DOUBLE, "").lower() not in YES:
        _need_single(typed, path)


def _need_single(typed: TypedGraph, path: str) -> None:
    """Raises Unbuildable where a layer computes in float64, for which JAX would take float32."""
    for each in typed.nodes.values():
        op = each.node.op
        if op is not None and not each.node.hidden and (op.dtype or typed.policy) == "float64":
            spot = find_spot(each.node.origin.place.span, path)
            told = f"{spot}: `{op.title()}` computes in float64, and the backend `jax` would in float32"
            raise Unbuildable(f"{told}\n`{DOUBLE}=1` before the command lets it have float64")


def is_of_keras(error: BaseException) -> bool:
    """Whether Keras, its backend or what they call has raised it, such as for a lack of memory, and no code of ours."""
    packages = [frame.f_globals.get("__name__", "").partition(".")[0] for frame, _ in walk_tb(error.__traceback__)]
    ours = __name__.partition(".")[0]
    return next((name for name in reversed(packages) if name in (ours, *KERAS)), ours) != ours


def explain_failure(error: BaseException) -> tuple[str, ...] | None:
    """Lines that tell of an error that is the machine's or the backend's; None where it may be a bug of ours.

    The rules were made from TensorFlow: where that fails with a sound spec, they are wrong.
    """
    if not is_of_keras(error):
        return None
    told, backend = describe_error(error), find_backend()
    if type(error).__name__ in EXHAUSTED or "RESOURCE_EXHAUSTED" in str(error):
        ways = "a smaller `batch_size` may fit, or fewer parameters: `shapes` counts those of each layer"
        return f"there is not enough memory for this model: {told}", ways
    if backend == DEFAULT:
        return None
    ways = "`KERAS_BACKEND=tensorflow` runs all that `validate` finds sound"
    if HALF.search(told):
        ways += "; so may `dtype_policy: mixed_bfloat16` here"
    return f"the backend `{backend}` fails with this model: {told}", ways
