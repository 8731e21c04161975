"""For inference: without the layers and arguments that act in training alone. Outputs stay, and the names of what is left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ...ir.graph import TypedGraph, TypedNode
from ...ir.op import Op
from ...ops.augment.factors import Augmentation
from ...ops.backbones.op import Backbone
from ...ops.multihead import Projected
from ...ops.recurrent import GatedRecurrent
from ...ops.structural import Output
from .rewrite import rename_inputs, with_nodes

DROPOUTS = ("dropout", "recurrent_dropout")
PENALTIES = ("_regularizer", "_constraint")


def strip_training(graph: TypedGraph) -> TypedGraph:
    """Without dropout, noise, augmentation, penalties and constraints; padded steps of an output are 0, and no longer marked.

    Layers of a person's own stay as they are: what they inherit may not hold of them.
    """
    nodes: dict[str, TypedNode] = {}
    renamed: dict[str, str] = {}
    masked = _find_masked_layers(graph)
    changed = False
    for id, typed in graph.nodes.items():
        typed = rename_inputs(typed, renamed, nodes)
        if _acts_in_training_alone(typed) and not _casts(typed):
            renamed[id] = typed.node.inputs[0]
            continue
        nodes[id] = _strip_node(typed, masked)
        changed |= nodes[id] is not typed
    return with_nodes(graph, nodes, renamed) if renamed or changed else graph


def explain_kept(graph: TypedGraph) -> Iterator[tuple[str, str]]:
    """The layers that could be thought to act in training alone and stay, each with the reason."""
    masked = _find_masked_layers(graph)
    for id, typed in graph.nodes.items():
        if _acts_in_training_alone(typed):
            yield id, "it casts" if _casts(typed) else "no pass ran"
        elif isinstance(typed.node.op, Augmentation):
            yield id, "it changes images outside of training too"
        elif isinstance(typed.node.op, Backbone):
            yield id, "a backbone is left as it is"
        elif typed.node.op is not None:
            yield from ((id, reason) for reason in _find_decisive(typed.node.op, typed.node.layer in masked).values())


def _find_decisive(op: Op, masked: bool) -> dict[str, str]:
    """The dropouts that choose what Keras runs outside of training too, each with the reason why it stays."""
    if isinstance(op, Projected) and op.dropout and (masked or op.is_written("attention_axes")):
        return {"dropout": "`dropout` chooses how Keras attends with a mask or `attention_axes`, in inference too"}
    if isinstance(op, GatedRecurrent) and op.recurrent_dropout and masked:
        return {"recurrent_dropout": "`recurrent_dropout` keeps it from cuDNN, which takes no padding before data"}
    return {name: reason for _, inner in _iterate_wrapped(op) for name, reason in _find_decisive(inner, masked).items()}


def _find_masked_layers(graph: TypedGraph) -> frozenset[str]:
    """The Keras layers that read a mask at some use: arguments are those of all uses."""
    nodes = graph.nodes.values()
    return frozenset(each.node.layer for each in nodes if any(x is not None and x.mask is not None for x in each.inputs))


def _iterate_wrapped(op: Op) -> Iterator[tuple[str, Op]]:
    return ((name, value) for name, value in op.list_values().items() if isinstance(value, Op))


def _acts_in_training_alone(typed: TypedNode) -> bool:
    op = typed.node.op
    return op is not None and op.only_in_training and not op.is_own()


def _casts(typed: TypedNode) -> bool:
    x, y = typed.inputs[0], typed.type
    return x is None or y is None or replace(y, axes=x.axes) != x


def _strip_node(typed: TypedNode, masked: frozenset[str]) -> TypedNode:
    """The node without what acts in training alone; itself where there is nothing of the kind."""
    op = typed.node.op
    if isinstance(op, Output) and op.trained and typed.type is not None and typed.type.mask is not None:
        return replace(typed, node=replace(typed.node, op=Output(op.head, op.carries_mask, trained=False)))
    plain = op if op is None else _strip_op(op, typed.node.layer in masked)
    return typed if plain is op else replace(typed, node=replace(typed.node, op=plain))


def _strip_op(op: Op, masked: bool) -> Op:
    """The op without arguments that act in training alone, nor a layer that it wraps with any; itself where there is none."""
    if op.is_own() or isinstance(op, Backbone):
        return op
    kept = _find_decisive(op, masked)
    gone = {name for name in op.list_values() if (name in DROPOUTS and name not in kept) or name.endswith(PENALTIES)}
    inner = {name: _strip_op(value, masked) for name, value in _iterate_wrapped(op)}
    if not gone and all(op.get_value(name) is value for name, value in inner.items()):
        return op
    return op.without(*gone).replace_values(**{op.arguments[name].field: value for name, value in inner.items()})
