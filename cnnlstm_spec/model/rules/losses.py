"""A loss against the shape of the output that it is on: what fails at the first batch, and what has nothing to learn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice, pairwise

from ...ir.size import NEVER, Condition, at_least, equal, holds_always, holds_never
from ...language.catalog import KerasObject, find_reads
from ...spec.compile_keys import Placed
from ...text.diagnostic import Code, Diagnostic, Label
from .common import CATEGORICAL, SIGMOIDS, HeadUse, fix_instead, name_written
from .on_size import ask

LOSS_RANK = Code("loss-rank", "error", "`{loss}` reads {wanted}; `{head}` gives {given}", sort="keras")
LOSS_WIDTH = Code("loss-width", "error", "`{loss}` needs two classes or more; `{head}` gives {given}", sort="keras")
NO_AXIS = Code("axis-not-in-output", "error", "`{name}` has `axis: {axis}`; `{head}` gives {given}", sort="keras")
NO_VECTOR = Code("embedding-of-one-number", "warning", "`{loss}` compares vectors of features; `{head}` gives {given}")
ONE_CLASS = Code("one-class", "warning", "`{loss}` over one class learns nothing; `{head}` gives {given}")

AXES = {0: "one number for a sample", 1: "one axis", 2: "two axes (steps, classes)"}


def check_loss(head: HeadUse) -> Iterable[Diagnostic]:
    """At most one finding; what the activation has to do with it is told elsewhere."""
    if head.loss is not None:
        yield from islice(_check_loss(head.loss, head), 1)


def _check_loss(loss: Placed, head: HeadUse) -> Iterable[Diagnostic]:
    facts = find_reads(loss.thing)
    least, most = facts.get("minimum_rank", 1), facts.get("maximum_rank")
    shared: dict[str, object] = {"loss": name_written(loss.thing), "head": head.name, "given": head.type}
    labels = label_output(head)
    outside = head.rank < least or (most is not None and head.rank > most)
    if outside and not all(map(holds_always, ones := _require_ones(loss.thing, head))):
        help = _explain_missing(loss.thing)
        if most is not None and head.rank > most:
            help = (f"bring the output to {describe_axes(most, most)} before",)
        error = Diagnostic(LOSS_RANK, loss.place, {**shared, "wanted": describe_axes(least, most)}, labels=labels, help=help)
        yield from (error,) if any(map(holds_never, ones)) else (found for each in ones for found in ask(each, error))
    elif (wide := next((each for each in _require_width(loss.thing, head) if not holds_always(each)), None)) is not None:
        more = ", one of them for the blank" if loss.thing.name == "CTC" else ""
        help = (f"give the last layer two units or more{more}",)
        yield from ask(wide, Diagnostic(LOSS_WIDTH, loss.place, shared, labels=labels, help=help))
    elif (axis := find_axis_outside(loss.thing, head)) is not None:
        facts_: dict[str, object] = {
            "name": name_written(loss.thing),
            "axis": list(axis) if isinstance(axis, tuple) else axis,
            "head": head.name,
            "given": head.type,
        }
        yield Diagnostic(
            NO_AXIS, loss.place, facts_, labels=labels, help=(f"axes are 0 (the batch) to {head.rank - 1}; -1 is the last",)
        )
    elif loss.thing.name in CATEGORICAL and head.width in (1, None) and not _is_told_otherwise(head):
        # Of an output without an axis Keras takes the samples of a batch for the classes.
        help = ("for two classes in one unit: `Dense: {units: 1, activation: sigmoid}` with `binary_crossentropy`",)
        yield Diagnostic(ONE_CLASS, loss.place, shared, labels=labels, help=help)
    elif is_of_directions(loss.thing, head) and head.width == 1:
        help = ("one number has no direction: all that counts is its sign", "`mse` or `mae` compares numbers")
        yield Diagnostic(NO_VECTOR, loss.place, shared, labels=labels, help=help, fixes=(fix_instead(loss, "mse"),))
    elif loss.thing.name == "Circle" and (head.width is None or holds_always(equal(head.width, 1))):
        help = ("end the head with `Dense: {units: <features>}`",) if head.rank > 1 else _explain_missing(loss.thing)
        yield Diagnostic(NO_VECTOR, loss.place, shared, labels=labels, help=help)


def _require_ones(loss: KerasObject, head: HeadUse) -> list[Condition]:
    """What must hold of the sizes of an output of other axes than a loss takes: `Circle` runs where all are 1, others never."""
    return [equal(axis.size, 1) for axis in head.type.axes] if loss.name == "Circle" else [NEVER]


def _explain_missing(thing: KerasObject) -> tuple[str, ...]:
    """How an output gets the axes that a loss reads."""
    if thing.name == "CTC":
        return ("keep the steps, and end with `Dense: {units: <classes and a blank>}` without an activation",)
    last = "{units: <features>}" if thing.name == "Circle" else "{units: <classes>, activation: softmax}"
    return (f"end the head with `Reshape: {{target_shape: [1]}}` and `Dense: {last}`",)


def _require_width(thing: KerasObject, head: HeadUse) -> Iterator[Condition]:
    """What must hold of the sizes of an output, so that a loss finds the classes that it reads."""
    if head.width is None:
        return
    yield at_least(head.width, find_reads(thing).get("minimum_width", 1))
    if thing.name == "CategoricalGeneralizedCrossEntropy" and head.rank > 2 and head.width == 1:
        # Keras drops the one class, takes the positions before it for classes, and sets them against one another and the batch.
        places = head.type.sizes[:-1]
        yield equal(places[0], 1)
        yield from (equal(a, b) for a, b in pairwise(places) if 1 not in (a, b))


def _is_told_otherwise(head: HeadUse) -> bool:
    """Whether the activation over the one unit is a finding by itself."""
    return head.activation is not None and head.activation.function in {"softmax", "sparsemax", *SIGMOIDS}


def is_of_directions(thing: KerasObject, head: HeadUse) -> bool:
    """Whether a loss or metric compares the direction of what lies along the last axis."""
    return thing.name == "CosineSimilarity" and thing.get("axis") in (-1, head.rank - 1)


def find_axis_outside(thing: KerasObject, head: HeadUse) -> object:
    """The written axis that the output does not have, or None; sparse cross-entropy takes the last one alone."""
    axis = dict(thing.arguments).get("axis")
    if axis is None:
        return None
    axes = axis if isinstance(axis, tuple | list) else (axis,)
    if thing.name == "SparseCategoricalCrossentropy":
        return None if axis in (-1, head.rank - 1) else axis
    if thing.name == "CategoricalCrossentropy" and (isinstance(axis, tuple) or axis < -1) and _is_of_logits(thing, head):
        return axis
    return axis if any(not -head.rank <= each < head.rank for each in axes) else None


def _is_of_logits(thing: KerasObject, head: HeadUse) -> bool:
    """Whether Keras goes back from the probabilities to the logits, of which TensorFlow takes one axis, -1 or from 0 up."""
    return bool(thing.get("from_logits")) or (head.activation is not None and head.activation.function in ("softmax", "sigmoid"))


def label_output(head: HeadUse) -> tuple[Label, ...]:
    """Where the output takes its shape."""
    return (Label(head.node.origin.place, f"gives {head.type}"),)


def describe_axes(least: int, most: int | None) -> str:
    """The axes of a prediction without its batch."""
    if most == least:
        return AXES[least - 1]
    if most is not None:
        return f"at most {AXES[most - 1]}"
    return f"{AXES[least - 1]} or more" if least > 1 else "any output"
