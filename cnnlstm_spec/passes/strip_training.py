"""For inference: without the layers and arguments that act in training alone. Outputs stay, and the names of what is left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..graph import TypedGraph, TypedNode
from ..op import Op
from ..ops.backbone import Backbone
from ..ops.factors import Augmentation
from ..ops.structure import Output
from ..own import is_own
from .rewrite import reading, with_nodes, without

DROPOUTS = ("dropout", "recurrent_dropout")
PENALTIES = ("_regularizer", "_constraint")


def strip_training(graph: TypedGraph) -> TypedGraph:
    """Without dropout, noise, augmentation, penalties and constraints; padded steps of an output are 0, and no longer marked.

    Layers of a person's own stay as they are: what they inherit may not hold of them.
    """
    nodes: dict[str, TypedNode] = {}
    renamed: dict[str, str] = {}
    changed = False
    for id, typed in graph.nodes.items():
        typed = reading(typed, renamed, nodes)
        if _acts_in_training_alone(typed) and not _casts(typed):
            renamed[id] = typed.node.inputs[0]
            continue
        nodes[id] = _stripped(typed)
        changed |= nodes[id] is not typed
    return with_nodes(graph, nodes, renamed) if renamed or changed else graph


def why_not(graph: TypedGraph) -> Iterator[tuple[str, str]]:
    """The layers that could be thought to act in training alone and stay, each with the reason."""
    for id, typed in graph.nodes.items():
        if _acts_in_training_alone(typed):
            yield id, "it casts" if _casts(typed) else "no pass ran"
        elif isinstance(typed.node.op, Augmentation):
            yield id, "it changes images outside of training too"
        elif isinstance(typed.node.op, Backbone):
            yield id, "a backbone is left as it is"


def training_arguments(op: Op) -> tuple[str, ...]:
    """The written arguments that act in training alone, those of a wrapped layer too; of no layer of a person's own."""
    if is_own(op) or isinstance(op, Backbone):
        return ()
    own = [name for name in op.places if name in DROPOUTS or name.endswith(PENALTIES)]
    return (*own, *(f"{name}.{each}" for name, inner in _wrapped(op) for each in training_arguments(inner)))


def _wrapped(op: Op) -> Iterator[tuple[str, Op]]:
    return ((name, value) for name, value in op.values().items() if isinstance(value, Op))


def _acts_in_training_alone(typed: TypedNode) -> bool:
    op = typed.node.op
    return op is not None and op.only_in_training and not is_own(op)


def _casts(typed: TypedNode) -> bool:
    x, y = typed.inputs[0], typed.type
    return x is None or y is None or replace(y, axes=x.axes) != x


def _stripped(typed: TypedNode) -> TypedNode:
    """The node without what acts in training alone; itself where there is nothing of the kind."""
    op = typed.node.op
    if isinstance(op, Output) and op.trained and typed.type is not None and typed.type.mask is not None:
        return replace(typed, node=replace(typed.node, op=Output(op.head, op.carries_mask, trained=False)))
    if op is None or not training_arguments(op):
        return typed
    return replace(typed, node=replace(typed.node, op=_plain(op)))


def _plain(op: Op) -> Op:
    made = without(op, {name for name in training_arguments(op) if "." not in name})
    for name, inner in _wrapped(op):
        setattr(made, op.arguments[name].field, _plain(inner))
    return made
