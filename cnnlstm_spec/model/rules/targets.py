"""`targets`: what the labels look like, against the last layer, its activation and the loss."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ...ir.graph import Node, TypedGraph
from ...ir.size import Size, format_size
from ...language.activations import BOUNDS
from ...spec.model_spec import ModelSpec
from ...text.diagnostic import Code, Diagnostic, Label
from ...text.fix import Fix, put
from ...text.source import Place
from .common import SOFTMAXES, HeadUse, fails_to_read, find_head_use, fix_activation, fix_instead, name_written

if TYPE_CHECKING:
    from ...spec.targets import Labels

TARGET_WIDTH = Code("target-width", "error", "the labels have {wanted}; `{head}` gives {given}")
TARGET_SHAPE = Code(
    "target-shape",
    "error",
    "the labels are {wanted}; `{head}` gives {given}",
    help="make the last layer as wide as the labels, or the target as wide as the layer",
)
TARGET_LOSS = Code("target-loss", "error", "`{loss}` does not read {encoding} labels")
TARGET_ACTIVATION = Code("target-activation", "error", "`{function}` does not fit {encoding} labels: {reason}")
TARGET_RANGE = Code("target-range", "error", "`{function}` gives {reach}; the labels go {range}")

OUTSIDE_LOSS = Code("labels-outside-the-loss", "warning", "`{loss}` {reads}; the labels go {range}")

LOSSES = {
    "integer": "sparse_categorical_crossentropy",
    "one_hot": "categorical_crossentropy",
    "multi_hot": "binary_crossentropy",
    "binary": "binary_crossentropy",
    "real": "mean_squared_error",
}
"""By encoding of the labels, the loss for them."""
OF_POSITIVE = {
    "MeanSquaredLogarithmicError": "it takes every label below 0 for 0, and every output too",
    "Poisson": "of a label below 0 it falls without end as the output nears 0",
}
"""Losses whose labels are 0 or more, and what is wrong with others."""


def check_targets(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """Each way in which a head does not fit its labels."""
    for labels in spec.targets:
        head = find_head_use(labels.head, typed, spec)
        if head is not None:
            yield from find_misfits(labels, head)


def find_misfits(told: Labels, head: HeadUse) -> Iterable[Diagnostic]:
    """Each way in which one head does not fit its labels."""
    if told.target.encoding == "real":
        yield from _check_real(told, head)
        if told.target.range is not None:
            yield from tuple(_check_range(told, head)) or _check_loss_of_range(told, head)
    else:
        yield from _check_width(told, head)
        yield from _check_activation(told, head)
    yield from _check_loss(told, head)


def _label_loss(head: HeadUse) -> tuple[Label, ...]:
    return (Label(head.node.origin.place, f"gives {head.type}"),)


def _check_width(told: Labels, head: HeadUse) -> Iterable[Diagnostic]:
    target = told.target
    wanted = 1 if target.encoding == "binary" else target.classes
    if head.width == wanted or (target.encoding == "binary" and head.width is None):
        return
    words = f"{wanted} classes" if target.classes is not None else "one value, 0 or 1"
    place = told.written.places["classes" if target.classes is not None else "encoding"]
    help: tuple[str, ...] = (f"the last layer needs `units: {wanted}`",)
    facts: dict[str, object] = {"wanted": words, "head": head.name, "given": head.type}
    yield Diagnostic(TARGET_WIDTH, place, facts, "", _label_loss(head), help, _make_as_wide(head, wanted))


def _make_as_wide(head: HeadUse, wanted: object) -> tuple[Fix, ...]:
    """The last layer with as many units, or filters."""
    last = head.activation.node if head.activation is not None else None
    if last is None or last.op is None or not isinstance(wanted, int):
        return ()
    key = "filters" if "filters" in last.op.arguments else "units"
    return (put(last.origin.place.span, key, str(wanted)),)


def _check_activation(told: Labels, head: HeadUse) -> Iterable[Diagnostic]:
    """One of several classes wants a softmax, each by itself a sigmoid; a softmax over one unit is told elsewhere."""
    target = told.target
    found = head.activation
    if found is None or head.width == 1:
        return
    function, place = found.function, told.written.places["encoding"]
    facts: dict[str, object] = {"function": function, "encoding": target.encoding}
    labels = (Label(_find_activation_place(found.node), "this is the last activation"),)
    if target.encoding == "multi_hot" and function in SOFTMAXES:
        facts["reason"] = "several can be true"
        fixes = (fix_activation(found.node, "sigmoid"),)
        yield Diagnostic(TARGET_ACTIVATION, place, facts, "", labels, ("use `sigmoid`",), fixes)


def _find_activation_place(node: Node) -> Place:
    return node.origin.written.places.get("activation", node.origin.place)


def _check_loss(told: Labels, head: HeadUse) -> Iterable[Diagnostic]:
    target = told.target
    if head.loss is not None and fails_to_read(head.loss, target):
        name = LOSSES[target.encoding]
        help = "use `mean_squared_error`, or another loss for numbers" if target.encoding == "real" else f"use `{name}`"
        facts: dict[str, object] = {"loss": name_written(head.loss.thing), "encoding": target.encoding}
        place = told.written.places["encoding"]
        fixes = (fix_instead(head.loss, name),)
        yield Diagnostic(TARGET_LOSS, head.loss.place, facts, "", (Label(place, "the labels"),), (help,), fixes)


def _check_real(told: Labels, head: HeadUse) -> Iterable[Diagnostic]:
    target = told.target
    if target.shape is not None and not _has_same(target.shape, head.type.sizes):
        shown = "[" + ", ".join("null" if size is None else str(size) for size in target.shape) + "]"
        facts: dict[str, object] = {"wanted": shown, "head": head.name, "given": head.type}
        alike = len(target.shape) == head.type.rank and _has_same(target.shape[:-1], head.type.sizes[:-1])
        fixes = _make_as_wide(head, target.shape[-1]) if target.shape and alike else ()
        yield Diagnostic(TARGET_SHAPE, told.written.places["shape"], facts, labels=_label_loss(head), fixes=fixes)


def _check_range(told: Labels, head: HeadUse) -> Iterable[Diagnostic]:
    """Labels beyond what the output reaches."""
    target, values = told.target, head.type.meaning.range
    if values is None or values.pixels:
        return
    reach = (values.least, values.greatest)
    if _covers(reach, target.bounds):
        return
    found, fixes = head.activation, tuple[Fix, ...]()
    facts: dict[str, object] = {
        "function": head.name,
        "reach": _describe_bounds(*reach),
        "range": _describe_bounds(*target.bounds),
    }
    labels, help = _label_loss(head), ("let the last layer reach as far as the labels do",)
    if found is not None and found.function in BOUNDS:
        facts["function"] = found.function
        labels = (Label(_find_activation_place(found.node), "this is the last activation"),)
        fitting = next((each for each in ("tanh", "softplus") if _covers(BOUNDS[each][:2], target.bounds)), None)
        help = ("leave the activation out", *((f"or use `{fitting}`",) if fitting else ()))
        fixes = tuple(fix_activation(found.node, each) for each in (*((fitting,) if fitting else ()), "linear"))
    yield Diagnostic(TARGET_RANGE, told.written.places["range"], facts, "", labels, help, fixes)


def _check_loss_of_range(told: Labels, head: HeadUse) -> Iterable[Diagnostic]:
    """Labels that a loss takes for others, or divides by although they may be 0."""
    (low, high), loss = told.target.bounds, head.loss
    if loss is None:
        return
    if loss.thing.name in OF_POSITIVE and (low is None or low < 0):
        reads, why, instead = "reads labels of 0 and more", OF_POSITIVE[loss.thing.name], "mean_squared_error"
    elif loss.thing.name == "MeanAbsolutePercentageError" and (low is None or low <= 0) and (high is None or high >= 0):
        reads, why, instead = (
            "divides by the labels",
            "a label of 0 weighs a million times as much as others",
            "mean_absolute_error",
        )
    else:
        return
    facts: dict[str, object] = {"loss": name_written(loss.thing), "reads": reads, "range": _describe_bounds(low, high)}
    labels, help = (Label(told.written.places["range"], "the labels"),), (why, f"use `{instead}`")
    yield Diagnostic(OUTSIDE_LOSS, loss.place, facts, "", labels, help, (fix_instead(loss, instead),))


Bounds = tuple[float | None, float | None]


def _covers(reach: Bounds, wanted: Bounds) -> bool:
    """Whether all of a range lies within another; None is no bound."""
    (low, high), (least, most) = reach, wanted
    return (low is None or (least is not None and least >= low)) and (high is None or (most is not None and most <= high))


def _has_same(wanted: tuple[int | str | None, ...], sizes: tuple[Size, ...]) -> bool:
    if len(wanted) != len(sizes):
        return False
    pairs = zip(wanted, sizes, strict=True)
    return all(not isinstance(size, int) if want is None else want == format_size(size) for want, size in pairs)


def _describe_bounds(low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return "without bounds"
    if low is None or high is None:
        return f"from {low:g} up" if low is not None else f"up to {high:g}"
    return f"from {low:g} to {high:g}"
