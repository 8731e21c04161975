"""Of reshapes that follow one another the last alone is left: `Reshape` and `Flatten` keep the values in their order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ...ir.graph import Readers, TypedGraph, TypedNode, find_readers
from ...ir.op import Op
from ...ops.shape import Flatten, Reshape
from .rewrite import count_layer_uses, rename_inputs, with_nodes


def merge_reshapes(graph: TypedGraph) -> TypedGraph:
    """Without each reshape that another reshape alone reads."""
    nodes: dict[str, TypedNode] = {}
    renamed: dict[str, str] = {}
    uses, readers = count_layer_uses(graph), find_readers(graph)
    for id, typed in graph.nodes.items():
        typed = rename_inputs(typed, renamed, nodes)
        if _can_merge(typed, readers) and _explain_kept(typed, uses, readers[id], graph) is None:
            renamed[id] = typed.node.inputs[0]
            continue
        nodes[id] = typed
    return with_nodes(graph, nodes, renamed) if renamed else graph


def explain_kept(graph: TypedGraph) -> Iterator[tuple[str, str]]:
    """The reshapes that another reshape reads and that stay, each with the reason."""
    uses, readers = count_layer_uses(graph), find_readers(graph)
    for id, typed in graph.nodes.items():
        if _can_merge(typed, readers):
            yield id, _explain_kept(typed, uses, readers[id], graph) or "no pass ran"


def _reshapes(op: Op | None) -> bool:
    """Whether the op keeps the order of the values; `channels_first` moves an axis."""
    return isinstance(op, Reshape) or (isinstance(op, Flatten) and op.data_format != "channels_first")


def _can_merge(typed: TypedNode, readers: Readers) -> bool:
    return _reshapes(typed.node.op) and any(_reshapes(each.node.op) for each in readers[typed.node.id])


def _explain_kept(typed: TypedNode, uses: Counter[str], readers: list[TypedNode], graph: TypedGraph) -> str | None:
    """Why a reshape before another reshape stays; None of one that goes."""
    node, x, after = typed.node, typed.inputs[0], readers[0].type
    if node.op is not None and node.op.name is not None:
        return "a person named it"
    if uses[node.layer] > 1:
        return "it is shared"
    if len(readers) > 1:
        return "something else reads it"
    if node.id in graph.graph.addresses.values():
        return "it ends what has an address"
    if x is None or typed.type is None or after is None or not all(isinstance(size, int) for size in x.sizes):
        return "it checks a size that is known only at run time"
    return None if typed.type.dtype in (x.dtype, after.dtype) else "it casts"
