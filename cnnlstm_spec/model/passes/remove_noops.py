"""Layers that give what they are given are left out: `Dropout` of rate 0, a linear `Activation`, a `Reshape` to its shape."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ...ir.graph import TypedGraph, TypedNode
from ..noops import is_noop
from .rewrite import count_layer_uses, rename_inputs, with_nodes


def remove_noops(graph: TypedGraph) -> TypedGraph:
    """Without each layer that changes nothing, unless a person named it or shares it; what read it reads its input."""
    nodes: dict[str, TypedNode] = {}
    renamed: dict[str, str] = {}
    uses = count_layer_uses(graph)
    for id, typed in graph.nodes.items():
        typed = rename_inputs(typed, renamed, nodes)
        if is_noop(typed) and _explain_kept(typed, uses) is None:
            renamed[id] = typed.node.inputs[0]
            continue
        nodes[id] = typed
    return with_nodes(graph, nodes, renamed) if renamed else graph


def explain_kept(graph: TypedGraph) -> Iterator[tuple[str, str]]:
    """The layers that could be thought to change nothing and stay, each with the reason."""
    uses = count_layer_uses(graph)
    for id, typed in graph.nodes.items():
        op, x, y = typed.node.op, typed.inputs[0] if typed.inputs else None, typed.type
        if op is None or x is None or y is None or not op.gives_its_input(x.rank) or x.sizes != y.sizes:
            continue
        if is_noop(typed):
            yield id, _explain_kept(typed, uses) or "no pass ran"
        else:
            yield id, "it casts" if x.dtype != y.dtype else "it ends the mask"


def _explain_kept(typed: TypedNode, uses: Counter[str]) -> str | None:
    """Why a layer that changes nothing stays all the same; None of one that goes."""
    if typed.node.op is not None and typed.node.op.name is not None:
        return "a person named it"
    return "it is shared" if uses[typed.node.layer] > 1 else None
