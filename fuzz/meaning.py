"""Whether losses and metrics mean what their names say: right predictions score well, and no divergence is below 0."""

from __future__ import annotations

from typing import Any

import keras
import numpy

from cnnlstm_spec.compiler.compile import Compilation
from cnnlstm_spec.language.catalog import KerasObject, find_reads
from cnnlstm_spec.model.rules.common import SOFTMAXES, find_activation
from cnnlstm_spec.spec.compile_section import CompileSpec

OVERLAPS = frozenset({"IoU", "MeanIoU", "OneHotIoU", "OneHotMeanIoU", "CategoricalAccuracy", "SparseCategoricalAccuracy"})
SURE = 0.98
"""What a right prediction gives the class of a sample."""
ENOUGH = 0.9


def misled(compilation: Compilation) -> str | None:
    """What measures something else on an output of several classes, in a spec without a warning; None where nothing does."""
    spec, typed = compilation.spec, compilation.typed
    assert spec is not None and typed is not None
    if not isinstance(spec.compile, CompileSpec) or any(each.severity == "warning" for each in compilation.diagnostics):
        return None
    for head, loss in spec.compile.losses.items():
        x = typed.nodes[typed.graph.outputs[head]].type
        width = x.sizes[0] if x is not None and x.rank == 1 else None
        if loss is None or not isinstance(width, int) or width < 2:
            continue
        last = find_activation(typed, typed.graph.outputs[head])
        # Without a layer that computes, the head gives what it is fed, which may be probabilities.
        made = last is not None and last.function not in SOFTMAXES
        if loss.thing.name == "KLDivergence" and made and (below := _below_zero(loss.thing, width)):
            return f"`{head}`: {below}"
        numbers = find_reads(loss.thing).get("labels") == "integer"
        for metric in spec.compile.metrics.get(head, ()):
            score = _score(metric.thing, width, numbers) if metric.thing.name in OVERLAPS else 1.0
            if score < ENOUGH:
                return f"`{head}`: {metric.thing} gives {score:.2g} for right predictions"
    return None


def _made(thing: KerasObject) -> Any:
    return getattr(getattr(keras, thing.family), thing.name)(**dict(thing.arguments))


def _below_zero(loss: KerasObject, width: int) -> str | None:
    """The least loss of one value for each unit by itself, on labels that are a distribution."""
    labels = numpy.full((2, width), 1 / width, "float32")
    least = float(_made(loss)(labels, numpy.ones_like(labels)))
    return f"the loss can fall to {least:.2g}" if least < -1e-3 else None


def _score(thing: KerasObject, width: int, numbers: bool) -> float:
    metric, classes = _made(thing), numpy.arange(3 * width) % width
    hot = numpy.eye(width, dtype="float32")[classes]
    sure = hot * SURE + (1 - hot) * (1 - SURE) / (width - 1)
    try:
        metric.update_state(classes if numbers else hot, sure)
    except Exception:
        # That it fails is what training has shown, or would.
        return 1.0
    return float(metric.result())
