"""What a runtime, or a backend of Keras, is known to have no operation for: by layer, from runs of each by itself.

The facts are `language/data/runtimes.json`, made by `tools/runtimes.py`, and `backends.json`, made by `tools/backends.py`; they
are read when first asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache

from ..ir.graph import TypedGraph
from ..ir.op import TEXT, Op
from ..text.diagnostic import Code, Diagnostic
from ..text.files import read_own
from ..text.source import Place

RUNTIMES = ("saved_model", "litert", "onnx", "openvino")
"""A SavedModel has every operation of TensorFlow, and so of every layer."""
BACKENDS = ("jax", "torch")
"""Of Keras, beside TensorFlow, which has every layer."""
NO_OPERATION = Code("no-operation", "error", "`{format}` has no operation for `{layer}`")
Lacking = Mapping[str, Mapping[str, str]]
"""By runtime, by layer, what the runtime says."""


def find_lacking(graph: TypedGraph, format: str) -> Iterator[Diagnostic]:
    """An error at each layer that a runtime or backend has no operation for.

    The graph is that of the model for inference, and for a backend that of the model for training. Files for runtimes begin
    behind the layers that read text.
    """
    lacking = _load_lacking()
    told: set[Place] = set()
    for typed in graph.nodes.values():
        if format in RUNTIMES and any(each is not None and each.dtype == TEXT for each in typed.inputs):
            continue
        place = typed.node.origin.place
        for layer in _list_names(typed.node.op):
            if layer not in lacking.get(format, {}) or place in told:
                continue
            told.add(place)
            help = (_suggest_others(layer, format, lacking), f"it says: {lacking[format][layer]}")
            yield Diagnostic(NO_OPERATION, place, {"format": format, "layer": layer}, help=help)


def _suggest_others(layer: str, format: str, lacking: Lacking) -> str:
    """A way out, to what has the layer."""
    if format in BACKENDS:
        return "`KERAS_BACKEND=tensorflow` has it"
    others = [f"`{each}`" for each in RUNTIMES if layer not in lacking.get(each, {})]
    return f"{' and '.join(others)} can hold it"


def _list_names(op: Op | None) -> Iterator[str]:
    """The layers that a node is: one, and those that it wraps."""
    if op is None:
        return
    yield op.title()
    for value in op.list_values().values():
        if isinstance(value, Op):
            yield from _list_names(value)


@lru_cache(maxsize=1)
def _load_lacking() -> Lacking:
    files = ("runtimes.json", "backends.json")
    return {name: each for file in files for name, each in json.loads(read_own("language", "data", file))["lacking"].items()}
