"""For inference: a batch norm after a convolution or `Dense` becomes part of its kernel and bias."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from ...ir.graph import BatchNormFold, Readers, TypedGraph, TypedNode, find_readers
from ...ir.op import Op
from ...ops.conv_transpose import Transposed
from ...ops.core import Dense
from ...ops.normalization import BatchNormalization
from ...ops.separable import Depthwise, Separable
from ...ops.shared import find_called
from ..batch_norms import find_source, gives_channels, is_linear, is_read_alone, normalizes_channels
from ..padded_sums import find_padded_sums, is_fused
from .rewrite import count_layer_uses, rename_inputs, with_nodes

EXACT = ("float32", "float64")
"""Dtypes in which kernels times factors give the same outputs to 1e-4."""


def fold_batch_norm(graph: TypedGraph) -> TypedGraph:
    """Without each batch norm whose source can take it in; the source then has a bias, and the graph says how it is computed."""
    found = {norm.node.id: norm for norm, reason in _explain_norms(graph) if reason is None}
    if not found:
        return graph
    sources = {find_source(graph, norm).node.id: norm for norm in found.values()}
    nodes: dict[str, TypedNode] = {}
    renamed: dict[str, str] = {}
    folds = []
    for id, typed in graph.nodes.items():
        typed = rename_inputs(typed, renamed, nodes)
        if id in found:
            renamed[id] = typed.node.inputs[0]
            continue
        if id in sources:
            folds.append(_fold(typed, sources[id]))
            typed = _add_bias(typed)
        nodes[id] = typed
    return replace(with_nodes(graph, nodes, renamed), folds=(*graph.folds, *folds))


def explain_kept(graph: TypedGraph) -> Iterator[tuple[str, str]]:
    """The batch norms that stay, each with the reason."""
    for norm, reason in _explain_norms(graph):
        yield norm.node.id, reason or "no pass ran"


def _explain_norms(graph: TypedGraph) -> Iterator[tuple[TypedNode, str | None]]:
    """The batch norms of a graph, each with the reason why it stays; None for one that can be folded."""
    uses, readers = count_layer_uses(graph), find_readers(graph)
    padded = {added.node.id: padding for added, padding in find_padded_sums(graph)}
    for norm in graph.nodes.values():
        if isinstance(norm.node.op, BatchNormalization) and not norm.node.op.is_own():
            yield norm, _explain(graph, norm, uses, readers, padded.get(norm.node.id))


def _explain(
    graph: TypedGraph, norm: TypedNode, uses: Mapping[str, int], readers: Readers, padding: TypedNode | None
) -> str | None:
    source = find_source(graph, norm)
    op, before = source.node.op, f"`{source.node.layer}` before it"
    if op is None or not gives_channels(op):
        return f"{before} is no convolution and no `Dense`"
    if not is_linear(op):
        return f"{before} has the activation `{find_called(op.get_value('activation'))}`"
    if uses[norm.node.layer] > 1:
        return "it is shared"
    if uses[source.node.layer] > 1:
        return f"{before} is shared"
    if not is_read_alone(graph, norm, readers):
        return f"something else reads {before}"
    if not normalizes_channels(norm, op):
        return f"its axis is not that of the channels of {before}"
    if isinstance(op, Dense) and op.lora_rank:
        return f"{before} has `lora_rank`"
    if padding is not None and is_fused(graph, source, padding):
        return f"{before} with a bias, added to a padded image, would end the process by a fault of oneDNN"
    return _explain_dtype(norm, source)


def _explain_dtype(norm: TypedNode, source: TypedNode) -> str | None:
    given = norm.type.dtype if norm.type is not None else ""
    if source.type is None or source.type.dtype != given:
        return "it casts"
    return None if given in EXACT else f"it computes in {given}, in which outputs would differ by more than 1e-4"


def _fold(source: TypedNode, norm: TypedNode) -> BatchNormFold:
    op = norm.node.op
    assert isinstance(op, BatchNormalization) and source.node.op is not None
    weight, shape = _find_scaled(source.node.op, source)
    return BatchNormFold(source.node.layer, norm.node.layer, weight, shape, op.epsilon)


def _find_scaled(op: Op, source: TypedNode) -> tuple[str, tuple[int, ...]]:
    """The weight that makes the channels, and the shape in which a factor for each of them stands against it."""
    match op:
        case Separable():
            return "pointwise_kernel", (op.filters,)
        case Depthwise():
            return "kernel", source.weights[0].shape[-2:]
        case Transposed():
            return "kernel", (op.filters, 1)
    return "kernel", source.weights[0].shape[-1:]


def _add_bias(source: TypedNode) -> TypedNode:
    assert source.node.op is not None
    op = source.node.op.without("use_bias")
    inputs = tuple(x for x in source.inputs if x is not None)
    weights = tuple(replace(weight, trainable=weight.trainable and op.trainable) for weight in op.weights(*inputs))
    return replace(source, node=replace(source.node, op=op), weights=weights)
