"""A run of `TimeDistributed` whose layers treat all positions before the last axis alike is those layers themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ...ir.graph import Frame, TypedGraph, TypedNode
from ...ir.tensor import TensorType
from ...ops.structural import EnterTime, LeaveTime
from .rewrite import rename_inputs, with_nodes


def skip_fold(graph: TypedGraph) -> TypedGraph:
    """Without each EnterTime between which and its LeaveTimes nothing needs the time to be in the batch."""
    for id, typed in reversed(graph.nodes.items()):
        if isinstance(typed.node.op, EnterTime) and (run := _run(graph, id)) is not None:
            graph = _unfold_run(graph, id, run)
    return graph


def explain_kept(graph: TypedGraph) -> Iterator[tuple[str, str]]:
    """The first layer of each run for which time must be in the batch, with the reason."""
    for id, typed in graph.nodes.items():
        if not isinstance(typed.node.op, EnterTime):
            continue
        run = {id}
        for inner in graph.nodes.values():
            node = inner.node
            if node.id == id or not any(each in run for each in node.inputs) or isinstance(node.op, LeaveTime):
                continue
            if node.op is None or not node.op.last_axis_only or node.op.reads_mask or len(node.inputs) > 1:
                yield node.id, "it reads more than the last axis of a step, so time is folded into the batch"
                break
            run.add(node.id)


def _run(graph: TypedGraph, entered: str) -> frozenset[str] | None:
    """The nodes from an EnterTime up to its LeaveTimes, those included; None where one needs the fold."""
    run = {entered}
    own: tuple[Frame, ...] = graph.nodes[entered].node.frames
    for id, typed in graph.nodes.items():
        node = typed.node
        if not any(each in run for each in node.inputs) or id == entered:
            continue
        if isinstance(node.op, LeaveTime):
            if node.frames[-1] != own[-1]:
                return None
            continue
        alone = node.op is not None and node.op.last_axis_only and not node.op.reads_mask
        if not alone or len(node.inputs) > 1 or typed.type is None:
            return None
        run.add(id)
    return frozenset(run)


def _unfold_run(graph: TypedGraph, entered: str, run: frozenset[str]) -> TypedGraph:
    nodes: dict[str, TypedNode] = {}
    renamed: dict[str, str] = {entered: graph.nodes[entered].node.inputs[0]}
    for id, typed in graph.nodes.items():
        node = typed.node
        if id == entered:
            continue
        if isinstance(node.op, LeaveTime) and node.inputs[0] in run:
            renamed[id] = renamed.get(node.inputs[0], node.inputs[0])
            continue
        if id in run and typed.type is not None:
            typed = replace(typed, type=_infer_outside(typed.type))
        nodes[id] = rename_inputs(typed, renamed, nodes)
        if id in run or any(each in run for each in node.inputs):
            given = nodes[id].node.inputs
            nodes[id] = replace(nodes[id], inputs=tuple(nodes[each].type for each in given))
    return with_nodes(graph, nodes, renamed)


def _infer_outside(x: TensorType) -> TensorType:
    """The type of a step's value for all steps."""
    axis, mask = x.outer[-1]
    return replace(x, axes=(axis, *x.axes), mask=mask, outer=x.outer[:-1])
