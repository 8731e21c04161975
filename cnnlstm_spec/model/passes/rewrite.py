"""What passes share: a graph with other nodes. Imports no pass."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TypeVar

from ...ir.graph import TypedGraph, TypedNode
from ...ir.op import Op

AnyOp = TypeVar("AnyOp", bound=Op)


def with_nodes(graph: TypedGraph, nodes: dict[str, TypedNode], renamed: dict[str, str]) -> TypedGraph:
    """The graph with those nodes alone; an address of one that is gone stands for the one that took its place."""
    kept = {id: typed.node for id, typed in nodes.items()}
    addresses = {address: renamed.get(id, id) for address, id in graph.graph.addresses.items()}
    addresses = {address: id for address, id in addresses.items() if id in kept}
    after = replace(graph.graph, nodes=kept, addresses=addresses)
    return replace(graph, graph=after, nodes=nodes, written=graph.written or graph.graph)


def rename_inputs(typed: TypedNode, renamed: dict[str, str], nodes: dict[str, TypedNode]) -> TypedNode:
    """A node that reads other nodes where its inputs are renamed."""
    inputs = tuple(renamed.get(id, id) for id in typed.node.inputs)
    if inputs == typed.node.inputs:
        return typed
    return replace(typed, node=replace(typed.node, inputs=inputs), inputs=tuple(nodes[id].type for id in inputs))


def count_layer_uses(graph: TypedGraph) -> Counter[str]:
    """How many nodes are each Keras layer."""
    return Counter(typed.node.layer for typed in graph.nodes.values())
