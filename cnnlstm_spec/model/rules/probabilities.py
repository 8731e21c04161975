"""Probabilities that are none any more where the loss reads them, or that add up to 1 along another axis than the classes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ...ir.graph import TypedGraph, TypedNode
from ...language.activations import DISTRIBUTIONS, SIGMOIDS
from ...ops.stand_in import stand_for
from ...spec.compile_keys import Placed
from ...spec.model_spec import ModelSpec
from ...text.diagnostic import Code, Diagnostic, Label
from ...text.fix import Edit, Fix, Insert, Move, Put, put
from .common import DISTRIBUTIONS as OF_ONE_CLASS
from .common import (
    PROBABILITIES,
    HeadUse,
    Setting,
    find_compile_spec,
    find_function,
    find_title,
    has_softmax_axis,
    name_written,
    place_in,
)

if TYPE_CHECKING:
    from ...ops.normalization import Normalizing, RMSNormalization, UnitNormalization
    from ...ops.regularization import Noise
    from ...ops.rescaling import Rescaling
else:
    Normalizing = stand_for("normalization", "Normalizing")
    RMSNormalization = stand_for("normalization", "RMSNormalization")
    UnitNormalization = stand_for("normalization", "UnitNormalization")
    Noise = stand_for("regularization", "Noise")
    Rescaling = stand_for("rescaling", "Rescaling")

CHANGED = Code("probabilities-changed", "warning", "`{layer}` after the last `{function}` leaves no probabilities{when}")
ALONG = Code("probabilities-along-steps", "warning", "`softmax` adds up to 1 along {along}; `{loss}` reads along {last}")
NOT_CHANNELS = Code("softmax-not-over-channels", "warning", "`softmax` adds up to 1 along {along}; the channels are {channels}")


def check_last_probabilities(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """The first layer after the last softmax or sigmoid of each head that makes other values of its probabilities."""
    section = find_compile_spec(spec)
    for head, id in typed.graph.outputs.items() if section is not None else ():
        loss = section.losses.get(head) if section is not None else None
        if loss is not None and (found := _find_changed(typed, id, loss)) is not None:
            yield found


def _find_changed(typed: TypedGraph, id: str, loss: Placed) -> Diagnostic | None:
    """Of the layers that stand alone in a row before an output, the first that breaks what they get."""
    step, breaking = typed.nodes[id], None
    while step.node.op is not None and len(step.inputs) == 1 and step.type is not None:
        op = step.node.op
        if isinstance(op, Noise):
            breaking = step if op.draws else breaking
        elif isinstance(op, Normalizing | RMSNormalization | UnitNormalization) or _leaves_them(step):
            breaking = step if loss.thing.name in PROBABILITIES else breaking
        elif not (op.keeps_values or op.keeps_range):
            break
        step = typed.nodes[step.node.inputs[0]]
    function = find_function(step.node.op) if step.node.op is not None and step.type is not None else None
    if breaking is None or breaking.node.op is None or step.node.op is None or function not in DISTRIBUTIONS | SIGMOIDS:
        return None
    when = " in training" if isinstance(breaking.node.op, Noise) else ""
    facts: dict[str, object] = {
        "layer": find_title(breaking.node.op),
        "function": function,
        "when": when,
    }
    labels = (
        Label(place_in(step.node.op, "activation", step.node), "gives probabilities"),
        Label(loss.place, "reads them"),
        *breaking.node.origin.uses,
    )
    help = (f"put it before the layer that ends with `{function}`",)
    move = Move(breaking.node.origin.place.span, step.node.origin.place.span)
    fixes = (Fix(f"move it before the layer that ends with `{function}`", (move,)),)
    return Diagnostic(CHANGED, breaking.node.origin.place, facts, "", labels, help, fixes)


def _leaves_them(step: TypedNode) -> bool:
    """Whether a `Rescaling` gives what is no probability any more."""
    values = step.type.meaning.range if step.type is not None else None
    return isinstance(step.node.op, Rescaling) and values is not None and not values.probabilities


def check_axis_of_classes(head: HeadUse) -> Iterable[Diagnostic]:
    """A softmax along the steps, under a loss that reads the classes of each step."""
    values, loss, last = head.type.meaning.range, head.loss, head.type.rank - 1
    if loss is None or loss.thing.name not in OF_ONE_CLASS or values is None or values.sums is None or head.width == 1:
        return
    if not head.type.axes:
        return
    if values.sums == (last,) or loss.thing.get("axis") not in (None, -1, last + 1) or head.activation is None:
        return
    op = head.activation.node.op
    if op is None or not has_softmax_axis(op):
        return
    axes = head.type.axes
    along = " and ".join(axes[axis].name for axis in values.sums)
    facts: dict[str, object] = {"along": along, "loss": name_written(loss.thing), "last": axes[last].name}
    labels = (Label(loss.place, "reads the classes of each position"), *head.activation.node.origin.uses)
    help = ("leave `axis` out: -1, the last, is that of the classes",)
    fixes = (put(head.activation.node.origin.place.span, "axis", "-1"),)
    yield Diagnostic(ALONG, place_in(op, "axis", head.activation.node), facts, "", labels, help, fixes)


def check_softmax_axis(node: TypedNode, setting: Setting) -> Iterable[Diagnostic]:
    """A softmax along the last axis where the channels are the first."""
    op, type = node.node.op, node.type
    if op is None or type is None or type.rank < 2 or not node.inputs or node.inputs[0] is None:
        return
    values, channels = type.meaning.range, type.meaning.channels
    own = find_function(op) in DISTRIBUTIONS
    if not own or values is None or values.sums != (type.rank - 1,) or channels != 0:
        return
    along, first = type.axes[-1].name, type.axes[0].name
    alone, with_axis = find_title(op) == "Activation", has_softmax_axis(op)
    help = ("leave the activation out, and put `Softmax: {axis: 1}` after it",)
    argument = "axis" if with_axis else "activation"
    if with_axis or alone:
        help = ("write `Softmax: {axis: 1}`, the axis of the channels",)
    facts: dict[str, object] = {"along": f"axis {type.rank}", "channels": "axis 1"}
    label = f"`{along}` here, by name; `{first}` has a kernel of its own for each position"
    here = node.node.origin.place.span
    fixes: tuple[Fix, ...] = (put(here, "axis", "1"),)
    if alone:
        fixes = (Fix("write `Softmax: {axis: 1}`", (Edit(here, "Softmax"), Put(here, "axis", "1", instead="activation"))),)
    elif not with_axis:
        edits = (Put(here, "activation", "linear"), Insert(here, "Softmax: {axis: 1}", after=True))
        fixes = (Fix("put `Softmax: {axis: 1}` after it in place of its activation", edits),)
    yield Diagnostic(NOT_CHANNELS, place_in(op, argument, node.node), facts, label, node.node.origin.uses, help, fixes)
