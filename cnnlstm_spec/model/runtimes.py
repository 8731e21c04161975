"""What a runtime that models are exported to is known to have no operation for: by layer, from runs of each by itself.

The facts are `language/data/runtimes.json`, made by `tools/runtimes.py` and read when first asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache

from ..ir.graph import TypedGraph
from ..ir.op import Op
from ..text.diagnostic import Code, Diagnostic
from ..text.files import own
from ..text.source import Place

RUNTIMES = ("saved_model", "litert", "onnx", "openvino")
"""A SavedModel has every operation of TensorFlow, and so of every layer."""
NO_OPERATION = Code("no-operation", "error", "`{format}` has no operation for `{layer}`")
Lacking = Mapping[str, Mapping[str, str]]
"""By runtime, by layer, what the runtime says."""


def find_lacking(graph: TypedGraph, format: str) -> Iterator[Diagnostic]:
    """An error at each layer that the runtime has no operation for; the graph is that of the model for inference."""
    lacking = _lacking()
    told: set[Place] = set()
    for typed in graph.nodes.values():
        place = typed.node.origin.place
        for layer in _names(typed.node.op):
            if layer not in lacking.get(format, {}) or place in told:
                continue
            told.add(place)
            others = [f"`{each}`" for each in RUNTIMES if layer not in lacking.get(each, {})]
            help = (f"{' and '.join(others)} can hold it", f"it says: {lacking[format][layer]}")
            yield Diagnostic(NO_OPERATION, place, {"format": format, "layer": layer}, help=help)


def _names(op: Op | None) -> Iterator[str]:
    """The layers that a node is: one, and those that it wraps."""
    if op is None:
        return
    yield op.title()
    for value in op.values().values():
        if isinstance(value, Op):
            yield from _names(value)


@lru_cache(maxsize=1)
def _lacking() -> Lacking:
    found: Lacking = json.loads(own("language", "data", "runtimes.json"))["lacking"]
    return found
