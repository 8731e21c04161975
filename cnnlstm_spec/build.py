"""A ModelSpec to a Graph: structure to edges, references to nodes, names to unique names."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .diagnostic import Code, Diagnostic, Label
from .graph import Frame, Graph, Node
from .inputs import InputOp
from .items import Fusion, Group, Item, Layer, Origin, Parallel, Residual, Timed
from .naming import Wanted, assign_names, layer_stem
from .op import Op
from .ops import find_op
from .ops.structure import EnterTime, LeaveTime, Output, Projection, ResidualAdd
from .scope import did_you_mean
from .spec import Branch, Head, ModelSpec

UNKNOWN_REFERENCE = Code("unknown-reference", "error", "there is no `{name}` to read here")
MISSING_FUSION = Code("missing-fusion", "error", "`{head}` cannot read {count} branches without a `fusion`")
SHARED_UNLIKE = Code("shared-unlike", "error", "all that share `{name}` must be written alike")
SHARE_CYCLE = Code("share-cycle", "error", "`{name}` shares its layers with itself")
UNKNOWN_BRANCH = Code("unknown-branch", "error", "there is no branch `{name}`")
NAME_TAKEN = Code("name-taken", "error", "`{name}` names {what} already; a fusion needs another name")
QUERY_NOT_INPUT = Code("query-not-an-input", "error", "the query `{name}` is not one of the inputs")
TWO_NAMED = Code("input-twice", "error", "the input name `{name}` is used twice")

Key = tuple[object, ...]


@dataclass(frozen=True)
class Context:
    """Where the items being built belong."""

    area: str
    stem: str
    """What unnamed layers are named for."""
    frames: tuple[Frame, ...] = ()
    shared: Key | None = None
    addressable: bool = True


def build(spec: ModelSpec, found: list[Diagnostic]) -> Graph:
    """The graph of a spec; what could not be read is a node without an op."""
    return _Builder(spec, found).build()


class _Builder:
    def __init__(self, spec: ModelSpec, found: list[Diagnostic]) -> None:
        self.spec, self.found = spec, found
        self.nodes: list[Node] = []
        self.wanted: list[Wanted] = []
        self.addresses: dict[str, str] = {}
        self.shared: dict[Key, tuple[str, Key, Origin]] = {}
        self.alike: dict[str, tuple[Key, Origin]] = {}
        self.frames = 0
        self.sound = True

    def report(self, code: Code, origin: Origin, labels: tuple[Label, ...] = (), help: tuple[str, ...] = (), **facts: object) -> None:
        self.found.append(Diagnostic(code, origin.place, facts, labels=(*labels, *origin.uses), help=help))

    def build(self) -> Graph:
        inputs = [self.branch(branch) for branch in self.spec.branches]
        default = self.fusions()
        outputs = {head.name: self.head(head, default) for head in self.spec.heads}
        self.check_mask_inputs()
        reserved = [branch.name for branch in self.spec.branches]
        reserved += [b.input.mask_input for b in self.spec.branches if b.input is not None and b.input.mask_input]
        reserved += [head.name for head in self.spec.heads]
        names = assign_names(self.wanted, reserved, self.found)
        renamed = [
            replace(node, id=names[node.id], layer=names[node.layer], inputs=tuple(names[i] for i in node.inputs))
            for node in self.nodes
        ]
        return Graph(
            self.spec.name,
            {node.id: node for node in renamed},
            tuple(names[i] for i in inputs),
            {head: names[id] for head, id in outputs.items()},
            self.spec.single_head,
            {address: names[id] for address, id in self.addresses.items()},
        )

    def check_mask_inputs(self) -> None:
        """Reports mask inputs with the name of a branch, of a head or of another mask input."""
        taken = {each.name: each.origin.place for each in (*self.spec.branches, *self.spec.heads)}
        for branch in self.spec.branches:
            name = branch.input.mask_input if branch.input is not None else None
            if branch.input is None or name is None:
                continue
            place = branch.input.places["mask_input"]
            if name in taken:
                labels = (Label(taken[name], "has this name"),)
                self.found.append(Diagnostic(TWO_NAMED, place, {"name": name}, labels=labels, help=(f"`{name}_mask` would do",)))
            taken.setdefault(name, place)

    def add(self, op: Op | None, inputs: tuple[str, ...], origin: Origin, at: Context, name: str | None = None, hidden: bool = False) -> str:
        """A node; the same Keras layer as an earlier one where it shares."""
        id = f"n{len(self.nodes)}"
        layer = id
        key: Key | None = ("share", op.share) if op is not None and op.share else at.shared
        if key is not None and op is not None and not hidden:
            first = self.shared.setdefault(key, (id, alike(op), origin))
            layer = first[0]
            if first[1] != alike(op):
                label = Label(first[2].place, "written differently here")
                self.report(SHARED_UNLIKE, origin, (label,), name=op.share or str(key[1]))
                layer = id
        self.nodes.append(Node(id, op, inputs, layer, origin, at.area, at.frames, hidden))
        written = name or (op.name if op is not None else None)
        stem = at.stem + "_" + layer_stem(op.title() if op is not None else "unknown")
        self.wanted.append(Wanted(id, at.area, at.stem, written, stem, origin, isinstance(op, InputOp | Output)))
        if written and at.addressable:
            self.addresses.setdefault(f"{self.prefix(at)}.{written}", id)
        return id

    def prefix(self, at: Context) -> str:
        return at.area.removeprefix("branches.").removeprefix("fusion.")

    def branch(self, branch: Branch) -> str:
        at = Context(f"branches.{branch.name}", branch.name)
        op = InputOp(branch.input, branch.name) if branch.input is not None else None
        start = self.add(op, (), branch.origin, at, branch.name, hidden=True)
        x = self.items(self.shared_items(branch), start, replace(at, shared=("branch", self.root(branch).name)) if self.shares(branch) else at)
        x = self.items(branch.items, x, replace(at, shared=("branch", branch.name)) if self.is_shared(branch) else at)
        self.addresses[branch.name] = x
        return start

    def find(self, name: str) -> Branch | None:
        return next((branch for branch in self.spec.branches if branch.name == name), None)

    def shares(self, branch: Branch) -> bool:
        return branch.share_layers_with is not None

    def is_shared(self, branch: Branch) -> bool:
        return any(b.share_layers_with is not None and b.share_layers_with[0] == branch.name for b in self.spec.branches)

    def root(self, branch: Branch) -> Branch:
        """The branch whose items `share_layers_with` names."""
        assert branch.share_layers_with is not None
        return self.find(branch.share_layers_with[0]) or branch

    def shared_items(self, branch: Branch) -> tuple[Item, ...]:
        """The items of the branch that this one shares with."""
        if branch.share_layers_with is None:
            return ()
        name, origin = branch.share_layers_with
        other = self.find(name)
        if other is None:
            self.report(UNKNOWN_BRANCH, origin, help=did_you_mean(name, [b.name for b in self.spec.branches]), name=name)
        elif other is branch or other.share_layers_with is not None and self.find(other.share_layers_with[0]) is branch:
            self.report(SHARE_CYCLE, origin, name=branch.name)
        else:
            return other.items
        return (Layer(None, origin),)

    def items(self, items: tuple[Item, ...], x: str, at: Context) -> str:
        for index, item in enumerate(items):
            x = self.item(item, x, replace(at, shared=(*at.shared, index)) if at.shared is not None else at)
        return x

    def item(self, item: Item, x: str, at: Context) -> str:
        if isinstance(item, Layer):
            return self.add(item.op, (x,), item.origin, at)
        if item.share:
            at = replace(at, shared=("share", item.share))
            first = self.alike.setdefault(item.share, (signature(item), item.origin))
            if first[0] != signature(item):
                self.report(SHARED_UNLIKE, item.origin, (Label(first[1].place, "written differently here"),), name=item.share)
                return self.add(None, (x,), item.origin, at, item.name)
        if isinstance(item, Timed):
            return self.timed(item, x, at)
        if isinstance(item, Residual):
            return self.residual(item, x, at)
        if isinstance(item, Parallel):
            return self.parallel(item, x, at)
        y = self.items(item.items, x, self.framed(at, "block", item.title))
        self.address(item.name, y, at)
        return y

    def framed(self, at: Context, kind: str, title: str) -> Context:
        self.frames += 1
        return replace(at, frames=(*at.frames, Frame(kind, title, self.frames)))

    def address(self, name: str | None, id: str, at: Context) -> None:
        if name and at.addressable:
            self.addresses.setdefault(f"{self.prefix(at)}.{name}", id)

    def timed(self, item: Timed, x: str, at: Context) -> str:
        inner = replace(self.framed(at, "time", "per step"), addressable=False)
        entered = self.add(EnterTime(), (x,), item.origin, inner, hidden=True)
        inside = self.items(item.items, entered, inner)
        left = self.add(LeaveTime(), (inside,), item.origin, inner, item.name, hidden=True)
        self.address(item.name, left, at)
        return left

    def residual(self, item: Residual, x: str, at: Context) -> str:
        inner = self.framed(at, "residual", item.name or "Residual")
        parts = (replace(inner, shared=(*at.shared, part)) if at.shared is not None else inner for part in ("layers", "shortcut", "add"))
        layers, shortcut, add = parts
        y = self.items(item.items, x, layers)
        if item.shortcut is None:
            side = self.add(Projection(), (x, y), item.origin, shortcut)
        else:
            side = self.items(item.shortcut, x, shortcut)
        return self.add(ResidualAdd(), (side, y), item.origin, replace(add, frames=at.frames), item.name)

    def parallel(self, item: Parallel, x: str, at: Context) -> str:
        outer = self.framed(at, "parallel", item.name or "Parallel")
        outputs = []
        for name, items in item.paths:
            path = self.framed(outer, "path", name)
            path = replace(path, shared=(*at.shared, "paths", name)) if at.shared is not None else path
            outputs.append((name, self.items(items, x, path)))
        end = replace(at, shared=(*at.shared, "merge")) if at.shared is not None else at
        return self.fused(item.merge, outputs, end, item.name)

    def fused(self, fusion: Fusion, inputs: list[tuple[str, str]], at: Context, name: str | None) -> str:
        """The fusion's op over its inputs, projected before and followed by its own layers."""
        if fusion.query is not None:
            wanted = fusion.query[0]
            position = next((i for i, (label, _) in enumerate(inputs) if label == wanted), None)
            if position is None:
                help = did_you_mean(wanted, [label for label, _ in inputs])
                self.report(QUERY_NOT_INPUT, fusion.query[1], help=help, name=wanted)
                return self.add(None, tuple(id for _, id in inputs), fusion.origin, at, name)
            inputs = [inputs[position], *inputs[:position], *inputs[position + 1 :]]
        if fusion.units is not None:
            inputs = [(label, self.projected(label, id, fusion, at)) for label, id in inputs]
        y = self.add(fusion.op, tuple(id for _, id in inputs), fusion.origin, at, name)
        return self.items(fusion.items, y, replace(at, shared=(*at.shared, "after")) if at.shared is not None else at)

    def projected(self, label: str, id: str, fusion: Fusion, at: Context) -> str:
        dense = find_op("Dense")
        assert dense is not None
        inner = replace(at, shared=(*at.shared, "project", label)) if at.shared is not None else at
        name = f"{at.stem}_{label.replace('.', '_')}_projection"
        return self.add(dense.make(units=fusion.units), (id,), fusion.origin, replace(inner, addressable=False), name)

    def fusions(self) -> str | None:
        """The node that heads read by default; None where there is none."""
        branches = [branch.name for branch in self.spec.branches]
        earlier: set[str] = set()
        last: str | None = self.addresses[branches[0]] if len(branches) == 1 else None
        for index, fusion in enumerate(self.spec.fusions):
            name = fusion.name or "fusion"
            if name in branches or name in earlier:
                self.report(NAME_TAKEN, fusion.origin, name=name, what="a branch" if name in branches else "a fusion")
            earlier.add(name)
            at = Context(f"fusion.{fusion.name}" if fusion.name else "fusion", name)
            refs = fusion.inputs or tuple((branch, fusion.origin) for branch in branches)
            inputs = [(ref, self.resolve(ref, origin, index)) for ref, origin in refs]
            if fusion.op is None:
                self.sound = False
            last = self.fused(fusion, inputs, at, name)
            self.addresses[name] = last
        return last

    def resolve(self, ref: str, origin: Origin, stage: int | None = None) -> str:
        """The node of a reference, or a node without an op where there is none."""
        if ref in self.addresses:
            return self.addresses[ref]
        known = list(self.addresses)
        help = did_you_mean(ref, known)
        later = [f.name for f in self.spec.fusions[stage:]] if stage is not None else []
        if ref in later:
            help = (f"`{ref}` comes later; a fusion reads what stands before it",)
        elif not help:
            help = (f"there are {', '.join(f'`{name}`' for name in known[:12])}",)
        self.report(UNKNOWN_REFERENCE, origin, help=help, name=ref)
        self.sound = False
        return self.add(None, (), origin, Context("unknown", "unknown", addressable=False), hidden=True)

    def head(self, head: Head, default: str | None) -> str:
        area = "head" if self.spec.single_head else f"heads.{head.name}"
        at = Context(area, head.name)
        if head.fusion is not None:
            inputs = [(ref, self.resolve(ref, origin)) for ref, origin in head.fusion.inputs or ()]
            x = self.fused(head.fusion, inputs, at, None)
        elif head.source is not None:
            x = self.resolve(*head.source)
        elif default is not None:
            x = default
        else:
            labels = tuple(Label(b.origin.place, "a branch") for b in self.spec.branches)
            facts = {"head": head.name, "count": len(self.spec.branches)}
            self.report(MISSING_FUSION, head.origin, labels, ("add `fusion: {strategy: concat}`",), **facts)
            x = self.add(None, (), head.origin, at, hidden=True)
        x = self.items(head.items, x, at)
        return self.add(Output(head.name), (x,), head.origin, at, head.name, hidden=True)


def alike(op: Op) -> Key:
    """What must be equal in two layers that share weights: everything but their names."""
    return tuple(part for part in op.key() if not (isinstance(part, tuple) and part[0] == "name"))


def signature(item: Item) -> Key:
    """What must be equal in two items that share weights."""
    if isinstance(item, Layer):
        return alike(item.op) if item.op is not None else ("unknown",)
    if isinstance(item, Parallel):
        paths = tuple((name, *map(signature, items)) for name, items in item.paths)
        return ("Parallel", paths, alike(item.merge.op) if item.merge.op else None, *map(signature, item.merge.items))
    shortcut = item.shortcut if isinstance(item, Residual) else ()
    side = "projection" if shortcut is None else tuple(map(signature, shortcut))
    return (type(item).__name__, side, *map(signature, item.items))
