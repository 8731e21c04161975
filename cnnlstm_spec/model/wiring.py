"""Items to nodes: structure becomes edges and frames, sharing becomes nodes of one layer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..ir.graph import Frame, Node, make_layer_stem
from ..ir.op import Op
from ..language.catalog import NO_EFFECT
from ..language.meanings import TextMeaning
from ..ops import find_op
from ..ops.backbones.codes import NO_NORM
from ..ops.fusions.base import Strategy
from ..ops.input import InputOp
from ..ops.stand_in import stand_for
from ..ops.structural import EnterTime, LeaveTime, Output, Projection
from ..spec.layer_list import Fusion, Item, Layer, Parallel, Residual, Timed, find_names
from ..text.diagnostic import Code, Diagnostic, Label, Origin, Written
from ..text.fix import Fix, drop, write
from ..text.frozen import dataclass
from ..text.memo import Memory, make_once
from ..text.source import Place, Span
from ..text.spelling import find_nearest, guess
from .names import LocalNames, WantedName
from .noted import note_name
from .sharing import Key, is_known, make_sharing_key, make_signature
from .sides import Side

SHARED_UNLIKE = Code(
    "shared-unlike",
    "error",
    "all that share `{name}` must be written alike",
    help="write them alike, or leave `share` out of one",
)
SHARED_ALONE = Code("shared-alone", "warning", "nothing else has `share: {name}`, so that nothing is shared")
QUERY_NOT_INPUT = Code(
    "query-not-an-input",
    "error",
    "the query `{name}` is not one of the inputs",
    help="name one of the `inputs`, or add it to them",
)

if TYPE_CHECKING:
    from ..ops.backbones.op import Backbone
    from ..ops.fusions.broadcast import Broadcast
    from ..ops.recurrent import Recurrent
    from ..ops.wrappers import Bidirectional
else:
    Backbone = stand_for("backbones.op", "Backbone")
    Broadcast = stand_for("fusions.broadcast", "Broadcast")
    Recurrent = stand_for("recurrent", "Recurrent")
    Bidirectional = stand_for("wrappers", "Bidirectional")


NODES = 40_000
"""So many nodes a graph may have: the layers that are written out, as often as branches share them, and what folds add."""
CONNECTIONS = 200_000
"""So many inputs all nodes together may have."""


class TooLarge(Exception):
    """A graph with more nodes, or inputs of nodes, than there may be; and where it has grown so large."""

    def __init__(self, origin: Origin, what: str, limit: int) -> None:
        super().__init__(what)
        self.origin, self.what, self.limit = origin, what, limit


@dataclass(frozen=True)
class Context:
    """Where the items being built belong."""

    area: str
    stem: str
    """What unnamed layers are named for."""
    frames: tuple[Frame, ...] = ()
    shared: Key | None = None
    """Where the item stands in what is shared; what stands there elsewhere is the same layer."""
    owner: str = ""
    """The branch that the layers are written in, where it is another one."""
    addressable: bool = True
    frozen: Written | None = None
    """Where the arguments of what freezes all of the items stand."""
    frozen_norms: bool = False
    """Whether the batch norms among the items are frozen."""

    def enter_part(self, *steps: object) -> Context:
        """The context of a part."""
        return replace(self, shared=(*self.shared, *steps)) if self.shared is not None else self


class Weaver:
    """Collects nodes, with the names that they want and their addresses."""

    def __init__(self, found: list[Diagnostic], memory: Memory | None = None, index: list[TextMeaning] | None = None) -> None:
        self.found, self.memory, self.index = found, memory, index
        self.nodes: list[Node] = []
        self.wanted: list[WantedName] = []
        self.addresses: dict[str, str] = {}
        self.backbones: dict[str, tuple[str, Context]] = {}
        """By address, the backbones that have a name, in `TimeDistributed` too, with where they stand."""
        self.local = LocalNames(found)
        self.local_names: dict[str, str] = {}
        self.titles: dict[int, str] = {}
        self.uses: dict[int, Span] = {}
        """Where blocks are used, by the number of the frame."""
        self.layers: dict[Key, str] = {}
        self.origins: dict[int, Origin] = {}
        self.sharing: dict[str, list[Origin]] = {}
        """By what they share, all that do."""
        self.alike: dict[str, tuple[Key, Origin]] = {}
        self.projected: dict[str, tuple[int | None, Origin]] = {}
        """By what they share, the units of fusions that project."""
        self.frames = 0
        self.connections = 0
        self.sides: list[Side] = []
        """The layers that read others beside their input."""

    def report(
        self,
        code: Code,
        origin: Origin,
        labels: tuple[Label, ...] = (),
        help: tuple[str, ...] = (),
        fixes: tuple[Fix, ...] = (),
        **facts: object,
    ) -> None:
        """A finding at an origin."""
        self.found.append(Diagnostic(code, origin.place, facts, "", (*labels, *origin.uses), help, fixes))

    def add(
        self,
        op: Op | None,
        inputs: tuple[str, ...],
        origin: Origin,
        at: Context,
        name: str | None = None,
        hidden: bool = False,
        stem: str | None = None,
        meant: Op | None = None,
    ) -> str:
        """A node; the same Keras layer as an earlier one where it shares."""
        if op is not None and at.frozen is not None:
            if op.freeze() is not op:
                origin = self.find_frozen_origin(origin, at.frozen)
            op = make_once(self.memory, type(op).freeze, op)
        if op is not None and at.frozen_norms:
            op = make_once(self.memory, type(op).with_norms_frozen, op)
        self.connections += len(inputs)
        if len(self.nodes) > NODES:
            raise TooLarge(origin, "layers", NODES)
        if self.connections > CONNECTIONS:
            raise TooLarge(origin, "inputs of layers", CONNECTIONS)
        id = f"n{len(self.nodes)}"
        layer = id
        key: Key | None = at.shared
        if op is not None and op.share:
            key = ("share", op.share) if self.is_alike(op.share, make_sharing_key(op), origin) else None
        if key is not None and op is not None and not hidden:
            layer = self.layers.setdefault(key, id)
        self.nodes.append(Node(id, op, inputs, layer, origin, at.area, at.frames, hidden, meant))
        written = name or (op.name if op is not None else None)
        fixed = isinstance(op, InputOp | Output)
        local = written
        if written and not fixed:
            of_the_fusion = at.area.startswith("fusion") and not at.addressable and written == at.stem
            local = self.local.take("" if of_the_fusion else at.area, written, origin, again=layer != id)
            self.local_names[id] = local
        prefix = at.owner if at.owner and layer == id else at.stem
        stem = stem or make_layer_stem(op.title() if op is not None else "unknown")
        parts = op.list_parts(len(inputs)) if op is not None else ()
        self.wanted.append(WantedName(id, prefix, local, f"{prefix}_{stem}", parts, fixed, layer == id))
        if local and not hidden:
            self.note_address(local, id, at)
            note_name(self.index, origin, self.make_prefix(at), local)
            if isinstance(op, Backbone):
                self.backbones[f"{self.make_prefix(at)}.{local}"] = id, at
        return id

    def find_frozen_origin(self, origin: Origin, outer: Written) -> Origin:
        """The origin of a layer whose `trainable: false` is written around it; one for all nodes that have it."""
        if id(origin) not in self.origins:
            place, key = outer.places["trainable"], outer.keys["trainable"]
            self.origins[id(origin)] = replace(origin, written=origin.written.add_argument("trainable", place, key))
        return self.origins[id(origin)]

    def make_op(self, cls: type[Op]) -> Op:
        """An op of our own, which has no arguments."""
        op: Op = make_once(self.memory, cls)
        return op

    def is_alike(self, share: str, written: Key, origin: Origin) -> bool:
        """Whether what shares a name is written as the first of that name that could be read; reports it if not."""
        self.sharing.setdefault(share, []).append(origin)
        if not is_known(written):
            return True
        first = self.alike.setdefault(share, (written, origin))
        if first[0] != written:
            self.report(SHARED_UNLIKE, origin, (Label(first[1].place, "written differently here"),), name=share)
        return first[0] == written

    def report_alone(self) -> None:
        """Says of each name that one layer alone has that nothing is shared; not after a mistake, which may hide others."""
        if any(each.severity == "error" for each in self.found):
            return
        for name, (first, *others) in self.sharing.items():
            if not others:
                written = replace(first, place=first.written.places.get("share", first.place))
                near = find_nearest(name, [each for each in self.sharing if each != name])
                help = (f"did you mean `{near}`?",) if near else ("give another layer the same `share`, or leave it out",)
                fixes = (write(written.place.span, near),) if near else ()
                self.report(SHARED_ALONE, written, help=help, fixes=fixes, name=name)

    def make_prefix(self, at: Context) -> str:
        """What the addresses of an area begin with."""
        return at.area.removeprefix("branches.").removeprefix("fusion.")

    def note_address(self, local: str, id: str, at: Context) -> None:
        """Lets a name, unique in its area, stand for a node."""
        if at.addressable:
            self.addresses[f"{self.make_prefix(at)}.{local}"] = id

    def name_node(self, name: str | None, id: str, origin: Origin, at: Context, frame: Frame) -> None:
        """Lets the name of a block or structure stand for its output."""
        if name:
            local = self.titles[frame.id] = self.local.take(at.area, name, origin)
            self.note_address(local, id, at)
            note_name(self.index, origin, self.make_prefix(at), local)

    def weave_area(self, items: tuple[Item, ...], x: str, at: Context) -> str:
        """All items of a branch, a fusion or a head, whose written names no copies get."""
        self.local.keep_written(at.area, find_names(items))
        return self.weave_items(items, x, at)

    def weave_items(self, items: tuple[Item, ...], x: str, at: Context) -> str:
        """A list of items one after the other."""
        for index, item in enumerate(items):
            x = self.weave_item(item, x, at.enter_part(index))
        return x

    def hold_items(self, items: tuple[Item, ...], x: str, at: Context, norms: Place | None, title: str) -> str:
        """A list of items, whose batch norms are frozen where that is written; reports it where there is nothing to freeze."""
        start = len(self.nodes)
        y = self.weave_items(items, x, at if norms is None else replace(at, frozen_norms=True))
        inside = [node.op for node in self.nodes[start:]]
        if norms is None or None in inside:
            return y
        help, fixes = ("leave it out: all are frozen without it",), (drop(norms.span, "freeze_batch_norm"),)
        if not any(op.has_norms() for op in inside if op is not None):
            self.found.append(Diagnostic(NO_NORM, norms, {"layer": title}, fixes=fixes))
        elif not any(op.stays_frozen for op in inside if op is not None):
            facts: dict[str, object] = {"argument": "freeze_batch_norm", "needed": "a batch norm that is trained"}
            self.found.append(Diagnostic(NO_EFFECT, norms, facts, help=help, fixes=fixes))
        return y

    def weave_item(self, item: Item, x: str, at: Context) -> str:
        """One item; the node that gives its output."""
        if isinstance(item, Layer):
            id = self.add(item.op, (x,), item.origin, at, meant=item.meant)
            states = item.op.initial_state if isinstance(item.op, Recurrent | Bidirectional) else item.beside
            if states:
                self.sides.append(Side(id, states, item.origin, item.op.title() if item.op is not None else None))
            return id
        if item.share:
            if not self.is_alike(item.share, make_signature(item), item.origin):
                return self.add(None, (x,), item.origin, at, item.name)
            at = replace(at, shared=("share", item.share))
        if isinstance(item, Timed):
            return self.weave_timed(item, x, at)
        if isinstance(item, Residual):
            return self.weave_residual(item, x, at)
        if isinstance(item, Parallel):
            return self.weave_parallel(item, x, at)
        inner = self.enter_frame(at, "block", item.title)
        if item.is_use:
            self.uses[inner.frames[-1].id] = item.origin.place.span
        y = self.hold_items(item.items, x, inner, item.norms, item.title)
        self.name_node(item.name, y, item.origin, at, inner.frames[-1])
        return y

    def enter_frame(self, at: Context, kind: str, title: str, paths: tuple[str, ...] = ()) -> Context:
        """The context inside another frame."""
        self.frames += 1
        return replace(at, frames=(*at.frames, Frame(kind, title, self.frames, paths)))

    def name_frame(self, frame: Frame, merge: str) -> None:
        """Lets a frame have the name of the node, after it, that brings its paths together."""
        if merge in self.local_names:
            self.titles[frame.id] = self.local_names[merge]

    def weave_timed(self, item: Timed, x: str, at: Context) -> str:
        inner = replace(self.enter_frame(at, "time", "per step"), addressable=False, frozen=item.frozen or at.frozen)
        entered = self.add(self.make_op(EnterTime), (x,), item.origin, inner, hidden=True, stem="enter_time")
        inside = self.hold_items(item.items, entered, inner, item.norms, "TimeDistributed")
        left = self.add(self.make_op(LeaveTime), (inside,), item.origin, inner, hidden=True, stem="leave_time")
        self.name_node(item.name, left, item.origin, at, inner.frames[-1])
        return left

    def weave_residual(self, item: Residual, x: str, at: Context) -> str:
        from ..ops.fusions.residual import ResidualAdd

        inner = self.enter_frame(at, "residual", "Residual")
        y = self.weave_items(item.items, x, inner.enter_part("layers"))
        if item.shortcut is None:
            side = self.add(self.make_op(Projection), (x, y), item.origin, inner.enter_part("shortcut"))
        else:
            side = self.weave_items(item.shortcut, x, inner.enter_part("shortcut"))
        added = self.add(self.make_op(ResidualAdd), (side, y), item.origin, at.enter_part("add"), item.name)
        self.name_frame(inner.frames[-1], added)
        return added

    def weave_parallel(self, item: Parallel, x: str, at: Context) -> str:
        query = item.merge.query[0] if item.merge.query is not None else None
        names = sorted((name for name, _ in item.paths), key=lambda name: name != query)
        outer = self.enter_frame(at, "parallel", "Parallel", tuple(names))
        outputs = []
        for name, items in item.paths:
            path = self.enter_frame(outer, "path", name)
            outputs.append((name, self.weave_items(items, x, path.enter_part("paths", name))))
        return self.fuse(item.merge, outputs, at.enter_part("merge"), item.name, frame=outer.frames[-1])

    def fuse(
        self,
        fusion: Fusion,
        inputs: list[tuple[str, str]],
        at: Context,
        name: str | None,
        own: bool = False,
        frame: Frame | None = None,
    ) -> str:
        """The fusion's op over its inputs, projected before and followed by its own layers.

        Of a fusion of its `own` the name is an area, and no address in one. Of a Parallel it is also that of its `frame`.
        """
        if fusion.query is not None:
            wanted = fusion.query[0]
            position = next((i for i, (label, _) in enumerate(inputs) if label == wanted), None)
            if position is None:
                near = guess(wanted, [label for label, _ in inputs], fusion.query[1].place.span)
                self.report(QUERY_NOT_INPUT, fusion.query[1], help=near.help, fixes=near.fixes, name=wanted)
                return self.add(None, tuple(id for _, id in inputs), fusion.origin, at, name)
            inputs = [inputs[position], *inputs[:position], *inputs[position + 1 :]]
        before = at if fusion.op is None else self.share_projections(fusion.op, fusion, at)
        if fusion.units is not None:
            inputs = [(label, self.project(i, label, id, fusion, before)) for i, (label, id) in enumerate(inputs)]
        if len(inputs) == 1 and fusion.op is not None:
            self.report_idle_arguments(fusion.op, fusion.origin)
        fused_at = replace(at, addressable=False) if own else at
        y = z = self.add(fusion.op, tuple(id for _, id in inputs), fusion.origin, fused_at, name)
        if frame is not None:
            self.name_frame(frame, y)
        if fusion.items:
            z = self.weave_area(fusion.items, y, at.enter_part("after"))
            if y in self.local_names and not own:
                self.note_address(self.local_names[y], z, at)
        return z

    def report_idle_arguments(self, op: Op, origin: Origin) -> None:
        """Reports arguments that say how several inputs are brought together, where there is one."""
        inner = op.op if isinstance(op, Broadcast) else op
        if inner.arity[0] > 1:
            return
        passed_on = ("axis", "dtype") if isinstance(inner, Strategy) and inner.passes_on else ()
        for name in ("broadcast", *passed_on):
            if name in origin.written.keys:
                facts: dict[str, object] = {"argument": name, "needed": "a second input"}
                help = ("leave it out, or add an input",)
                self.found.append(Diagnostic(NO_EFFECT, origin.written.keys[name], facts, labels=origin.uses, help=help))

    def share_projections(self, op: Op, fusion: Fusion, at: Context) -> Context:
        """Where the projections of a fusion stand: one set for all fusions that share; reports units that differ."""
        if not op.share:
            return at
        units, first = self.projected.setdefault(op.share, (fusion.units, fusion.origin))
        if units == fusion.units:
            return replace(at, shared=("share", op.share))
        self.report(SHARED_UNLIKE, fusion.origin, (Label(first.place, "written differently here"),), name=op.share)
        return at

    def project(self, index: int, label: str, id: str, fusion: Fusion, at: Context) -> str:
        stem = f"{label.replace('.', '_')}_projection"
        dense = make_once(self.memory, _make_projection, fusion.units, fusion.trainable)
        return self.add(dense, (id,), fusion.origin, at.enter_part("project", index), stem=stem)


def _make_projection(units: int, trainable: bool) -> Op:
    dense = find_op("Dense")
    assert dense is not None
    return dense.make(units=units, **({} if trainable else {"trainable": False}))
