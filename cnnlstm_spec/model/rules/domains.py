"""Numbers beyond what a function or a dtype takes: NaN and infinity, and gradients of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ...ir.graph import TypedGraph, TypedNode
from ...ops.stand_in import stand_for
from ...spec.model_spec import ModelSpec
from ...text.diagnostic import Code, Diagnostic, Label
from ...text.fix import Fix, Insert, put
from ...text.source import Place
from .gradients import find_gradients_through

if TYPE_CHECKING:
    from ...ops.unary import Op as Unary
else:
    Unary = stand_for("unary", "Op")

OUTSIDE = Code("outside-its-domain", "warning", "`{name}` is {gives} {where}, which {given} reaches")
TOO_LARGE = Code("beyond-float16", "warning", "`{what}` is {dtype}, which ends at 65,504; {values} go to {most:,.0f}")

LARGEST = 65504.0
"""The largest number of float16."""


def check_domains(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """Each root or logarithm of values that reach where it is none, or where its gradient is infinite."""
    through: frozenset[str] | None = None
    for id, node in typed.nodes.items():
        op, x = node.node.op, node.inputs[0] if node.inputs else None
        if not isinstance(op, Unary) or op.function not in ("sqrt", "log") or x is None or node.type is None:
            continue
        values = x.meaning.range
        if values is None or values.pixels:
            continue
        negative = values.least is None or values.least < 0
        if not negative and not values.reaches(0):
            continue
        if not negative and op.function == "sqrt":
            through = find_gradients_through(typed, spec) if through is None else through
            if id not in through:
                continue
        yield _report_outside(node, op, negative, typed.nodes[node.node.inputs[0]])


def _report_outside(node: TypedNode, op: Unary, negative: bool, before: TypedNode) -> Diagnostic:
    x = node.inputs[0]
    assert x is not None and x.meaning.range is not None
    values = x.meaning.range
    gives = "no number" if negative else "minus infinity" if op.function == "log" else "steep without bound"
    source = f"`{values.by}`" if values.by else "what comes in"
    facts: dict[str, object] = {"name": op.function, "gives": gives, "where": "below 0" if negative else "at 0", "given": source}
    smallest = "1e-3" if x.dtype in ("float16", "bfloat16") else "1e-7"
    help: tuple[str, ...] = (f"put `Rescaling: {{scale: 1, offset: {smallest}}}` before it",)
    if negative:
        help = ("end the layer before it with `activation: softplus`, which stays above 0",)
    elif op.function == "sqrt":
        help = ("the first gradient through a 0 makes weights NaN", *help)
    labels = (Label(values.made_at, f"gives {values}"),) if values.made_at is not None else ()
    offset = f"Rescaling: {{scale: 1, offset: {smallest}}}"
    fixes: tuple[Fix, ...] = (Fix(f"put `{offset}` before it", (Insert(node.node.origin.place.span, offset),)),)
    if negative:
        fixes = (put(before.node.origin.place.span, "activation", "softplus"),)
    return Diagnostic(OUTSIDE, node.node.origin.place, facts, "", (*labels, *node.node.origin.uses), help, fixes)


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
