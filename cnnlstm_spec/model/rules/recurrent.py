"""Arguments that make a recurrent layer slow: those that keep it from cuDNN, and a loop written out over many steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ...ir.graph import TypedNode
from ...ir.op import Op
from ...ir.size import Size
from ...language.activations import EXPLOSIVE
from ...ops.shared import find_called
from ...ops.stand_in import stand_for
from ...text.diagnostic import Code, Diagnostic, Label
from .common import Setting, find_written

if TYPE_CHECKING:
    from ...ops.recurrent import GatedRecurrent, Recurrent, Units
else:
    GatedRecurrent = stand_for("recurrent", "GatedRecurrent")
    Recurrent = stand_for("recurrent", "Recurrent")
    Units = stand_for("recurrent", "Units")

SAYS_SO = "`use_cudnn: false` says that it is meant"
SLOWING = ("recurrent_dropout", "activation", "recurrent_activation", "unroll")
"""Arguments that are written for the result, by people who may not know that they cost cuDNN."""
MANY = 100
"""Steps from which on a loop that is written out is said to be long."""
NO_CUDNN = Code("cudnn-not-used", "warning", "`{argument}: {given}` keeps `{layer}` from cuDNN")
NO_CUDNN_MASK = Code("padding-first", "warning", "padded steps come {where}, which keeps `{layer}` from cuDNN")
UNROLLED = Code("unrolled-many-steps", "warning", "`unroll: true` writes out {steps} steps of `{layer}`")


def check_recurrent(node: TypedNode, setting: Setting) -> Iterable[Diagnostic]:
    """A recurrent layer, inside `Bidirectional` too."""
    x = node.inputs[0] if node.inputs else None
    if node.node.op is None or x is None or not node.owns_weights or not x.axes:
        return
    for op in _iterate_recurrent(node.node.op):
        yield from _check_layer(op, node, x.axes[0].size)


def _iterate_recurrent(op: Op) -> Iterator[Recurrent]:
    if isinstance(op, Recurrent):
        yield op
    for inner in op.list_inner_ops():
        if isinstance(inner, Recurrent):
            yield inner


def _check_layer(op: Recurrent, node: TypedNode, steps: Size) -> Iterator[Diagnostic]:
    shown = f"{steps:,}" if isinstance(steps, int) else "all"
    facts: dict[str, object] = {"layer": op.title(), "steps": shown}
    uses = node.node.origin.uses
    places = find_written(op, node.node).places
    if isinstance(op, Units) and op.unroll and isinstance(steps, int) and steps > MANY:
        help: tuple[str, ...] = ("leave `unroll` out: the graph grows with every step, and so does the time to the first batch",)
        yield Diagnostic(UNROLLED, places["unroll"], facts, labels=uses, help=help)
        return
    if not isinstance(op, GatedRecurrent) or op.use_cudnn != "auto":
        return
    label = f"{shown} steps, one by one"
    needs = op.list_cudnn_needs()
    for argument in SLOWING:
        needed = needs[argument]
        value = getattr(op, argument)
        given = find_called(value) if argument.endswith("activation") else value
        # One that overflows is told for that, and what mends it lets cuDNN run.
        if given != needed and argument in places and given not in EXPLOSIVE:
            help = (f"on a GPU, cuDNN runs all steps at once with `{argument}: {_write_yaml(needed)}`", SAYS_SO)
            yield Diagnostic(
                NO_CUDNN, places[argument], {**facts, "argument": argument, "given": _write_yaml(given)}, label, uses, help
            )
            return
    mask = node.inputs[0].mask if node.inputs[0] is not None else None
    if mask is None or not (mask.backwards or mask.scattered):
        return
    facts["where"] = "first here" if mask.backwards else "between real ones"
    help = ("join what has steps along its features, or after each has been read by a recurrent layer of its own", SAYS_SO)
    if mask.backwards:
        help = ("let the layer before give its steps in order: `Bidirectional`, or no `go_backwards`", SAYS_SO)
    labels = (Label(mask.made_at, "the mask"), *uses)
    yield Diagnostic(NO_CUDNN_MASK, node.node.origin.place, facts, label, labels, help)


def _write_yaml(value: object) -> str:
    return {"True": "true", "False": "false", "None": "null"}.get(str(value), str(value))
