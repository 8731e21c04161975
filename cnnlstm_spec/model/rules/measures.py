"""Metrics that run, and measure something else than what the output is trained for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from math import log

from ...language.activations import DISTRIBUTIONS, SIGMOIDS
from ...spec.compile_keys import Placed
from ...text.diagnostic import Code, Diagnostic, Label
from ...text.fix import Fix, Put, write
from ..facts import (
    AT_A_THRESHOLD,
    BEST_CLASS,
    COMPARED,
    CURVES,
    ENTROPIES,
    LABELLED,
    OF_MARGINS,
    OF_NUMBERS,
    PROBABILITIES_READ,
    READS_LOGITS,
    SCORES,
    SET_AGAINST_OTHERS,
    find_accuracy,
    find_threshold,
)
from .activations import NEGATIVE, NOT_PROBABILITIES
from .common import BINARY, PROBABILITIES, HeadUse, fix_activation, fix_instead, name_written, with_argument

ONE_CLASS_ALONE = Code(
    "accuracy-of-one-class", "warning", "`{metric}` looks at one class of a sample; `{head}` gives {count} apart"
)
OF_NUMBERS_FITTED = Code("accuracy-of-numbers", "warning", "`{metric}` counts classes; `{loss}` fits numbers")
ON_LOGITS = Code("threshold-on-logits", "warning", "`{metric}` reads probabilities; `{head}` gives logits")
NO_THRESHOLD = Code(
    "score-without-threshold", "warning", "`{metric}` without `threshold` takes the greatest value of a sample for true"
)
IS_ACCURACY = Code("precision-is-accuracy", "warning", "`{metric}` over {count} that add up to 1 is the accuracy")
COUNTS_IGNORED = Code("ignored-class-counted", "warning", "`{metric}` counts class {id}, which `{loss}` leaves out")
MARGINS = Code("accuracy-of-margins", "warning", "`{metric}` divides {where}; `{loss}` divides at 0")

Told = Iterator[Diagnostic]


def find_unmeant_measure(metric: Placed, head: HeadUse) -> Iterable[Diagnostic]:
    """At most one thing that a metric measures, and is not what its name says of this output."""
    if head.width is None:
        return
    for rule in RULES:
        found = next(rule(metric, head), None)
        if found is not None:
            yield found
            return


def _describe_head(metric: Placed, head: HeadUse, **more: object) -> dict[str, object]:
    loss = name_written(head.loss.thing) if head.loss is not None else "?"
    return {"metric": name_written(metric.thing), "head": head.name, "loss": loss, **more}


def _find_meant(metric: Placed, head: HeadUse) -> str:
    """The class of a metric, of `accuracy` the one that Keras makes of it."""
    return find_accuracy(metric.thing, head.width, head.loss.thing if head.loss is not None else None)


def _find_encoding(head: HeadUse) -> str | None:
    return head.target.encoding if head.target is not None else None


def _check_several(metric: Placed, head: HeadUse) -> Told:
    """The best class of a sample, where each class is a question of its own."""
    values, loss = head.type.meaning.range, head.loss
    if (
        _find_meant(metric, head) not in BEST_CLASS
        or head.width == 1
        or loss is None
        or _find_encoding(head) in ("one_hot", "binary")
    ):
        return
    apart = values is not None and values.sums is None and values.by in SIGMOIDS
    if loss.thing.name not in BINARY and not (apart and loss.thing.name in SET_AGAINST_OTHERS):
        return
    if values is not None and values.by in DISTRIBUTIONS:
        return
    logits = bool(loss.thing.get("from_logits"))
    each = "`BinaryAccuracy: {threshold: 0}`" if logits else "`binary_accuracy`"
    help = (
        "a prediction that is right in every class scores 0 where another true class has the greatest value",
        f"{each} looks at each class by itself",
    )
    labels = (Label(loss.place, "takes each class apart"),)
    facts = _describe_head(metric, head, count=head.type.axes[-1].size)
    fix = with_argument(metric, "threshold", "0", "BinaryAccuracy") if logits else fix_instead(metric, "binary_accuracy")
    yield Diagnostic(ONE_CLASS_ALONE, metric.place, facts, "", labels, help, (fix,))


def _check_numbers(metric: Placed, head: HeadUse) -> Told:
    """Classes counted among numbers."""
    loss, values = head.loss, head.type.meaning.range
    if loss is None or loss.thing.name not in OF_NUMBERS or _find_meant(metric, head) not in COMPARED:
        return
    encoding = _find_encoding(head)
    if encoding not in (None, "real") or (encoding is None and values is not None and values.probabilities):
        return
    what = _find_meant(metric, head)
    how = "a perfect prediction scores 0, unless the labels are 0 and 1"
    if what in BEST_CLASS:
        how = "it compares which of the numbers of a sample is the greatest"
    elif what == "Accuracy":
        how = "it counts numbers that are equal to the last digit"
    help = (how, "`mean_absolute_error` and `root_mean_squared_error` say how far off the numbers are")
    labels = (Label(loss.place, "fits numbers"),)
    fixes = (fix_instead(metric, "mean_absolute_error"),)
    yield Diagnostic(OF_NUMBERS_FITTED, metric.place, _describe_head(metric, head), "", labels, help, fixes)


def _check_margins(metric: Placed, head: HeadUse) -> Told:
    """A threshold of probabilities, or several of them, over margins, whose sign says the class."""
    loss, meant, values = head.loss, _find_meant(metric, head), head.type.meaning.range
    if values is not None and not values.crosses(0):
        # The loss itself does not fit the output.
        return
    threshold = find_threshold(metric.thing, meant)
    curve = meant in CURVES and not metric.thing.get("from_logits")
    if loss is None or loss.thing.name not in OF_MARGINS or not (threshold or curve):
        return
    help: tuple[str, ...] = ("labels of -1 are never equal to its 0: a perfect prediction scores the share of the others",)
    if meant in LABELLED or curve:
        help = ("it takes labels of -1 for true, as all but 0",)
    fixes: tuple[Fix, ...] = ()
    argument, value = (AT_A_THRESHOLD[meant], "0") if threshold else ("from_logits", "true")
    if threshold or meant == "AUC":
        help = (*help, f"give labels of 0 and 1, which the loss takes too, and `{meant}: {{{argument}: {value}}}`")
        fixes = (with_argument(metric, argument, value, meant),)
    labels = (Label(loss.place, "reads labels of -1 and 1, or of 0 and 1"),)
    facts = _describe_head(metric, head, where=f"at {threshold:g}" if threshold else "between 0 and 1")
    yield Diagnostic(MARGINS, metric.place, facts, "", labels, help, fixes)


def _check_logits(metric: Placed, head: HeadUse) -> Told:
    """Probabilities read, where the loss takes the logits of the output."""
    loss, values, meant = head.loss, head.type.meaning.range, _find_meant(metric, head)
    if loss is None or not loss.thing.get("from_logits") or (values is not None and values.probabilities):
        return
    threshold = metric.thing.get("threshold") if meant in SCORES else find_threshold(metric.thing, meant)
    divides = threshold is not None and 0 < threshold < 1
    if not divides and (meant not in PROBABILITIES_READ or metric.thing.get("from_logits")):
        return
    binary = loss.thing.name in BINARY
    last = "sigmoid" if binary else "softmax"
    help: tuple[str, ...] = (f"end with `activation: {last}`, and leave `from_logits` out of the loss",)
    fixes = _fix_logits(loss, head, last)
    if threshold is not None and divides and binary and (at := _compute_logit(meant, threshold)) is not None:
        argument = AT_A_THRESHOLD[meant]
        what = f"a logit is above {at} where its probability is above {threshold:g}: `{meant}: {{{argument}: {at}}}`"
        help, fixes = (what, *help), (with_argument(metric, argument, at, meant), *fixes)
    elif meant in READS_LOGITS and (binary or meant != "AUC"):
        help = (f"tell it: `{meant}: {{from_logits: true}}`", *help)
        fixes = (with_argument(metric, "from_logits", "true", meant), *fixes)
    labels = (Label(loss.place, "takes logits"),)
    yield Diagnostic(ON_LOGITS, metric.place, _describe_head(metric, head), "", labels, help, fixes)


def _check_domain(metric: Placed, head: HeadUse) -> Told:
    """What reads probabilities, or takes a logarithm, of other values, where the loss takes none of them or there is none."""
    loss, values, meant = head.loss, head.type.meaning.range, _find_meant(metric, head)
    if values is None or values.pixels or metric.thing.get("from_logits") or head.loss_is_open:
        return
    last, trained = head.activation, loss.thing.name if loss is not None else None
    labels = (Label(loss.place, "takes the output as it is"),) if loss is not None else ()
    if meant == "Poisson" and trained != meant and (values.least is None or values.least < 0):
        help: tuple[str, ...] = ("its number is NaN as soon as one value is negative", "end with `softplus` or `exponential`")
        facts: dict[str, object] = {"loss": name_written(metric.thing), "function": values.by or head.name}
        fixes: tuple[Fix, ...] = (fix_activation(last.node, "softplus"),) if last is not None else ()
        yield Diagnostic(NEGATIVE, metric.place, facts, "", labels, help, fixes)
    elif trained not in PROBABILITIES and not values.probabilities and (how := _explain_cut(metric, meant, trained)) is not None:
        ending = f"`{values.by}`" if values.by else "no activation"
        way, fixes = _find_measure(metric, head, meant)
        facts = {"loss": name_written(metric.thing), "head": head.name, "ending": ending}
        yield Diagnostic(NOT_PROBABILITIES, metric.place, facts, "", labels, (how, way), fixes)


def _explain_cut(metric: Placed, meant: str, trained: str | None) -> str | None:
    """What a metric makes of values that are no probabilities; None of one that takes them.

    Numbers that are fitted to labels of 0 and 1 come close to these, and may be divided between them.
    """
    if meant in PROBABILITIES_READ - CURVES:
        return "values outside of 0 to 1 are cut off in it"
    if trained is not None and trained not in OF_MARGINS | {"CategoricalHinge"}:
        return None
    if meant in CURVES:
        return "its thresholds are between 0 and 1"
    threshold = metric.thing.get("threshold") if meant in SCORES else find_threshold(metric.thing, meant)
    if threshold is None or not 0 < threshold < 1:
        return None
    return f"it takes values above {threshold:g} for true, which nothing in the training divides there"


def _find_measure(metric: Placed, head: HeadUse, meant: str) -> tuple[str, tuple[Fix, ...]]:
    """What measures an output as its loss reads it; where it has none, the activation that makes probabilities."""
    loss, last, fixes = head.loss, head.activation, tuple[Fix, ...]()
    if loss is None:
        function = "softmax" if meant in ENTROPIES - {"BinaryCrossentropy"} | {"KLDivergence"} and head.width != 1 else "sigmoid"
        return f"end with `{function}`", (fix_activation(last.node, function),) if last is not None else ()
    if loss.thing.name == "CategoricalHinge":
        fixes = () if metric.thing.arguments else (fix_instead(metric, "categorical_accuracy"),)
        return "`categorical_accuracy` compares the values of a sample", fixes
    if loss.thing.name in OF_MARGINS:
        fixes = (with_argument(metric, "threshold", "0", "BinaryAccuracy"),) if meant in SCORES else ()
        return "`BinaryAccuracy: {threshold: 0}` divides where the loss does", fixes
    return "measure what the loss fits, such as `mean_absolute_error`", (fix_instead(metric, "mean_absolute_error"),)


def _compute_logit(meant: str, probability: float) -> str | None:
    """The logit of a threshold; None where the metric takes none, or it looks like a probability itself."""
    value = log(probability / (1 - probability))
    taken = value == 0 or (meant not in LABELLED and not 0 < value < 1)
    return f"{value:.3g}" if meant in AT_A_THRESHOLD and taken else None


def _fix_logits(loss: Placed, head: HeadUse, last: str) -> tuple[Fix, ...]:
    """The activation that makes probabilities of the logits, and a loss that reads those."""
    found = head.activation
    op = found.node.op if found is not None else None
    if found is None or op is None or found.function != "linear" or "activation" not in op.arguments:
        return ()
    edits = (*fix_activation(found.node, last).edits, Put(loss.place.span, "from_logits", "false"))
    return (Fix(f"end with `activation: {last}`, and without `from_logits`", edits),)


def _check_greatest(metric: Placed, head: HeadUse) -> Told:
    """A score of the greatest value alone, over one unit or classes that can go together."""
    thing, values = metric.thing, head.type.meaning.range
    if thing.name not in SCORES or thing.get("threshold") is not None:
        return
    apart = (values is not None and values.by in SIGMOIDS) or (head.loss is not None and head.loss.thing.name in BINARY)
    if head.width != 1 and not apart:
        return
    if values is not None and values.by in DISTRIBUTIONS:
        return
    how = "of one unit that is always this one: every sample counts as true" if head.width == 1 else "all others count as false"
    help, fixes = (how, f"write `{thing.name}: {{threshold: 0.5}}`"), (with_argument(metric, "threshold", "0.5"),)
    yield Diagnostic(NO_THRESHOLD, metric.place, _describe_head(metric, head), help=help, fixes=fixes)


def _check_two(metric: Placed, head: HeadUse) -> Told:
    """Precision and recall over both of two classes, or over all: what is wrong for one is wrong for another."""
    thing, values, last = metric.thing, head.type.meaning.range, head.type.rank - 1
    if values is None or values.sums != (last,):
        return
    if thing.name in SCORES and thing.get("average") == "micro" and thing.get("threshold") is None:
        count, argument, value, why = "classes", "average", "macro", "is the mean over the classes"
    elif thing.name in ("Precision", "Recall") and head.width == 2 and thing.get("thresholds") is thing.get("top_k") is None:
        count, argument, value, why = "two classes", "class_id", "1", "is of the second class"
    else:
        return
    if thing.get("class_id") is not None:
        return
    help = (
        "each sample counts once as true and once as false, right or wrong in both",
        f"`{thing.name}: {{{argument}: {value}}}` {why}",
    )
    fixes = (with_argument(metric, argument, value),)
    yield Diagnostic(IS_ACCURACY, metric.place, _describe_head(metric, head, count=count), help=help, fixes=fixes)


def _check_ignored(metric: Placed, head: HeadUse) -> Told:
    """A class that the loss alone leaves out."""
    loss, meant = head.loss, _find_meant(metric, head)
    id = loss.thing.get("ignore_class") if loss is not None else None
    counts = meant.startswith("Sparse") or meant in ("IoU", "MeanIoU")
    if loss is None or id is None or not counts or metric.thing.get("ignore_class") is not None:
        return
    size = head.type.axes[-1].size
    outside = isinstance(size, int) and not 0 <= id < size
    how = "no prediction can be right there" if outside else "what is left out of training counts in it"
    overlap = f"`MeanIoU: {{num_classes: {size}, sparse_y_pred: false, ignore_class: {id}}}` leaves it out"
    help = (how, f"`{meant}` takes `ignore_class: {id}` too" if "ignore_class" in list_arguments(meant) else overlap)
    labels = (Label(loss.place, "leaves it out"),)
    fixes: tuple[Fix, ...] = ()
    if "ignore_class" in list_arguments(meant):
        fixes = (with_argument(metric, "ignore_class", str(id), meant),)
    elif not metric.thing.arguments:
        fixes = (write(metric.place.span, f"{{MeanIoU: {{num_classes: {size}, sparse_y_pred: false, ignore_class: {id}}}}}"),)
    yield Diagnostic(COUNTS_IGNORED, metric.place, _describe_head(metric, head, id=id), "", labels, help, fixes)


def list_arguments(name: str) -> tuple[str, ...]:
    """The arguments of a metric of Keras."""
    from ...language.catalog import find_family

    return tuple(each["name"] for each in find_family("metrics")["classes"][name]["arguments"])


RULES: tuple[Callable[[Placed, HeadUse], Told], ...] = (
    _check_several,
    _check_numbers,
    _check_margins,
    _check_logits,
    _check_domain,
    _check_greatest,
    _check_two,
    _check_ignored,
)
