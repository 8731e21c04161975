"""Metrics against the output that they measure and the labels that its loss reads."""

from __future__ import annotations

from collections.abc import Iterable

from ...ir.op import FLOATS
from ...ir.size import Size, at_least, equal, format_size, holds_always, holds_never
from ...language.catalog import KerasObject, find_reads
from ...spec.compile_keys import Placed
from ...text.diagnostic import Code, Diagnostic, Label
from ...text.fix import Edit, Fix, Put, drop, write
from ..facts import ACCURACIES, BY_NUMBERS, OF_NUMBERS, OVERLAPS, find_accuracy, list_stretches, takes_greatest_label
from .common import BINARY, DISTRIBUTIONS, HeadUse, fix_instead, name_written, with_argument
from .losses import NO_AXIS, describe_axes, find_axis_outside, is_of_directions, label_output
from .measures import find_unmeant_measure
from .on_size import ask

METRIC_RANK = Code("metric-rank", "error", "`{metric}` reads {wanted}; `{head}` gives {given}", sort="keras")
METRIC_LABELS = Code("metric-labels", "error", "`{metric}` cannot read the {theirs} of {whose}", sort="keras")
TWICE = Code("metric-twice", "warning", "`{metric}` is measured twice of `{head}`", help="keep one of them")
MEANINGLESS = Code("metric-without-meaning", "warning", "`{metric}` says nothing of `{head}`, which gives {given}")
NO_CLASS = Code("class-not-there", "error", "`{metric}` looks at class {id}; `{head}` has {count}", sort="keras")
TOP_K = Code(
    "top-k-too-large",
    "error",
    "`{metric}` looks at the best {k}; `{head}` has {count} classes",
    sort="keras",
    help="take a smaller number",
)
AUC_LABELS = Code("auc-labels", "error", "`{metric}` has `{argument}` for {given} labels; `{head}` has {count}", sort="keras")
METRIC_DTYPE = Code("metric-dtype", "error", "`{metric}` reads {taken}; `{head}` gives {dtype}", sort="keras")
CANNOT_RUN = Code("metric-cannot-run", "error", "`{metric}` cannot run with `{argument}: {value}`", sort="keras")

LABELS = {"same": "labels shaped as the output", "integer": "class numbers", "sequence": "sequences of class numbers"}
SHORT = {"same": "full labels", "integer": "class numbers", "sequence": "sequences"}
COUNTERPARTS = {
    "CategoricalAccuracy": "sparse_categorical_accuracy",
    "CategoricalCrossentropy": "sparse_categorical_crossentropy",
    "TopKCategoricalAccuracy": "sparse_top_k_categorical_accuracy",
    "SparseCategoricalAccuracy": "categorical_accuracy",
    "SparseCategoricalCrossentropy": "categorical_crossentropy",
    "SparseTopKCategoricalAccuracy": "top_k_categorical_accuracy",
}
"""What reads full labels to what says the same of class numbers, and back."""
TAKEN = {"float32": "float32", "floats": "floating-point values", "numbers": "numbers"}
"""The dtypes that a metric takes, in words."""


def check_metrics(head: HeadUse) -> Iterable[Diagnostic]:
    """At most one finding for each metric, an error where there is one."""
    reference, measured = _find_labels_of_loss(head), dict[tuple[object, ...], Placed]()
    for metric in head.metrics:
        first = measured.setdefault(_describe_measure(metric, head), metric)
        if first is not metric:
            facts: dict[str, object] = {"metric": name_written(metric.thing), "head": head.name}
            fixes = (drop(metric.place.span, name_written(metric.thing)),)
            yield Diagnostic(TWICE, metric.place, facts, labels=(Label(first.place, "the first"),), fixes=fixes)
            continue
        found = min(_check_metric(metric, head, reference), key=lambda each: each.severity != "error", default=None)
        if found is not None:
            yield found
        if reference is None and not head.loss_is_open and (found is None or found.severity != "error"):
            kind = _find_labels(metric.thing)
            reference = (kind, f"`{name_written(metric.thing)}`", metric) if kind in ("same", "integer") else None


def _describe_measure(metric: Placed, head: HeadUse) -> tuple[object, ...]:
    """What tells a metric from others: its list, the class that Keras makes of it, and its arguments."""
    meant = find_accuracy(metric.thing, head.width, head.loss.thing if head.loss is not None else None)
    return (metric.place.path[:2], meant, repr(metric.thing.arguments))


Reference = tuple[str, str, Placed]


def _find_labels_of_loss(head: HeadUse) -> Reference | None:
    if head.loss is None:
        return None
    kind = find_reads(head.loss.thing).get("labels")
    return (kind, f"`{name_written(head.loss.thing)}`", head.loss) if kind else None


def _check_metric(metric: Placed, head: HeadUse, reference: Reference | None) -> Iterable[Diagnostic]:
    """What is wrong with a metric, of alike severity the worst first."""
    yield from _check_rank(metric, head)
    yield from _check_labels(metric, head, reference)
    yield from _check_arguments(metric, head)
    yield from find_unmeant_measure(metric, head)


def _check_rank(metric: Placed, head: HeadUse) -> Iterable[Diagnostic]:
    thing, facts = metric.thing, find_reads(metric.thing)
    least, most = _find_least_rank(thing), facts.get("maximum_rank")
    shared: dict[str, object] = {"metric": name_written(thing), "head": head.name, "given": head.type}
    if head.rank < least or (most is not None and head.rank > most):
        help: tuple[str, ...] = (f"bring the output to {describe_axes(least, most)}, or leave the metric out",)
        wanted = {"wanted": describe_axes(least, most)}
        yield Diagnostic(METRIC_RANK, metric.place, {**shared, **wanted}, labels=label_output(head), help=help)
    elif head.rank == 1 and thing.name in OVERLAPS and (_takes_greatest_value(thing) or not thing.get("sparse_y_true")):
        yield _report_one_unit(metric, head)
    elif head.rank == 1 and thing.name in (*ACCURACIES, "CategoricalAccuracy", "SparseCategoricalAccuracy"):
        help = (
            "Keras compares the places of the greatest sample of the batch",
            "name the accuracy: `binary_accuracy`",
        )
        fixes: tuple[Fix, ...] = (fix_instead(metric, "binary_accuracy"),)
        yield Diagnostic(MEANINGLESS, metric.place, shared, "", label_output(head), help, fixes)
    elif thing.name == "Accuracy" and _is_of_fractions(head):
        help = (
            "it counts values that equal their label to the last digit: 0.99 for 1 is wrong",
            "write `accuracy`, in small letters",
        )
        fixes = () if thing.arguments else (write(metric.place.span, "accuracy"),)
        yield Diagnostic(MEANINGLESS, metric.place, shared, "", label_output(head), help, fixes)
    elif thing.name in COUNTERPARTS and head.width == 1 and not (head.loss and head.loss.thing.name in DISTRIBUTIONS):
        counterpart = "binary_accuracy" if "Accuracy" in thing.name else "binary_crossentropy"
        help = (f"of one unit the first class is the only one, and always right: write `{counterpart}`, or two units",)
        fixes = (fix_instead(metric, counterpart),)
        yield Diagnostic(MEANINGLESS, metric.place, shared, "", label_output(head), help, fixes)
    elif head.width is not None and holds_never(at_least(head.width, facts.get("minimum_width", 1))):
        help = ("it is NaN over one unit: the values of a sample are compared with each other",)
        yield Diagnostic(MEANINGLESS, metric.place, shared, labels=label_output(head), help=help)
    elif head.width == 1 and is_of_directions(thing, head):
        help = ("one number has no direction: a prediction of the right sign scores 1, whatever its size",)
        yield Diagnostic(MEANINGLESS, metric.place, shared, labels=label_output(head), help=help)
    elif isinstance(head.width, int) and _looks_at_none(thing, head.width):
        help = (f"of classes 0 to {head.width - 1} it looks at none, and scores 0",)
        yield Diagnostic(MEANINGLESS, metric.place, shared, labels=label_output(head), help=help)
    elif isinstance(head.width, int) and "TopK" in thing.name and (best := thing.get("k")) >= head.width:
        help = (f"the right class is always among the best {best} of {head.width}: it scores 1", "write a smaller `k`")
        fixes = (with_argument(metric, "k", "2", thing.name),) if head.width > 2 else ()
        yield Diagnostic(MEANINGLESS, metric.place, shared, "", label_output(head), help, fixes)


def _find_least_rank(thing: KerasObject) -> int:
    """The fewest axes, the batch counted, that a metric of those arguments takes."""
    if thing.get("class_id") is not None:
        return 2
    if thing.name in OVERLAPS:
        return 2 if _takes_greatest_value(thing) and (takes_greatest_label(thing) or thing.name not in BY_NUMBERS) else 1
    least: int = find_reads(thing).get("minimum_rank", 1)
    return least


def _takes_greatest_value(thing: KerasObject) -> bool:
    """Whether an overlap takes the place of the greatest value of the output for the class."""
    return not thing.get("sparse_y_pred")


def _looks_at_none(thing: KerasObject, width: int) -> bool:
    """Whether an overlap of the greatest values is of classes alone that there are none of, or that it leaves out."""
    count = thing.get("num_classes")
    if thing.name not in OVERLAPS or thing.get("sparse_y_pred") is not False or not isinstance(count, int):
        return False
    targets = thing.get("target_class_ids")
    classes = range(count) if targets is None else [each % count for each in targets]
    return not any(each < width and each != thing.get("ignore_class") for each in classes)


def _find_labels(thing: KerasObject) -> str | None:
    """The labels that a metric reads; None where it takes what it gets, `never` where nothing fits."""
    kind: str | None = find_reads(thing).get("labels")
    if thing.name in BY_NUMBERS:
        by_truth = "integer" if thing.get("sparse_y_true") else "same"
        if not thing.get("sparse_y_pred"):
            return by_truth
        return "same" if thing.get("sparse_y_true") else "never"
    if thing.name in ("OneHotIoU", "OneHotMeanIoU") and thing.get("sparse_y_pred"):
        return "never"
    return kind


def _check_labels(metric: Placed, head: HeadUse, reference: Reference | None) -> Iterable[Diagnostic]:
    kind = _find_labels(metric.thing)
    if head.width in (1, None) and metric.thing.name in OVERLAPS and _is_binary(head):
        yield _report_one_unit(metric, head)
        return
    if head.width is None:
        return
    sizes, single = head.type.sizes, equal(head.width, 1)
    along_samples = kind == "never" and metric.thing.get("axis") == 0
    ones = [equal(size, 1) for size in sizes[:-1]]
    if holds_always(single):
        # Of one unit what is compared has one form; along the samples, where there is one place of it.
        yield from (found for each in ones if along_samples for found in ask(each, _refuse_numbers(metric, head)))
        return
    # The greatest of the labels is one for all, which is held against each value.
    one_for_all = head.rank == 2 or (along_samples and all(map(holds_always, ones)))
    theirs_are_numbers = reference is not None and reference[0] == "integer" and one_for_all
    if kind == "never" and metric.thing.name in BY_NUMBERS and theirs_are_numbers:
        yield _cut_off(metric, head, "`sparse_y_pred: false`, without `sparse_y_true`", sparse_y_true="true")
        return
    if kind == "never" and theirs_are_numbers:
        kind = "same"
    if kind == "never":
        yield _refuse_numbers(metric, head)
        return
    numbers = metric.thing.name in BY_NUMBERS and metric.thing.get("sparse_y_pred")
    if numbers and (reference is None or reference[0] == "same"):
        yield _cut_off(metric, head, "`sparse_y_true: false, sparse_y_pred: false`", sparse_y_true="false")
        return
    if reference is None or kind is None or kind == reference[0]:
        return
    theirs, name, other = reference
    labels = (Label(other.place, f"reads {LABELS[theirs]}"),)
    stretches = [] if theirs == "sequence" and kind == "integer" else list_stretches(metric.thing, sizes, theirs)
    if stretches is None or any(map(holds_never, stretches)):
        asked = [single]
    else:
        asked = [each | single for each in stretches]
    if all(map(holds_always, asked)):
        facts_: dict[str, object] = {"metric": name_written(metric.thing), "head": head.name, "given": head.type}
        fails = ("it fails where these are not as long as the output",) if theirs == "sequence" else ()
        help = (f"{name} reads {LABELS[theirs]}", *fails, *_suggest_ways_out(metric.thing, reference))
        yield Diagnostic(MEANINGLESS, metric.place, facts_, "", labels, help, _make_fixes(metric, reference, head))
        return
    whose = "the loss" if other is head.loss else name
    facts: dict[str, object] = {"metric": name_written(metric.thing), "theirs": SHORT[theirs], "whose": whose}
    fixes, help = _make_fixes(metric, reference, head), _suggest_ways_out(metric.thing, reference)
    error = Diagnostic(METRIC_LABELS, metric.place, facts, "", labels, help, fixes)
    for each in asked:
        yield from ask(each, error)


def _refuse_numbers(metric: Placed, head: HeadUse) -> Diagnostic:
    """An overlap that reads class numbers for predictions, beside labels that have a value for each class."""
    facts: dict[str, object] = {"metric": name_written(metric.thing), "argument": "sparse_y_pred", "value": "true"}
    help = ("the output has a value for each class: write `sparse_y_pred: false`",)
    fixes = (with_argument(metric, "sparse_y_pred", "false"),)
    return Diagnostic(CANNOT_RUN, metric.place, facts, "", label_output(head), help, fixes)


def _is_of_fractions(head: HeadUse) -> bool:
    """Whether an output gives fractions, for a loss that fits no numbers."""
    return head.type.dtype in FLOATS and head.loss is not None and head.loss.thing.name not in OF_NUMBERS


def _is_binary(head: HeadUse) -> bool:
    """Whether an output says how probable one class is."""
    values = head.type.meaning.range
    return (values is not None and values.probabilities) or (head.loss is not None and head.loss.thing.name in BINARY)


def _report_one_unit(metric: Placed, head: HeadUse) -> Diagnostic:
    """An overlap over one unit or a single number, which tells no class from another."""
    facts: dict[str, object] = {"metric": name_written(metric.thing), "head": head.name, "given": head.type}
    among = "of one" if head.width == 1 else "in the batch"
    help = (
        f"every prediction is class 0 to it: the value cut off to an integer, or the place of the greatest {among}",
        "`BinaryIoU: {threshold: 0.5}` has a threshold",
    )
    fixes: tuple[Fix, ...] = ()
    if {name for name, _ in metric.thing.arguments} <= {"num_classes", "target_class_ids", "name", "dtype"}:
        span = metric.place.span
        edits = (Edit(span, "BinaryIoU"), Put(span, "threshold", "0.5", instead="num_classes"))
        fixes = (Fix("write `BinaryIoU: {threshold: 0.5}`", edits),)
    return Diagnostic(MEANINGLESS, metric.place, facts, "", label_output(head), help, fixes)


def _cut_off(metric: Placed, head: HeadUse, arguments: str, sparse_y_true: str) -> Diagnostic:
    """An overlap of whole numbers, to which the values of an output are cut off: all below 1 are class 0."""
    facts: dict[str, object] = {"metric": name_written(metric.thing), "head": head.name, "given": head.type}
    help = (
        "it takes each value for a class number, cut off to an integer",
        f"for one class of several: {arguments}",
        "for classes that go together: `BinaryIoU`, which has a `threshold`",
    )
    span = metric.place.span
    told = sparse_y_true == "false" or "sparse_y_true" in dict(metric.thing.arguments)
    edits = (Put(span, "sparse_y_pred", "false"), *((Put(span, "sparse_y_true", sparse_y_true),) if told else ()))
    fixes = (Fix("read the greatest value for the class", edits),)
    return Diagnostic(MEANINGLESS, metric.place, facts, "", label_output(head), help, fixes)


def _suggest_ways_out(thing: KerasObject, reference: Reference) -> tuple[str, ...]:
    """What says the same of the labels that there are, and how those that it reads would be there."""
    theirs, _, other = reference
    instead = COUNTERPARTS.get(thing.name)
    if theirs == "sequence" or other.thing.name == "Circle":
        return (f"no metric of Keras holds the output against the labels of `{name_written(other.thing)}`: leave it out",)
    if theirs == "same":
        return (f"`{instead}` reads full labels" if instead else "`sparse_y_true: false` reads full labels",)
    if takes_greatest_label(thing):
        return ("`sparse_y_true: true` reads class numbers",)
    if thing.name in BY_NUMBERS:
        return ("`sparse_y_pred: false` takes the class of the greatest value",)
    if thing.name in OVERLAPS:
        instead = f"{thing.name.removeprefix('OneHot')}: {{sparse_y_pred: false, ...}}"
    one_hot = COUNTERPARTS.get(other.thing.name, "categorical_crossentropy")
    labels = f"one-hot labels are what it reads: `{one_hot}` in place of `{name_written(other.thing)}`"
    return (f"`{instead}` reads class numbers", f"or {labels}") if instead else (labels,)


def _make_fixes(metric: Placed, reference: Reference, head: HeadUse) -> tuple[Fix, ...]:
    """The metric that says the same of the labels that there are, or the loss that reads those of the metric."""
    theirs, _, other = reference
    if theirs == "sequence":
        return ()
    counterpart = COUNTERPARTS.get(metric.thing.name)
    found = [fix_instead(metric, counterpart)] if counterpart else []
    if theirs == "same" and metric.thing.get("sparse_y_true"):
        found.append(with_argument(metric, "sparse_y_true", "false"))
    if theirs == "integer" and takes_greatest_label(metric.thing):
        found.append(with_argument(metric, "sparse_y_true", "true"))
    elif theirs == "integer" and metric.thing.name in BY_NUMBERS:
        found.append(with_argument(metric, "sparse_y_pred", "false"))
    elif theirs == "integer" and other is head.loss and other.thing.name in COUNTERPARTS:
        found.append(fix_instead(other, COUNTERPARTS[other.thing.name]))
    return tuple(found)


def _counts_along(thing: KerasObject, axis: object) -> bool:
    """Whether an overlap runs with an axis; a list of one is one where no greatest value is looked for."""
    by_numbers = bool(thing.get("sparse_y_true")) and bool(thing.get("sparse_y_pred"))
    return axis in (-1, 0) or (by_numbers and axis in ((-1,), (0,)))


def _check_arguments(metric: Placed, head: HeadUse) -> Iterable[Diagnostic]:
    thing, labels = metric.thing, label_output(head)
    shared: dict[str, object] = {"metric": name_written(thing), "head": head.name}
    axis = find_axis_outside(thing, head)
    if axis is not None:
        facts: dict[str, object] = {
            "name": name_written(thing),
            "axis": list(axis) if isinstance(axis, tuple) else axis,
            "head": head.name,
            "given": head.type,
        }
        yield Diagnostic(NO_AXIS, metric.place, facts, labels=labels, help=(f"axes are 0 (the batch) to {head.rank - 1}",))
    if thing.name in OVERLAPS and not _counts_along(thing, axis := thing.get("axis")):
        facts = {**shared, "argument": "axis", "value": list(axis) if isinstance(axis, tuple) else axis}
        yield Diagnostic(CANNOT_RUN, metric.find_place("axis"), facts, help=("leave `axis` out",))
    width = head.width
    class_id, top_k = thing.get("class_id"), thing.get("top_k")
    if class_id is not None and width is not None:
        facts = {**shared, "id": class_id, "count": "one" if width == 1 else f"{format_size(width) or '?'} classes"}
        help: tuple[str, ...] = (f"classes count from 0 to {width - 1}",) if isinstance(width, int) else ()
        least = class_id + 1 if class_id >= 0 else -class_id
        yield from ask(at_least(width, least), Diagnostic(NO_CLASS, metric.place, facts, labels=labels, help=help))
    taken = find_reads(thing).get("dtypes")
    if taken is not None and not _takes(taken, head.type.dtype):
        facts = {**shared, "taken": TAKEN[taken], "dtype": head.type.dtype}
        help = ("give the last layer `dtype: float32`, which the loss is better for too",)
        if head.type.dtype not in FLOATS:
            help = ("end the head with a layer that gives floats, such as `Rescaling: {scale: 1}`",)
        yield Diagnostic(METRIC_DTYPE, metric.place, facts, labels=labels, help=help)
    if isinstance(top_k, int) and width is not None:
        facts = {**shared, "k": top_k, "count": format_size(width) or "?"}
        yield from ask(at_least(width, top_k), Diagnostic(TOP_K, metric.place, facts, labels=labels))
    if thing.name == "AUC":
        yield from _check_auc(metric, head, width) if thing.get("multi_label") else _label_weights(metric, head, width)
    if thing.get("dtype") == "bfloat16" and find_reads(thing).get("mask") == "counted":
        facts = {"metric": name_written(thing), "argument": "dtype", "value": "bfloat16"}
        yield Diagnostic(CANNOT_RUN, metric.find_place("dtype"), facts, help=("leave `dtype` out",))


def _takes(taken: str, dtype: str) -> bool:
    """Whether a metric that takes such dtypes takes this one."""
    if taken == "numbers":
        return dtype != "bool"
    return dtype in FLOATS if taken == "floats" else dtype == taken


def _label_weights(metric: Placed, head: HeadUse, width: Size | None) -> Iterable[Diagnostic]:
    """Weights for one curve over all labels: Keras repeats them along the last axis."""
    weights = metric.thing.get("label_weights")
    if weights is None or (width is not None and len(weights) == 1):
        return
    count = "one value for a sample" if width is None else format_size(width) or "?"
    facts: dict[str, object] = {
        "metric": name_written(metric.thing),
        "argument": "label_weights",
        "given": len(weights),
        "head": head.name,
        "count": count,
    }
    help = (f"give it {width}",) if isinstance(width, int) else ("leave `label_weights` out",)
    error = Diagnostic(AUC_LABELS, metric.place, facts, labels=label_output(head), help=help)
    yield from (error,) if width is None else ask(equal(width, len(weights)), error)


def _check_auc(metric: Placed, head: HeadUse, width: Size | None) -> Iterable[Diagnostic]:
    thing, shared = metric.thing, {"metric": name_written(metric.thing), "head": head.name}
    if head.rank != 2:
        facts: dict[str, object] = {**shared, "wanted": describe_axes(2, 2), "given": head.type}
        help: tuple[str, ...] = ("leave `multi_label` out: all values are then one curve",)
        yield Diagnostic(METRIC_RANK, metric.place, facts, labels=label_output(head), help=help)
        return
    weights = thing.get("label_weights")
    given = {"num_labels": thing.get("num_labels"), "label_weights": None if weights is None else len(weights)}
    for argument, number in given.items():
        if number is not None and width is not None:
            facts = {**shared, "argument": argument, "given": number, "count": format_size(width) or "?"}
            help = (f"give it {width}",) if isinstance(width, int) else ()
            yield from ask(
                equal(width, number), Diagnostic(AUC_LABELS, metric.place, facts, labels=label_output(head), help=help)
            )
