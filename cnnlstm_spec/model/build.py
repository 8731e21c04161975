"""A ModelSpec to a Graph: branches, fusions and heads in order, references to nodes, names to unique names."""

from __future__ import annotations

from dataclasses import replace

from ..ir.graph import Graph, Node
from ..ir.op import Op
from ..language.catalog import find_mask_use
from ..language.meanings import TextMeaning
from ..ops.input import InputOp
from ..ops.structural import Output
from ..spec.compile_section import CompileSpec
from ..spec.layer_list import find_names, holds_timed
from ..spec.model_spec import Branch, Head, ModelSpec, Unmasked
from ..text.diagnostic import Code, Diagnostic, Label, Origin
from ..text.memo import Memory, make_once
from ..text.spelling import find_nearest, fix_spelling, guess_address
from .addresses import find_pattern, guess_layer
from .backbones import InnerReferences, cut_off
from .head_order import find_head, order_heads
from .mask_inputs import find_mask_givers
from .names import assign_names
from .noted import note_addresses, note_heads_of_monitors, note_places
from .sharing import resolve_chains
from .sides import join, order_nodes
from .wiring import Context, TooLarge, Weaver

UNKNOWN_REFERENCE = Code("unknown-reference", "error", "there is no `{name}` to read here")
MISSING_FUSION = Code("missing-fusion", "error", "`{head}` cannot read {count} branches without a `fusion`")
NAME_TAKEN = Code("name-taken", "error", "`{name}` names {what} already; a fusion needs another name", help="choose another name")


TOO_LARGE = Code(
    "graph-too-large",
    "error",
    "written out, the model has more than {limit:,} {what}",
    help="share the layers of fewer branches, or read fewer inputs in one place",
)
OF_HEADS = ("head.", "heads.")


def build(
    spec: ModelSpec, found: list[Diagnostic], memory: Memory | None = None, index: list[TextMeaning] | None = None
) -> Graph | None:
    """The graph of a spec, None for one that is too large; what could not be read is a node without an op.

    What names and addresses mean, and where its nodes stand, is noted in `index`.
    """
    if index is not None:
        note_addresses(index, spec)
        note_heads_of_monitors(index, spec)
    try:
        return _Builder(spec, found, memory, index).build()
    except TooLarge as error:
        facts: dict[str, object] = {"limit": error.limit, "what": error.what}
        found.append(Diagnostic(TOO_LARGE, error.origin.place, facts, labels=error.origin.uses))
        return None


class _Builder:
    def __init__(self, spec: ModelSpec, found: list[Diagnostic], memory: Memory | None, index: list[TextMeaning] | None) -> None:
        self.spec, self.found, self.memory = spec, found, memory
        self.weaver = Weaver(found, memory, index)
        self.chains = resolve_chains(spec, found)
        self.inner = InnerReferences(self.weaver, memory)
        self.givers = {each.share_layers_with[0] for each in spec.branches if each.share_layers_with is not None}
        """The branches whose layers others have too."""
        self.given: dict[str, str] = {}
        """What each head gives to others, by `heads.name`."""
        self.circled: set[str] = set()
        """The heads that are computed from themselves, or between such."""
        self.unsure = False
        """Whether a reference names nothing, and is taken for nothing inside a backbone."""

    def build(self) -> Graph:
        shared = find_mask_givers(self.spec, self.found)
        inputs = [self.build_branch(branch, shared.get(branch.name)) for branch in self.spec.branches]
        default = self.build_fusions()
        outputs = self.build_heads(default)
        self.weaver.report_alone()
        reserved = [branch.name for branch in self.spec.branches]
        reserved += [b.input.mask_input for b in self.spec.branches if b.input is not None and b.input.mask_input]
        reserved += [head.name for head in self.spec.heads]
        sides = self.weaver.sides
        states = join(sides, self.weaver.nodes, self.found, self.resolve, self.build_state, self.build_unknown)
        names = assign_names(self.weaver.wanted, reserved)
        nodes = order_nodes(self.inner.list_in_order(), sides, states, self.found)
        meant = self.inner.misread.values()
        nodes = cut_off(nodes, outputs.values(), self.weaver.addresses, meant, self.unsure, self.memory)
        renamed = [node.replace_names(names) for node in nodes]
        if self.weaver.index is not None:
            note_places(self.weaver.index, renamed, self.weaver.uses)
        return Graph(
            self.spec.name,
            {node.id: node for node in renamed},
            tuple(names[i] for i in inputs),
            {head: names[id] for head, id in outputs.items()},
            self.spec.single_head,
            {address: names[id] for address, id in self.weaver.addresses.items()},
            self.weaver.titles,
            self.spec.data is not None,
            {address: names[id] for address, (id, _) in self.weaver.backbones.items()},
        )

    def build_state(self, op: Op, source: str, reader: Node) -> str:
        """A node for a state that a layer begins with."""
        return self.weaver.add(op, (source,), reader.origin, Context(reader.area, "state", addressable=False), hidden=True)

    def build_branch(self, branch: Branch, mask_of: str | None) -> str:
        """The layers of those that it shares with, then its own; the node of the input."""
        at = Context(f"branches.{branch.name}", branch.name)
        op = (
            make_once(self.memory, InputOp, branch.input, branch.name, branch.mask_by, mask_of)
            if branch.input is not None
            else None
        )
        unmasked = isinstance(branch.input, Unmasked)
        start = x = self.weaver.add(
            None if unmasked else op, (), branch.origin, at, branch.name, hidden=True, meant=op if unmasked else None
        )
        chain = self.chains[branch.name]
        if chain is None:
            assert branch.share_layers_with is not None
            x = self.weaver.add(None, (x,), branch.share_layers_with[1], at)
        for giver in chain or (branch,):
            self.weaver.local.keep_written(at.area, find_names(giver.items))
            shared = ("branch", giver.name) if giver is not branch or branch.name in self.givers else None
            x = self.weaver.hold_items(giver.items, x, replace(at, shared=shared, owner=giver.name), giver.norms, giver.name)
        self.weaver.addresses[branch.name] = x
        return start

    def build_fusions(self) -> str | None:
        """The node that heads read by default; None where there is none."""
        addresses = self.weaver.addresses
        branches = [branch.name for branch in self.spec.branches]
        earlier: set[str] = set()
        last: str | None = addresses[branches[0]] if len(branches) == 1 else None
        for index, fusion in enumerate(self.spec.fusions):
            name = fusion.name or "fusion"
            taken = name in branches or name in earlier
            # A stage without a name has been told to have one.
            if taken and (fusion.name is not None or len(self.spec.fusions) == 1):
                written = replace(fusion.origin, place=fusion.named or fusion.origin.place)
                self.weaver.report(NAME_TAKEN, written, name=name, what="a branch" if name in branches else "a fusion")
            earlier.add(name)
            at = Context(f"fusion.{fusion.name}" if fusion.name else "fusion", f"{name}_{index}" if taken else name)
            refs = fusion.inputs or tuple((branch, fusion.origin) for branch in branches)
            inputs = [(ref, self.resolve(ref, origin, index)) for ref, origin in refs]
            last = self.weaver.fuse(fusion, inputs, at, at.stem, own=True)
            addresses[name] = last
        return last

    def resolve(self, ref: str, origin: Origin, stage: int | None = None, head: str | None = None) -> str:
        """The node of what is read, by that `head` if one reads it; a node without an op where there is none."""
        hidden = ref.startswith("head." if head is not None else OF_HEADS)
        if not hidden and (id := self.given.get(ref) or self.weaver.addresses.get(ref)) is not None:
            return id
        if not hidden and (inner := self.inner.resolve(ref, origin)) is not None:
            return inner
        if head not in self.circled or find_head(ref) not in self.circled:
            self.report_unknown(ref, origin, stage, head)
        self.unsure |= ref not in self.inner.misread
        return self.build_unknown(origin)

    def build_unknown(self, origin: Origin) -> str:
        """A node for what is read where nobody knows what that is."""
        return self.weaver.add(None, (), origin, Context("unknown", "unknown", addressable=False), hidden=True)

    def report_unknown(self, ref: str, origin: Origin, stage: int | None, head: str | None) -> None:
        """Reports a reference to nothing, unless what it is meant for could not be read."""
        heads = [] if self.spec.single_head else [each.name for each in self.spec.heads if each.name != head]
        known = [name for name in self.weaver.addresses if not name.startswith(OF_HEADS)]
        if find_head(ref) is not None and head is not None:
            known = [*(f"heads.{each}" for each in heads), *(each for each in self.weaver.addresses if find_head(each))]
        inside = self.inner.propose_names(ref)
        near = guess_address(ref, inside or known, origin.place.span)
        help, fixes = near.help, near.fixes
        stem, dot, layer = ref.rpartition(".")
        within = next((branch for branch in self.spec.branches if dot and branch.name == stem), None)
        later = [f.name for f in self.spec.fusions[stage:]] if stage is not None else []
        if head is not None and ref in heads:
            help, fixes = (f"what a head gives is `heads.{ref}`",), (fix_spelling(ref, f"heads.{ref}", heads, origin.place.span),)
        elif head is None and find_head(ref) in heads:
            help, fixes = ("only a head reads what a head gives, in its `inputs`",), ()
        elif later and ref == later[0]:
            help, fixes = ("a fusion does not read itself: leave it out of its `inputs`",), ()
        elif within is not None and holds_timed(within.items, layer):
            help = (f"a layer inside `TimeDistributed` has no address: read `{stem}`, or a layer after the `TimeDistributed`",)
            fixes = ()
        elif ref in later:
            help, fixes = (f"`{ref}` comes later; a fusion reads what stands before it",), ()
        elif (unnamed := self.inner.find_unnamed(ref)) is not None:
            help, fixes = (f"give `{unnamed.title()}` a `name` to read inside it: `{ref.partition('.')[0]}.NAME.{layer}`",), ()
        elif not help:
            help = (f"there are {', '.join(f'`{name}`' for name in (*inside, *known)[:12])}",)
        if (pattern := find_pattern(origin.place.span)) is not None:
            # Said of the first branch that the pattern stands for, the same is true of all.
            if any(each.code is UNKNOWN_REFERENCE and each.place.span == origin.place.span for each in self.found):
                return
            near = guess_layer(pattern, find_nearest(ref, inside or known), origin.place.span)
            help, fixes = near.help or help, near.fixes
        if not self.is_broken(ref):
            self.weaver.report(UNKNOWN_REFERENCE, origin, help=help, fixes=fixes, name=ref)

    def is_broken(self, ref: str) -> bool:
        """Whether the branch, fusion or head has something that could not be read, and may have named what is looked for."""
        if not all(branch.bound.told for branch in self.spec.branches):
            return True
        stem = ref.partition(".")[0]
        areas = (f"branches.{stem}", f"fusion.{stem}", f"heads.{find_head(ref)}")
        return any(node.op is None and node.area in areas for node in self.weaver.nodes)

    def build_heads(self, default: str | None) -> dict[str, str]:
        """The nodes of the outputs; a head that another reads is built before it."""
        order, self.circled = order_heads(self.spec.heads, self.found)
        built = {}
        for head in order:
            built[head.name] = self.build_head(head, default)
            if not self.spec.single_head:
                self.given[f"heads.{head.name}"] = self.weaver.nodes[-1].inputs[0]
        return {head.name: built[head.name] for head in self.spec.heads}

    def build_head(self, head: Head, default: str | None) -> str:
        """The layers of a head; the node of the output."""
        area = "head" if self.spec.single_head else f"heads.{head.name}"
        at = Context(area, head.name)
        if head.fusion is not None:
            inputs = [(ref, self.resolve(ref, origin, head=head.name)) for ref, origin in head.fusion.inputs or ()]
            x = self.weaver.fuse(head.fusion, inputs, at, None)
        elif head.source is not None:
            x = self.resolve(*head.source, head=head.name)
        elif not head.written:
            x = self.weaver.add(None, (), head.origin, at, hidden=True)
        elif default is not None:
            x = default
        else:
            labels = tuple(Label(b.origin.place, "a branch") for b in self.spec.branches)
            facts = {"head": head.name, "count": len(self.spec.branches)}
            self.weaver.report(MISSING_FUSION, head.origin, labels, ("add `fusion: {strategy: concat}`",), (), **facts)
            x = self.weaver.add(None, (), head.origin, at, hidden=True)
        x = self.weaver.weave_area(head.items, x, at)
        output = make_once(self.memory, Output, head.name, _carries_mask(head, self.spec))
        return self.weaver.add(output, (x,), head.origin, at, head.name, hidden=True)


def _carries_mask(head: Head, spec: ModelSpec) -> bool:
    """Whether the loss and the metrics of a head take a mask, which a few cannot."""
    if not isinstance(spec.compile, CompileSpec):
        return True
    loss, metrics = spec.compile.losses.get(head.name), spec.compile.metrics.get(head.name, ())
    return all(find_mask_use(each.thing) != "fails" for each in (*metrics, *([loss] if loss else [])))
