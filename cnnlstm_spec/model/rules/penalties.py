"""Penalties of layers against the losses that Keras adds them to, and against padding."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from ...ir.graph import TypedGraph, TypedNode, remember_by_node
from ...language.catalog import KerasObject
from ...spec.model_spec import ModelSpec
from ...text.diagnostic import Code, Diagnostic, Label
from ..facts import OVER_ALL
from .common import Setting, find_title, list_heads, name_written
from .weight_arguments import has_activity_penalty, is_penalised, list_layers

LOSS_NOT_REDUCED = Code(
    "loss-not-reduced", "error", "`{loss}` is not reduced to a number; the penalty of `{layer}` is one", sort="keras"
)

PADDING_COUNTS = Code(
    "penalty-over-padding", "warning", "the penalty on the output of `{layer}` counts padded {steps}: Keras sums over all"
)


def check_padded_penalty(node: TypedNode, setting: Setting) -> Iterable[Diagnostic]:
    """A penalty on an output that still has padded steps, or is one of them among the samples."""
    op, output = node.node.op, node.type
    if op is None or output is None or not any(has_activity_penalty(each) for each, _ in list_layers(node)):
        return
    masked = ((axis, mask) for axis, mask in (*zip(output.axes, [output.mask], strict=False), *output.outer) if mask is not None)
    for axis, mask in islice(masked, 1):
        help = ("behind a layer that reads the mask, such as `GlobalAveragePooling1D` or an `LSTM`, padding is gone",)
        labels = (Label(mask.made_at, "the mask is made here"), *node.node.origin.uses)
        facts: dict[str, object] = {"layer": find_title(op), "steps": axis.name}
        yield Diagnostic(PADDING_COUNTS, node.node.origin.place, facts, labels=labels, help=help)


def check_penalties(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """One finding for each loss that stays a loss for every sample, where some layer has a penalty."""
    for head in list_heads(typed, spec):
        if head.loss is None or head.rank < 2 or not is_per_sample(head.loss.thing):
            continue
        penalised = next((node for node in typed.nodes.values() if has_penalty(node)), None)
        if penalised is None or penalised.node.op is None:
            return
        facts: dict[str, object] = {"loss": name_written(head.loss.thing), "layer": find_title(penalised.node.op)}
        labels = (Label(penalised.node.origin.place, "has a penalty"),)
        help = ("leave `reduction` out, or `reduction: sum`",)
        yield Diagnostic(LOSS_NOT_REDUCED, head.loss.place, facts, labels=labels, help=help)


def is_per_sample(loss: KerasObject) -> bool:
    """Whether a loss is not reduced, and does not give one number by itself."""
    over_all = loss.name in OVER_ALL and loss.get("axis") is None
    return loss.get("reduction") in (None, "none") and not over_all


@remember_by_node
def has_penalty(node: TypedNode) -> bool:
    """Whether a layer adds a number of its own to the loss."""
    return any(has_activity_penalty(op) or is_penalised(op, weights) for op, weights in list_layers(node))
