"""Layers whose values are measured of the data: what stands before them must be known before training."""

from __future__ import annotations

from collections.abc import Iterator

from ...ir.graph import TypedGraph
from ...spec.model_spec import ModelSpec
from ...text.diagnostic import Code, Diagnostic, Label

BEHIND_WEIGHTS = Code(
    "measured-behind-weights",
    "error",
    "`{layer}` is measured before training, which changes `{other}` before it",
    help="put it before the layers with weights, or write its values",
)

IN_COPIES = Code(
    "measured-in-copies",
    "error",
    "`{layer}` stands {count} times by being written once; each measures by itself",
    help="write it once for each, or share it: `share: NAME`",
)


def check_adapted(typed: TypedGraph, spec: ModelSpec) -> Iterator[Diagnostic]:
    """Each such layer with a weight somewhere before it, or of which there are copies with weights of their own."""
    layers: dict[tuple[str | int, ...], set[str]] = {}
    for each in typed.nodes.values() if spec.data is not None else ():
        op = each.node.op
        if op is None or not op.is_to_measure():
            continue
        copies = layers.setdefault(each.node.origin.address, set())
        copies.add(each.node.layer)
        if len(copies) == 2:
            named = {node.node.layer for node in typed.nodes.values() if node.node.origin.address == each.node.origin.address}
            yield Diagnostic(IN_COPIES, each.node.origin.place, {"layer": op.title(), "count": len(named)})
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
