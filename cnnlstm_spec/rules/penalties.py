"""Penalties of layers against the losses that Keras adds them to, and against padding."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from ..diagnostic import Code, Diagnostic, Label
from ..graph import TypedGraph, TypedNode
from ..op import Op
from ..spec import ModelSpec
from .common import Setting, heads, title_of, written

LOSS_NOT_REDUCED = Code(
    "loss-not-reduced", "error", "`{loss}` is not reduced to a number; the penalty of `{layer}` is one", sort="keras"
)

PADDING_COUNTS = Code(
    "penalty-over-padding", "warning", "the penalty on the output of `{layer}` counts padded {steps} too: Keras sums over all"
)


def check_padded_penalty(node: TypedNode, setting: Setting) -> Iterable[Diagnostic]:
    """A penalty on an output that still has padded steps, or is one of them among the samples."""
    op, output = node.node.op, node.type
    if op is None or output is None or not _adds(op, trained=False):
        return
    masked = ((axis, mask) for axis, mask in (*zip(output.axes, [output.mask], strict=False), *output.outer) if mask is not None)
    for axis, mask in islice(masked, 1):
        help = ("behind a layer that reads the mask, such as `GlobalAveragePooling1D` or an `LSTM`, padding is gone",)
        labels = (Label(mask.made_at, "the mask is made here"), *node.node.origin.uses)
        facts: dict[str, object] = {"layer": title_of(op), "steps": axis.name}
        yield Diagnostic(PADDING_COUNTS, node.node.origin.place, facts, labels=labels, help=help)


def check_penalties(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """One finding for each loss that stays a loss for every sample, where some layer has a penalty."""
    for head in heads(typed, spec):
        if head.loss is None or head.rank < 2 or head.loss.thing.get("reduction") not in (None, "none"):
            continue
        penalised = next((node for node in typed.nodes.values() if has_penalty(node)), None)
        if penalised is None or penalised.node.op is None:
            return
        facts: dict[str, object] = {"loss": written(head.loss.thing), "layer": title_of(penalised.node.op)}
        labels = (Label(penalised.node.origin.place, "has a penalty"),)
        help = ("leave `reduction` out, or `reduction: sum`",)
        yield Diagnostic(LOSS_NOT_REDUCED, head.loss.place, facts, labels=labels, help=help)


def has_penalty(node: TypedNode) -> bool:
    """Whether a layer adds a number of its own to the loss."""
    op = node.node.op
    return op is not None and _adds(op, any(weight.trainable for weight in node.weights))


def _adds(op: Op, trained: bool) -> bool:
    if title_of(op) == "ActivityRegularization":
        return True
    for name, value in op.values().items():
        if isinstance(value, Op) and _adds(value, trained):
            return True
        if name.endswith("_regularizer") and value is not None and (trained or name == "activity_regularizer"):
            return True
    return False
