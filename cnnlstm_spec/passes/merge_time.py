"""Runs of `TimeDistributed` that follow one another become one: time that is left and entered again is not left."""

from __future__ import annotations

from dataclasses import replace

from ..graph import Frame, TypedGraph, TypedNode
from ..ops.structure import EnterTime, LeaveTime
from .rewrite import reading, with_nodes


def merge_time(graph: TypedGraph) -> TypedGraph:
    """Without each EnterTime that follows a LeaveTime, and without each LeaveTime that nothing reads then."""
    nodes: dict[str, TypedNode] = {}
    renamed: dict[str, str] = {}
    runs: dict[int, tuple[Frame, ...]] = {}
    """By the frame of a run that begins no more, the frames of the one that it goes on with."""
    for typed in graph.nodes.values():
        typed = reading(typed, renamed, nodes)
        node = typed.node
        if isinstance(node.op, EnterTime) and isinstance(nodes[node.inputs[0]].node.op, LeaveTime):
            left = nodes[node.inputs[0]].node
            renamed[node.id] = left.inputs[0]
            runs[node.frames[-1].id] = left.frames
            continue
        if isinstance(node.op, LeaveTime) and node.frames[-1].id in runs:
            typed = replace(typed, node=replace(node, frames=runs[node.frames[-1].id]))
        nodes[node.id] = typed
    return with_nodes(graph, _without_unread(nodes), renamed) if renamed else graph


def _without_unread(nodes: dict[str, TypedNode]) -> dict[str, TypedNode]:
    kept: dict[str, TypedNode] = {}
    read: set[str] = set()
    for id, typed in reversed(nodes.items()):
        if isinstance(typed.node.op, LeaveTime) and id not in read:
            continue
        kept[id] = typed
        read.update(typed.node.inputs)
    return dict(reversed(kept.items()))
