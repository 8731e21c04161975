"""Layers whose values are measured of the data: what stands before them must be known before training."""

from __future__ import annotations

from collections.abc import Iterator

from ...ir.graph import TypedGraph
from ...spec.model_spec import ModelSpec
from ...text.diagnostic import Code, Diagnostic, Label

BEHIND_WEIGHTS = Code(
    "measured-behind-weights",
    "error",
    "`{layer}` is measured before training, and stands behind `{other}`, which training changes",
    help="put it before the layers with weights, or write its values",
)


def check_adapted(typed: TypedGraph, spec: ModelSpec) -> Iterator[Diagnostic]:
    """Each such layer with a weight somewhere before it."""
    for each in typed.nodes.values() if spec.data is not None else ():
        op = each.node.op
        if op is None or not op.is_to_measure():
            continue
        seen: set[str] = set()
        waiting = list(each.node.inputs)
        while waiting:
            id = waiting.pop()
            if id in seen:
                continue
            seen.add(id)
            before = typed.nodes[id]
            if before.weights and before.node.op is not None:
                facts: dict[str, object] = {"layer": op.title(), "other": before.node.op.title()}
                labels = (Label(before.node.origin.place, "it has weights"),)
                yield Diagnostic(BEHIND_WEIGHTS, each.node.origin.place, facts, labels=labels)
                break
            waiting += before.node.inputs
