"""Inner layers of backbones as addresses: `branch.backbone.layer`. What nothing reads of a backbone is cut off it.

Imports no rule and no pass.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from ..ir.graph import Node, TypedGraph, TypedNode
from ..ir.inference import Refusal
from ..ops.stand_in import stand_for
from ..ops.structural import LeaveTime
from ..text.diagnostic import Origin
from ..text.memo import Memory, make_once
from ..text.spelling import find_nearest
from .addresses import find_backbone, find_inner, list_meant
from .wiring import Context, Weaver

if TYPE_CHECKING:
    from ..ops.backbones.inner import InnerLayer
    from ..ops.backbones.op import Backbone
else:
    InnerLayer = stand_for("backbones.inner", "InnerLayer")
    Backbone = stand_for("backbones.op", "Backbone")


class InnerReferences:
    """The references into backbones that were met, each resolved once."""

    def __init__(self, weaver: Weaver, memory: Memory | None) -> None:
        self.weaver, self.memory = weaver, memory
        self.taps: dict[tuple[str, str], str] = {}
        """By the node of a backbone and the name of a layer in it, the node of what that gives."""
        self.made: set[str] = set()
        """The nodes that references have made."""
        self.misread: dict[str, tuple[str, str]] = {}
        """By what reads a layer that a backbone does not have, the backbone and the layer that it is taken for."""

    def resolve(self, ref: str, origin: Origin) -> str | None:
        """The node of a backbone in `TimeDistributed`, or of an inner layer of any; None where there is none."""
        backbones = self.weaver.backbones
        if ref in backbones:
            id, at = backbones[ref]
            return self.admit_address(ref, self.leave_time(id, origin, at))
        holder, _, layer = ref.rpartition(".")
        if holder not in backbones:
            return None
        id, at = backbones[holder]
        op = self.find_op(id)
        if layer not in op.list_layers():
            if (meant := find_nearest(layer, op.list_layers())) is not None:
                self.misread[ref] = id, meant
            return None
        if (id, layer) not in self.taps:
            inside = replace(at, shared=None, frozen=None, frozen_norms=False)
            from ..ops.backbones.inner import InnerLayer

            tap = make_once(self.memory, InnerLayer, op, layer)
            self.taps[id, layer] = self.weaver.add(tap, (id,), origin, inside, stem=f"{op.name}_{layer}")
            self.made.add(self.taps[id, layer])
        return self.admit_address(ref, self.leave_time(self.taps[id, layer], origin, at))

    def propose_names(self, ref: str) -> tuple[str, ...]:
        """The references that one into a backbone may be meant for: its layers, or those of that name in another."""
        return list_meant(ref, {address: self.find_op(id) for address, (id, _) in self.weaver.backbones.items()})

    def find_unnamed(self, ref: str) -> Backbone | None:
        """The backbone without a name, in the branch of a reference, that has the layer which is meant."""
        branch, layer = ref.partition(".")[0], ref.rpartition(".")[2]
        ops = (node.op for node in self.weaver.nodes if node.area == f"branches.{branch}")
        unnamed = (op for op in ops if isinstance(op, Backbone) and not op.name)
        return next((op for op in unnamed if layer in op.list_layers()), None)

    def find_op(self, id: str) -> Backbone:
        """The backbone of a node."""
        op = self.weaver.nodes[int(id[1:])].op
        assert isinstance(op, Backbone)
        return op

    def admit_address(self, ref: str, id: str) -> str:
        """Lets the reference be an address of the graph."""
        self.weaver.addresses[ref] = id
        return id

    def leave_time(self, id: str, origin: Origin, at: Context) -> str:
        """The node outside of every `TimeDistributed` that a node stands in."""
        timed = [place for place, frame in enumerate(at.frames, 1) if frame.kind == "time"]
        for place in reversed(timed):
            frames = at.frames[:place]
            ends = (node for node in self.weaver.nodes if isinstance(node.op, LeaveTime) and node.inputs == (id,))
            known = next((node.id for node in ends if node.frames == frames), None)
            if known is None:
                outer = replace(at, frames=frames, shared=None, frozen=None, frozen_norms=False)
                known = self.weaver.add(self.weaver.make_op(LeaveTime), (id,), origin, outer, hidden=True, stem="leave_time")
                self.made.add(known)
            id = known
        return id

    def list_in_order(self) -> list[Node]:
        """All nodes, those that references have made behind what they read."""
        behind: dict[str, list[Node]] = {}
        for node in self.weaver.nodes:
            if node.id in self.made:
                behind.setdefault(node.inputs[0], []).append(node)
        found: list[Node] = []
        for node in self.weaver.nodes:
            waiting = [] if node.id in self.made else [node]
            while waiting:
                found.append(waiting.pop())
                waiting += reversed(self.order_nodes(behind.get(found[-1].id, [])))
        return found

    def order_nodes(self, nodes: list[Node]) -> list[Node]:
        """The nodes behind another: of a backbone in the order of its layers, the end of its time last."""

        def find_place(node: Node) -> int:
            return node.op.of.list_layers().index(node.op.layer) if isinstance(node.op, InnerLayer) else len(self.weaver.nodes)

        return sorted(nodes, key=find_place)


def find_node(typed: TypedGraph, address: str) -> TypedNode | None:
    """The node of a backbone in `TimeDistributed`, or of an inner layer, with the steps before its axes.

    It may be no node of the graph. None where the address names nothing of the kind, or what gives it is not known.
    """
    inner = find_inner(typed.graph, address)
    id = inner.id if inner is not None else find_backbone(typed.graph, address)
    holder = typed.nodes[id] if id is not None else None
    if holder is None or holder.type is None or holder.inputs[0] is None:
        return None
    found, type = holder, holder.type
    if inner is not None:
        try:
            type = replace(holder.type, axes=inner.op.infer_inner_type(holder.inputs[0], inner.layer).axes)
        except Refusal:
            return None
        from ..ops.backbones.inner import InnerLayer

        op = InnerLayer(inner.op, inner.layer)
        node = replace(holder.node, id=address, layer=inner.layer, op=op, inputs=(holder.node.id,))
        found = TypedNode(node, type, (holder.type,))
    steps = tuple(axis for axis, _ in type.outer)
    return replace(found, type=replace(type, axes=(*steps, *type.axes), outer=()))


def cut_off(
    nodes: list[Node],
    outputs: Iterable[str],
    addresses: dict[str, str],
    misread: Iterable[tuple[str, str]],
    unsure: bool,
    memory: Memory | None,
) -> list[Node]:
    """The nodes with each backbone told what is read of it, and without ends of time that nothing reads behind one.

    An address of what is cut off is from then on that of the backbone. Where a reference names nothing, it is `unsure` what else
    is read.
    """
    by_id = {node.id: node for node in nodes}
    tapped = {node.inputs[0] for node in nodes if isinstance(node.op, InnerLayer)}
    if not tapped:
        return nodes
    read = set(outputs)
    kept: list[Node] = []
    moved: dict[str, str] = {}
    for node in reversed(nodes):
        before = _find_before_time(node, by_id)
        if before != node.id and before in tapped and node.id not in read:
            moved[node.id] = before
            continue
        kept.append(node)
        if not isinstance(node.op, InnerLayer):
            read.update(node.inputs)
    addresses.update({address: moved[id] for address, id in addresses.items() if id in moved})
    return _share_outputs(kept[::-1], read, misread, unsure, memory)


def _find_before_time(node: Node, nodes: dict[str, Node]) -> str:
    """The node before the ends of time that a node is the last of; itself of any other."""
    while isinstance(node.op, LeaveTime):
        node = nodes[node.inputs[0]]
    return node.id


def _share_outputs(
    nodes: list[Node], read: set[str], supposed: Iterable[tuple[str, str]], unsure: bool, memory: Memory | None
) -> list[Node]:
    """The backbones of one Keras layer have the same outputs: those that are read of any of them."""
    layers = {node.id: node.layer for node in nodes}
    taps: dict[str, set[str]] = {}
    for node in nodes:
        if isinstance(node.op, InnerLayer):
            taps.setdefault(layers[node.inputs[0]], set()).add(node.op.layer)
    for id, layer in supposed:
        taps.setdefault(layers[id], set()).add(layer)
    whole = {node.layer for node in nodes if node.id in read}
    told = []
    for node in nodes:
        if isinstance(node.op, Backbone) and node.layer in taps:
            wanted = tuple(each for each in node.op.list_layers() if each in taps[node.layer])
            node = replace(node, op=make_once(memory, _limit_to, node.op, node.layer in whole, unsure, *wanted))
        told.append(node)
    return told


def _limit_to(op: Backbone, whole: bool, unsure: bool, *taps: str) -> Backbone:
    return op.replace_values(taps=taps, whole=whole, unsure=unsure)
