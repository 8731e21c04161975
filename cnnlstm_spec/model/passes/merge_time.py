"""Runs of `TimeDistributed` that follow one another become one: time that is left and entered again is not left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from ...ir.graph import Frame, TypedGraph, TypedNode, find_readers
from ...ops.structural import EnterTime, LeaveTime
from .rewrite import rename_inputs, with_nodes


def merge_time(graph: TypedGraph) -> TypedGraph:
    """Without each EnterTime that follows a LeaveTime, and without each LeaveTime that nothing reads then."""
    nodes: dict[str, TypedNode] = {}
    renamed: dict[str, str] = {}
    runs: dict[int, tuple[Frame, ...]] = {}
    """By the frame of a run that begins no more, the frames of the one that it goes on with."""
    for typed in graph.nodes.values():
        typed = rename_inputs(typed, renamed, nodes)
        node = typed.node
        if isinstance(node.op, EnterTime) and _goes_on(typed, nodes):
            left = nodes[node.inputs[0]].node
            renamed[node.id] = left.inputs[0]
            runs[node.frames[-1].id] = left.frames
            continue
        if isinstance(node.op, LeaveTime) and node.frames[-1].id in runs:
            typed = replace(typed, node=replace(node, frames=runs[node.frames[-1].id]))
        nodes[node.id] = typed
    return with_nodes(graph, _drop_unread(nodes), renamed) if renamed else graph


def _goes_on(entered: TypedNode, nodes: Mapping[str, TypedNode]) -> bool:
    """Whether a run follows another, and what is read in it has the mask that it would have in one."""
    left = nodes[entered.node.inputs[0]]
    return isinstance(left.node.op, LeaveTime) and not _loses_mask(left, entered, nodes)


def _loses_mask(left: TypedNode, entered: TypedNode, nodes: Mapping[str, TypedNode]) -> bool:
    """Whether the steps within each step had a mask before the end of a run, which ends with it."""
    inside = nodes[left.node.inputs[0]].type
    return inside is not None and inside.mask is not None and (entered.type is None or entered.type.mask is None)


def explain_kept(graph: TypedGraph) -> Iterator[tuple[str, str]]:
    """Where time is entered again after a run, or left before one is over, each with the reason."""
    readers = find_readers(graph)
    for id, typed in graph.nodes.items():
        if isinstance(typed.node.op, EnterTime) and (reason := _explain_apart(typed, graph)) is not None:
            yield id, reason
        if isinstance(typed.node.op, LeaveTime):
            others = [each.node for each in readers[typed.node.inputs[0]] if not isinstance(each.node.op, LeaveTime)]
            if others:
                yield id, f"time is left for what reads it here, though the run goes on with `{others[0].layer}`"


def _explain_apart(entered: TypedNode, graph: TypedGraph) -> str | None:
    """Why time is entered again after a run; None where no run comes before."""
    between: list[TypedNode] = []
    before = graph.nodes[entered.node.inputs[0]]
    while not isinstance(before.node.op, LeaveTime):
        if not before.node.inputs or isinstance(before.node.op, EnterTime):
            return None
        between.append(before)
        before = graph.nodes[before.node.inputs[0]]
    if not between:
        lost = _loses_mask(before, entered, graph.nodes)
        return "it begins anew after the run before, with which a mask ended" if lost else "no pass ran"
    reasons = ((each.node.layer, _explain_stop(each)) for each in reversed(between))
    layer, reason = next((pair for pair in reasons if pair[1] is not None), (between[0].node.layer, "stands there"))
    return f"it begins anew after the run before: `{layer}` {reason}"


def _explain_stop(typed: TypedNode) -> str | None:
    """Why a layer between two runs could not be part of one; None of one that could."""
    op, inputs = typed.node.op, tuple(x for x in typed.inputs if x is not None)
    if len(typed.node.inputs) > 1:
        return "reads several values"
    if op is None or op.makes_mask(*inputs):
        return "says anew which steps are padding"
    return None if op.last_axis_only and not op.reads_mask else "reads all steps at once"


def _drop_unread(nodes: dict[str, TypedNode]) -> dict[str, TypedNode]:
    kept: dict[str, TypedNode] = {}
    read: set[str] = set()
    for id, typed in reversed(nodes.items()):
        if isinstance(typed.node.op, LeaveTime) and id not in read:
            continue
        kept[id] = typed
        read.update(typed.node.inputs)
    return dict(reversed(kept.items()))
