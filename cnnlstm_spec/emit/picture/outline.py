"""A typed graph to a Drawing: its nodes nested again as they were written. Nothing has a position yet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from ...ir.graph import Frame, TypedGraph, TypedNode
from ...ops.backbones.inner import InnerLayer
from ...ops.backbones.walk import BACKBONES
from ...ops.fusions.residual import ResidualAdd
from ...ops.input import InputOp
from ...ops.states import RecurrentState
from ...ops.structural import EnterTime, LeaveTime, Output
from . import condense as folds
from .bundles import bundle_branches, bundle_lanes
from .drawing import Area, Box, Drawing, DrawnFrame, Element, Flow, Join, Lane, LaneSplit, StateEntry
from .failures import Failures
from .labels import count, describe_arguments, describe_input, describe_shape
from .opened import Opened, open_folds
from .opened import open_areas as open_levels
from .rounds import draw_repetition

if TYPE_CHECKING:
    from ...ir.graph import TypedGraph
    from ...spec.model_spec import ModelSpec
    from ...text.diagnostic import Diagnostic
    from ...text.source import Source

TITLES: dict[type, str] = {
    ResidualAdd: "add",
    EnterTime: "TimeDistributed",
    LeaveTime: "TimeDistributed",
    Output: "output",
    InputOp: "input",
}


class Compiled(Protocol):
    """What a picture is made of."""

    @property
    def source(self) -> Source:
        """The text."""

    @property
    def spec(self) -> ModelSpec | None:
        """What was read."""

    @property
    def typed(self) -> TypedGraph | None:
        """The graph, as far as it could be inferred."""

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What was found."""


def draw_outline(compilation: Compiled, depth: int | None = None, opened: Opened = frozenset()) -> Drawing:
    """What a compilation shows, structure opened so deep, or as deep as there is room; the graph must be there.

    `opened` names folds that are drawn with what they hold."""
    typed, spec = compilation.typed, compilation.spec
    assert typed is not None and spec is not None
    failures = Failures(typed, compilation.diagnostics)
    areas: dict[str, list[TypedNode]] = {}
    for node in typed.nodes.values():
        areas.setdefault(node.node.area, []).append(node)
    areas.pop("unknown", None)
    kinds = {f"branches.{b.name}": b.input.kind if b.input is not None else "tensor" for b in spec.branches}
    fused = {f"fusion.{each.name}" if each.name else "fusion" for each in spec.fusions}
    fused |= {"head" if spec.single_head else f"heads.{head.name}" for head in spec.heads if head.fusion is not None}
    inside = {id: home for id, node in typed.nodes.items() if (home := _find_backbone(node, typed)) is not None}
    areas = {area: [node for node in nodes if node.node.id not in inside] for area, nodes in areas.items()}
    outliner = _Outliner(typed.nodes, failures, fused, typed.graph.titles, inside)
    drawn = tuple(
        outliner.draw_area(address, nodes, "branch" if address in kinds else "head" if address.startswith("head") else "fusion")
        for address, nodes in areas.items()
    )
    drawn = tuple(_tone_area(area, kinds) for area in drawn)
    layers = len({each.node.layer for each in typed.nodes.values() if not each.node.hidden and each.node.id not in inside})
    facts = [count(typed.params, "parameters")]
    if typed.trainable_params != typed.params:
        facts[0] += f" ({typed.trainable_params:,} trainable)"
    facts += [count(layers, "layers"), count(len(spec.branches), "inputs"), count(len(spec.heads), "outputs")]
    errors = sum(d.severity == "error" for d in compilation.diagnostics)
    if errors:
        facts = [count(errors, "errors"), *facts[1:]]
    flows = {id: outliner.make_flow(node) for id, node in typed.nodes.items()}
    drawn = bundle_branches(drawn)
    folded = folds.fold(drawn) if depth is None else open_levels(drawn, depth)
    shown = bundle_lanes(open_folds(folded, opened), flows)
    names = {id: _name(node, typed) for id, node in typed.nodes.items()} | _map_titles(typed)
    return Drawing(spec.name, spec.description or "", " · ".join(facts), tuple(failures.elsewhere), shown, flows, names)


def _name(node: TypedNode, typed: TypedGraph) -> str:
    """What a node is called; an inner layer by its own name, behind that of its backbone."""
    while isinstance(node.node.op, LeaveTime) and _find_backbone(node, typed) is not None:
        node = typed.nodes[node.node.inputs[0]]
    op = node.node.op
    return f"{typed.nodes[node.node.inputs[0]].node.layer}.{op.layer}" if isinstance(op, InnerLayer) else node.node.layer


def _find_backbone(node: TypedNode, typed: TypedGraph) -> str | None:
    """The backbone in whose box it is shown: that of an inner layer, also behind the end of time; else None."""
    while isinstance(node.node.op, LeaveTime):
        node = typed.nodes[node.node.inputs[0]]
    return node.node.inputs[0] if isinstance(node.node.op, InnerLayer) else None


def _map_titles(typed: TypedGraph) -> dict[str, str]:
    """The last node of each structure that has a name, with the name."""
    last = {frame.id: node.node.id for node in typed.nodes.values() for frame in node.node.frames}
    return {last[frame]: name for frame, name in typed.graph.titles.items() if frame in last}


def _tone_area(area: Area, kinds: dict[str, str]) -> Area:
    return replace(area, tone=kinds.get(area.address, area.tone))


class _Outliner:
    def __init__(
        self, nodes: dict[str, TypedNode], failures: Failures, fused: set[str], titles: dict[int, str], inside: dict[str, str]
    ) -> None:
        self.nodes, self.failures, self.fused, self.titles, self.inside = nodes, failures, fused, titles, inside

    def draw_area(self, address: str, nodes: list[TypedNode], tone: str) -> Area:
        outside = [id for node in nodes for id in _list_drawn(node) if self.nodes[id].node.area != address]
        join, rest = None, nodes
        if outside and address in self.fused:
            until = self.run(nodes, 0)
            join, rest = self.join(nodes[:until], nodes[until - 1]), nodes[until:]
        items = self.draw_items(rest, 0)
        if tone == "branch":
            items = folds.fold_shared(items, self.find_owner, self.write_shared_title(nodes))
        source = tuple(outside[:1]) if join is None else ()
        return Area(address, tone, items, nodes[-1].node.id, join, source, tuple(self.list_sides(address, nodes)))

    def list_sides(self, address: str, nodes: list[TypedNode]) -> Iterator[StateEntry]:
        """What the layers of an area begin with that others give."""
        for node in nodes:
            states = [self.nodes[id].node for id in node.node.inputs if id not in _list_drawn(node)]
            given = dict.fromkeys(each.inputs[0] if isinstance(each.op, RecurrentState) else each.id for each in states)
            if not isinstance(node.node.op, RecurrentState):
                yield from (StateEntry((id,), node.node.id) for id in given if self.nodes[id].node.area != address)

    def find_owner(self, id: str) -> str | None:
        """The earlier node whose weights and settings a node has; None where it is its own."""
        node = self.nodes[id].node
        return node.layer if node.layer != node.id and node.op is not None else None

    def write_shared_title(self, nodes: list[TypedNode]) -> str:
        """Whose layers they are that a branch shares."""
        owners = (self.find_owner(node.node.id) for node in nodes)
        first = next((name for name in owners if name is not None), None)
        return f"layers of {self.nodes[first].node.area.rpartition('.')[2]}" if first is not None else ""

    def run(self, nodes: list[TypedNode], start: int) -> int:
        """The end of a run of nodes that one fusion has made: projections, then what fuses."""
        first = nodes[start].node
        end = start + 1
        while end < len(nodes) and nodes[end].node.origin is first.origin and nodes[end].node.frames == first.frames:
            if nodes[end].node.hidden:
                break
            end += 1
        return end

    def join(self, made: list[TypedNode], merge: TypedNode) -> Join:
        projections = {node.node.id: node for node in made[:-1]}
        lanes, sources = [], []
        for id in merge.node.inputs:
            projection = projections.get(id)
            lanes.append(Lane("", (self.make_box(projection),) if projection is not None else ()))
            sources.append((projection.node.inputs[0] if projection is not None else id,))
        return Join(tuple(lanes), tuple(sources), self.make_box(merge, "fusion"))

    def draw_items(self, nodes: list[TypedNode], depth: int) -> tuple[Element, ...]:
        """The nodes of one level, those in deeper frames nested."""
        found: list[Element] = []
        at = 0
        while at < len(nodes):
            node = nodes[at].node
            if len(node.frames) <= depth:
                if not node.hidden or isinstance(node.op, InputOp | Output) or node.id in self.failures.messages:
                    found.append(self.make_box(nodes[at]))
                at += 1
                continue
            frame = node.frames[depth]
            end = at
            while end < len(nodes) and len(nodes[end].node.frames) > depth and nodes[end].node.frames[depth] == frame:
                end += 1
            after = end
            if frame.kind in ("residual", "parallel") and end < len(nodes):
                after = end + 1 if frame.kind == "residual" else self.run(nodes, end)
            found += self.draw_framed(frame, nodes[at:end], nodes[end:after], depth + 1)
            at = after
        return tuple(found)

    def draw_framed(self, frame: Frame, inside: list[TypedNode], after: list[TypedNode], depth: int) -> tuple[Element, ...]:
        if frame.kind == "residual" and after and isinstance(after[-1].node.op, ResidualAdd):
            return (self.draw_residual(frame, inside, after[-1], depth),)
        if frame.kind == "parallel" and after:
            return (self.draw_parallel(frame, inside, after, depth),)
        items = self.draw_items(inside, depth)
        last = inside[-1]
        gives, name = self.make_flow(last), self.titles.get(frame.id, "")
        if frame.kind == "time":
            ids = (last.node.id,) if isinstance(last.node.op, LeaveTime) else ()
            return (DrawnFrame("time", frame.title, items, gives, ids, name=name),) if items else ()
        if not items:
            return ()
        repeat = frame.title.startswith("Repeat x ")
        if repeat:
            return (replace(draw_repetition(frame.title.replace(" x ", " × "), items, gives), name=name),)
        return (folds.draw_shared_frame(DrawnFrame("block", frame.title, items, gives, name=name), self.find_owner),)

    def draw_residual(self, frame: Frame, inside: list[TypedNode], add: TypedNode, depth: int) -> LaneSplit:
        main = add.node.inputs[1]
        places = [index for index, node in enumerate(inside) if node.node.id == main]
        border = places[0] + 1 if places else 0
        shortcut = self.draw_items(inside[border:], depth)
        lanes = (Lane("", self.draw_items(inside[:border], depth)), Lane("" if shortcut else "identity", shortcut))
        return LaneSplit("residual", frame.title, lanes, self.make_box(add, "merge"), name=self.titles.get(frame.id, ""))

    def draw_parallel(self, frame: Frame, inside: list[TypedNode], after: list[TypedNode], depth: int) -> LaneSplit:
        merge = after[-1]
        projections = {node.node.id: node for node in after[:-1]}
        paths: dict[int, list[TypedNode]] = {}
        for node in inside:
            paths.setdefault(node.node.frames[depth].id, []).append(node)
        lanes = []
        for name, id in zip(frame.paths, merge.node.inputs, strict=True):
            projection = projections.get(id)
            start = projection.node.inputs[0] if projection is not None else id
            frames = self.nodes[start].node.frames
            own = frames[depth] if len(frames) > depth and frames[depth - 1] == frame else None
            items = self.draw_items(paths[own.id], depth + 1) if own is not None else ()
            tail = (self.make_box(projection),) if projection is not None else ()
            lanes.append(Lane(name, (*items, *tail)))
        return LaneSplit("parallel", frame.title, tuple(lanes), self.make_box(merge, "merge"), name=self.titles.get(frame.id, ""))

    def make_flow(self, typed: TypedNode) -> Flow:
        type, op = typed.type, typed.node.op
        if type is None:
            return Flow("?", known=False)
        mask = "mask" if type.mask is not None else ""
        if not mask and op is not None and not isinstance(op, EnterTime) and any(x is not None and x.mask for x in typed.inputs):
            mask = "mask used" if op.reads_mask else "mask lost"
        return Flow(describe_shape(type), mask)

    def make_box(self, typed: TypedNode, look: str = "layer") -> Box:
        node, op = typed.node, typed.node.op
        message = self.failures.messages.get(node.id, "")
        state = "failed" if message else "dim" if typed.type is None else "ok"
        gives = self.make_flow(typed)
        inner = [self.nodes[id] for id, home in self.inside.items() if home == node.id]
        common = {"gives": gives, "message": message, "state": state, "ids": (*(each.node.id for each in inner), node.id)}
        if isinstance(op, InputOp):
            return Box("input", op.branch, detail=describe_input(op), **common)  # type: ignore[arg-type]
        if isinstance(op, Output):
            return Box("output", op.head, detail=f"output · {gives.shape}", **common)  # type: ignore[arg-type]
        if op is None:
            written = _shorten_written(typed) if not node.hidden else node.area.rpartition(".")[2]
            return Box("fusion" if look == "fusion" else "layer", written, name="", **common)  # type: ignore[arg-type]
        title = TITLES.get(type(op), op.title())
        detail = describe_arguments(op, node.origin.written)
        if getattr(op, "broadcast", False) and "broadcast" not in detail:
            detail = ", ".join(filter(None, (detail, "broadcast")))
        if look == "layer":
            look = "backbone" if title in BACKBONES else "layer" if typed.weights else "plain"
        owner = self.find_owner(node.id)
        note = "shared" if owner is not None and typed.weights else ""
        name = f"= {owner}" if owner is not None else node.layer
        if node.hidden:
            name = ""
        tip: tuple[str, ...] = (f"{title} {detail}".strip(), node.id, _describe_type(typed))
        for each in inner:
            if isinstance(each.node.op, InnerLayer):
                tip = (*tip, f"{each.node.op.layer} {_describe_type(each)}")
        return Box(look, title, detail=detail, name=name, params=typed.params, note=note, tip=tip, **common)  # type: ignore[arg-type]


def _list_drawn(typed: TypedNode) -> tuple[str, ...]:
    """What a node reads that enters it from before: the states that a layer begins with enter at its side."""
    op = typed.node.op
    if isinstance(op, RecurrentState):
        return ()
    return typed.node.inputs[:1] if op is not None and "initial_state" in op.arguments else typed.node.inputs


def _shorten_written(typed: TypedNode) -> str:
    """What stands where a layer could not be read, up to the first colon."""
    place = typed.node.origin.place
    words = re.match(r"[\s{\-]*([^\s:{},\[\]]{1,40})", place.span.source.text[place.span.start : place.span.end])
    return words[1] if words else "?"


def _describe_type(typed: TypedNode) -> str:
    if typed.type is None:
        return "gives what is not known"
    return f"gives {typed.type} {typed.type.dtype}"
