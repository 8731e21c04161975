"""Steps in another order than beside them, a single step, and arguments with which a loop over the steps goes astray."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ...ir.graph import TypedGraph, TypedNode, remember_by_node
from ...ir.op import Op
from ...ir.tensor import TensorType
from ...language.activations import EXPLOSIVE
from ...ops.shared import find_called
from ...ops.stand_in import stand_for
from ...spec.model_spec import ModelSpec
from ...text.diagnostic import Code, Diagnostic, Label
from ...text.fix import Fix, Insert, write
from .common import Setting, find_compile_spec, find_title, find_written

if TYPE_CHECKING:
    from ...ops.attention import Attending
    from ...ops.fusions.attention import MultiHeadStrategy
    from ...ops.fusions.base import Strategy
    from ...ops.join import Dot
    from ...ops.recurrent import Recurrent
else:
    Attending = stand_for("attention", "Attending")
    MultiHeadStrategy = stand_for("fusions.attention", "MultiHeadStrategy")
    Dot = stand_for("join", "Dot")
    Recurrent = stand_for("recurrent", "Recurrent")
    Strategy = stand_for("fusions.base", "Strategy")

REVERSED = Code("steps-reversed", "warning", "`{layer}` gives its steps last to first; {others} in order")
SINGLE = Code("one-step", "warning", "`{layer}` reads a single {what}: it has nothing to {purpose}")
CLIPPED = Code("rate-clipped", "warning", "`{argument}: {given:g}` is no share below 1: Keras takes {taken} for it")
OVERFLOWS = Code("exponential-overflows", "warning", "`{layer}` with `{argument}: exponential` overflows within a few steps")


def check_order(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """Each layer that turns its steps round, where what joins them has others in order."""
    told = set()
    for node in typed.nodes.values():
        op = node.node.op
        if op is None or len(node.inputs) < 2 or isinstance(op, Attending | MultiHeadStrategy | Dot):
            continue
        pairs = [(id, x) for id, x in zip(node.node.inputs, node.inputs, strict=True) if x is not None and x.meaning.steps == 0]
        turned = [id for id, x in pairs if x.meaning.backwards]
        if not turned or len(turned) == len(pairs) or all(x.mask is not None for _, x in pairs):
            # Masks that are joined so have a warning of their own.
            continue
        source = _find_reversal(typed, turned[0])
        if source is None or source.node.op is None or source.node.id in told:
            continue
        told.add(source.node.id)
        label = Label(node.node.origin.place, "joins the last step of the one with the first of the other")
        yield _report_reversed(source, source.node.op, f"`{op.title()}` has others", label)
    section = find_compile_spec(spec)
    for head, id in typed.graph.outputs.items() if section is not None else ():
        output, loss = typed.nodes[id].type, section.losses.get(head) if section is not None else None
        source = (
            _find_reversal(typed, id) if output is not None and output.meaning.steps == 0 and output.meaning.backwards else None
        )
        if loss is not None and source is not None and source.node.op is not None and source.node.id not in told:
            label = Label(loss.place, f"holds the last step of `{head}` against the first label")
            yield _report_reversed(source, source.node.op, "labels come", label)


def _report_reversed(source: TypedNode, op: Op, others: str, label: Label) -> Diagnostic:
    layer = find_title(op)
    place = source.node.origin.written.places.get("go_backwards", source.node.origin.place)
    turn = "Op: {function: flip, axis: 1}"
    help = (
        f"`Bidirectional: {{layer: {{{layer}: ...}}}}` turns what its backward half gives round again",
        f"put `{turn}` after it",
    )
    fixes = (Fix(f"put `{turn}` after it", (Insert(source.node.origin.place.span, turn, after=True),)),)
    facts: dict[str, object] = {"layer": layer, "others": others}
    return Diagnostic(REVERSED, place, facts, "", (label, *source.node.origin.uses), help, fixes)


def _find_reversal(typed: TypedGraph, id: str) -> TypedNode | None:
    """The layer that gave the steps their reversed order."""
    node = typed.nodes[id]
    while node.node.inputs:
        op = node.node.op
        if isinstance(op, Recurrent) and op.go_backwards and op.return_sequences:
            return node
        node = typed.nodes[node.node.inputs[0]]
    return None


def check_loops(node: TypedNode, setting: Setting) -> Iterable[Diagnostic]:
    """A recurrent layer, inside `Bidirectional` too."""
    x = node.inputs[0] if node.inputs else None
    if node.node.op is None or x is None or not x.axes:
        return
    for op in _iterate_recurrent(node):
        yield from _check_arguments(op, node)


def check_single_steps(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """The first of several layers that read a single step, or input, and work over several: the others read what it gives."""
    return (found for _, found in find_single_steps(typed.nodes.values()))


def find_single_steps(nodes: Iterable[TypedNode]) -> Iterator[tuple[str, Diagnostic]]:
    """Of nodes in their order, those that are such a layer, and what is found there."""
    behind = set[str]()
    for node in nodes:
        id, op, x = node.node.id, node.node.op, _find_single(node)
        if op is None or x is None:
            continue
        if behind.intersection(node.node.inputs):
            behind.add(id)
            continue
        found = tuple(_iterate_recurrent(node))
        if found or isinstance(op, Attending | Strategy):
            behind.add(id)
            if not any(each.stateful for each in found):
                yield id, _report_single(node, op, x)


def _is_single(x: TensorType) -> bool:
    size = x.axes[0].size if x.axes else None
    return isinstance(size, int) and size == 1


@remember_by_node
def _find_single(node: TypedNode) -> TensorType | None:
    """What a node reads, of what weighs steps or inputs what it weighs, if that is one alone."""
    op, known = node.node.op, [x for x in node.inputs if x is not None]
    first = node.inputs[0] if node.inputs else None
    # What weighs may have several inputs; most others read several steps.
    if op is None or first is None or (op.arity[1] == 1 and not _is_single(first)):
        return None
    if isinstance(op, Attending | Strategy):
        return op.find_only_choice(*known) if len(known) == len(node.inputs) else None
    return known[0] if _is_single(known[0]) else None


def _report_single(node: TypedNode, op: Op, x: TensorType) -> Diagnostic:
    what, turn = op.weighs if isinstance(op, Strategy) else "step", "Permute: {dims: [2, 1]}"
    facts: dict[str, object] = {"layer": op.title(), "what": what, "purpose": "remember"}
    help: tuple[str, ...] = ("a `Dense` does as much with one step",)
    if isinstance(op, Attending | Strategy):
        facts["purpose"] = "choose from"
        help = ("its one weight is always 1: a `Dense` does as much",)
    if what == "input":
        help = ("its one weight is always 1: name another in `inputs`, or leave it out",)
    elif len(node.inputs) > 1:
        help = ("its one weight is always 1, whatever the query: `strategy: concat` reads both",)
    if what == "step" and x.rank == 2:
        help = (*help, "where the steps stand on another axis, `Permute` or a `Reshape` brings them to the first")
    fixes = (Fix(f"put `{turn}` before it", (Insert(node.node.origin.place.span, turn),)),)
    turns = what == "step" and x.rank == 2 and x.axes[1].size != 1 and len(node.inputs) == 1
    return Diagnostic(SINGLE, node.node.origin.place, facts, f"{x} comes in", node.node.origin.uses, help, fixes if turns else ())


def _iterate_recurrent(node: TypedNode) -> Iterator[Recurrent]:
    op = node.node.op
    assert op is not None
    if isinstance(op, Recurrent):
        yield op
    else:
        yield from (each for each in op.list_values().values() if isinstance(each, Recurrent))


SMALLEST_PERCENT = 2
"""A rate from which on it is taken for one of a hundred."""


def _describe_clipping(op: Recurrent, argument: str, rate: float) -> str:
    """What a rate that is cut off is."""
    if rate < 0:
        return "at 0 nothing is dropped"
    if find_title(op) == "SimpleRNN":
        return f"at 1 all that the layer {'reads' if argument == 'dropout' else 'remembers'} is dropped"
    return "at 1 the layer drops nothing on a CPU, and everything under cuDNN"


def _check_arguments(op: Recurrent, node: TypedNode) -> Iterator[Diagnostic]:
    places, uses = find_written(op, node.node).places, node.node.origin.uses
    for argument in ("dropout", "recurrent_dropout"):
        rate = op.get_value(argument)
        if not 0 <= rate < 1:
            percent = rate if SMALLEST_PERCENT <= rate < 100 else 20
            help: tuple[str, ...] = (
                _describe_clipping(op, argument, rate),
                f"{percent:g} percent are `{argument}: {percent / 100:g}`",
            )
            facts: dict[str, object] = {"argument": argument, "given": rate, "taken": 1 if rate >= 1 else 0}
            place = places.get(argument, node.node.origin.place)
            share = (
                write(place.span, f"{rate / 100:g}")
                if percent == rate
                else write(place.span, "0", "safe" if rate < 0 else "unsafe")
            )
            yield Diagnostic(CLIPPED, place, facts, "", uses, help, (share,) if argument in places else ())
    for argument in ("activation", "recurrent_activation"):
        if argument in op.arguments and find_called(op.get_value(argument)) in EXPLOSIVE:
            default = "tanh" if argument == "activation" else "sigmoid"
            help = (f"each step takes the exponential of the one before: `{argument}: {default}` is the default",)
            place = places.get(argument, node.node.origin.place)
            fixes = (write(places[argument].span, default),) if argument in places else ()
            yield Diagnostic(OVERFLOWS, place, {"layer": op.title(), "argument": argument}, "", uses, help, fixes)
