"""Numbers beyond what a function or a dtype takes: NaN and infinity, and gradients of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ...ir.graph import TypedGraph, TypedNode, remember_by_node
from ...ops.stand_in import stand_for
from ...spec.model_spec import ModelSpec
from ...text.diagnostic import Code, Diagnostic, Label
from ...text.fix import Change, Drop, Edit, Fix, Insert, put
from ...text.source import Place
from .common import place_in
from .gradients import find_gradients_through

if TYPE_CHECKING:
    from ...ops.functions.domains import Fault
    from ...ops.functions.op import Function
    from ...ops.unary import Op as Unary
else:
    Function = stand_for("functions.op", "Function")
    Unary = stand_for("unary", "Op")

OUTSIDE = Code("outside-its-domain", "warning", "`{name}` is {gives} {where}, which {given}")
TOO_LARGE = Code("beyond-float16", "warning", "`{what}` is {dtype}, which ends at 65,504; {values} go to {most:,.0f}")

LARGEST = 65504.0
"""The largest number of float16."""


def check_domains(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """Each function of values that reach where it is no number, or where its gradient is none."""
    through: frozenset[str] | None = None
    for id, node in typed.nodes.items():
        found = _find_fault(node)
        if found is None:
            continue
        if found.in_gradient:
            through = find_gradients_through(typed, spec) if through is None else through
            if id not in through:
                continue
        yield _report_outside(node, found, typed.nodes[node.node.inputs[0]])


@remember_by_node
def _find_fault(node: TypedNode) -> Fault | None:
    """Where a function fails at what comes in."""
    op, x = node.node.op, node.inputs[0] if node.inputs else None
    if not isinstance(op, Unary | Function) or x is None or node.type is None:
        return None
    # Imported where there is a function: most specs have none.
    from ...ops.functions.domains import find_fault, find_fault_of_argument

    name, settings, values = _name_function(op), op.list_settings() if isinstance(op, Function) else {}, x.meaning.range
    always = find_fault_of_argument(name, settings)
    return find_fault(name, settings, values) if always is None and values is not None and not values.pixels else always


def _name_function(op: Unary | Function) -> str:
    return op.fact.name if isinstance(op, Function) else op.function


def _report_outside(node: TypedNode, fault: Fault, before: TypedNode) -> Diagnostic:
    from ...ops.functions.domains import ENDS_AT_ONE

    op, x = node.node.op, node.inputs[0]
    assert isinstance(op, Unary | Function) and x is not None
    values, function, uses = x.meaning.range, _name_function(op), node.node.origin.uses
    facts: dict[str, object] = {"name": function, "gives": fault.gives, "where": fault.where}
    if fault.argument is not None or values is None:
        facts["given"] = f"`{fault.argument}` is"
        other = "write another number: a loss that is none makes all weights NaN"
        return Diagnostic(OUTSIDE, place_in(op, str(fault.argument), node.node), facts, "", uses, (other,))
    facts["given"] = f"{f'`{values.by}`' if values.by else 'what comes in'} reaches"
    labels = (Label(values.made_at, f"gives {values}"),) if values.made_at is not None else ()
    smallest = 1e-3 if x.dtype in ("float16", "bfloat16") else 1e-6 if function in ENDS_AT_ONE else 1e-7
    help, fixes = _suggest(function, fault, smallest, node, before)
    if fault.in_gradient:
        there = "it" if fault.end is None else f"a {fault.end:g}"
        help = (f"the first gradient through {there} makes weights NaN", *help)
    return Diagnostic(OUTSIDE, node.node.origin.place, facts, "", (*labels, *uses), help, fixes)


Advice = tuple[tuple[str, ...], tuple[Fix, ...]]
"""What to do in words, and the fixes that do it."""


def _suggest(function: str, fault: Fault, smallest: float, node: TypedNode, before: TypedNode) -> Advice:
    """How values keep away from where a function fails."""
    from ...ops.functions.domains import DEVIATIONS, ENDS_AT_ONE

    offset, span = f"Rescaling: {{scale: 1, offset: {_write(smallest)}}}", node.node.origin.place.span
    if fault.end is None and fault.in_gradient:
        root = "`var`" if function in DEVIATIONS else "`square`, `sum`"
        advice = f"write {root}, `{offset}` and `sqrt` in its place"
        return (advice,), _take_apart(node, function, offset, advice)
    if fault.end is None:
        if function == "arccosh":
            from_one = ("Activation: {activation: softplus}", "Rescaling: {scale: 1, offset: 1}")
            advice = " and ".join(f"`{each}`" for each in from_one)
            return (f"put {advice} before it",), (Fix(f"put {advice} before it", tuple(Insert(span, each) for each in from_one)),)
        last, stays = ("tanh", "between -1 and 1") if function in ENDS_AT_ONE else ("softplus", "above 0")
        fixes = (put(before.node.origin.place.span, "activation", last),)
        return (f"end the layer before it with `activation: {last}`, which stays {stays}",), fixes
    layer = f"Rescaling: {{scale: {1 - smallest:g}}}" if function in ENDS_AT_ONE else offset
    return (f"put `{layer}` before it",), (Fix(f"put `{layer}` before it", (Insert(span, layer),)),)


def _take_apart(node: TypedNode, function: str, offset: str, title: str) -> tuple[Fix, ...]:
    """A norm or deviation as what its root is taken of, kept away from 0, and the root."""
    written, op, span = node.node.origin.written, node.node.op, node.node.origin.place.span
    if "function" not in written.places or "name" in written.places or op is None:
        # The name would go to the first of its parts.
        return ()
    if function == "norm" and op.get_value("ord") not in (None, 2):
        return ()
    inner = {"norm": "sum", "nanstd": "nanvar"}.get(function, "var")
    edits: tuple[Change, ...] = (Edit(written.places["function"].span, inner),)
    if function == "norm":
        edits = (Insert(span, "Op: {function: square}"), *edits)
        edits = (*edits, Drop(written.keys["ord"].span)) if "ord" in written.keys else edits
    return (Fix(title, (*edits, Insert(span, offset, after=True), Insert(span, "Op: {function: sqrt}", after=True))),)


def _write(number: float) -> str:
    """A small number as people write it."""
    return f"{number:.0e}".replace("e-0", "e-")


def check_largest(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """Outputs in float16 for labels, or of values, that it does not hold."""
    told = {each.head: each for each in spec.targets}
    for head, id in typed.graph.outputs.items():
        output = typed.nodes[id]
        last = typed.nodes[output.node.inputs[0]]
        if last.type is None or last.type.dtype != "float16" or last.node.op is None:
            continue
        labels = told.get(head)
        low, high = labels.target.bounds if labels is not None else (None, None)
        most = max(abs(low or 0.0), abs(high or 0.0))
        place = labels.written.places.get("range") if labels is not None else None
        values = last.type.meaning.range
        if most <= LARGEST and values is not None and values.least is not None and values.greatest is not None:
            most, place = max(abs(values.least), abs(values.greatest)), values.made_at
        if most > LARGEST:
            yield _report_beyond(head, last, most, place, labels is not None and place is labels.written.places.get("range"))


def _report_beyond(head: str, last: TypedNode, most: float, place: Place | None, of_labels: bool) -> Diagnostic:
    values = "the labels" if of_labels else "its values"
    facts: dict[str, object] = {"what": head, "dtype": "float16", "values": values, "most": most}
    labels = (Label(place, f"goes to {most:,.0f}"),) if place is not None and place != last.node.origin.place else ()
    help = ("give the last layer `dtype: float32`",)
    fixes = (put(last.node.origin.place.span, "dtype", "float32"),)
    return Diagnostic(TOO_LARGE, last.node.origin.place, facts, "", (*labels, *last.node.origin.uses), help, fixes)
