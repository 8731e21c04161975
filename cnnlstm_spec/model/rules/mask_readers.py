"""Outputs that still have masked steps, against a loss and metrics that count them."""

from __future__ import annotations

from collections.abc import Iterable

from ...language.catalog import KerasObject, find_mask_use, find_reads
from ...text.diagnostic import Code, Diagnostic, Label
from .common import CATEGORICAL, HeadUse, name_written

LOSS_COUNTS = Code("loss-counts-padding", "warning", "`{loss}` counts the padded steps of `{head}`")
METRIC_COUNTS = Code("metric-counts-padding", "warning", "`{metric}` counts the padded steps of `{head}`")


def check_mask_readers(head: HeadUse) -> Iterable[Diagnostic]:
    """The loss and each metric that does not leave padded steps out."""
    if head.mask is None:
        return
    labels = (Label(head.mask.made_at, "the mask is made here"),)
    if head.loss is not None and (help := _explain_ways_out(head, head.loss.thing, "loss")) is not None:
        facts: dict[str, object] = {"loss": name_written(head.loss.thing), "head": head.name}
        yield Diagnostic(LOSS_COUNTS, head.loss.place, facts, labels=labels, help=help)
    for metric in head.metrics if head.type.mask is not None else ():
        help = _explain_ways_out(head, metric.thing, "metric")
        if help is not None and _find_fits(head, metric.thing):
            facts = {"metric": name_written(metric.thing), "head": head.name}
            yield Diagnostic(METRIC_COUNTS, metric.place, facts, labels=labels, help=help)


def _find_fits(head: HeadUse, thing: KerasObject) -> bool:
    """Whether the metric runs on such an output at all."""
    most = find_reads(thing).get("maximum_rank")
    return most is None or head.rank <= most


def _explain_ways_out(head: HeadUse, thing: KerasObject, what: str) -> tuple[str, ...] | None:
    """The ways out, or None where the mask is counted."""
    how = find_mask_use(thing)
    if not _find_fits(head, thing):
        return None
    if head.rank == 2 and thing.name in CATEGORICAL:
        # The steps are the classes.
        return None
    if what == "loss" and head.rank == 2:
        return ("an output of (steps) cannot carry a mask; keep an axis after the steps: (steps, 1)",)
    if how == "nan":
        return ("it is NaN over padded steps",)
    if thing.get("axis") not in (None, -1):
        return ("leave `axis` out: along another axis than the last its values are not those of the steps",)
    if how == "fails":
        return ("Keras gives it no mask; pad with what it can skip, such as the label of the blank",)
    if how == "ignored":
        return (
            ("it sums over everything before a mask is looked at",)
            if what == "loss"
            else ("accuracies and mean errors leave them out",)
        )
    if what == "loss" and "reduction" in dict(thing.arguments) and thing.get("reduction") in (None, "none"):
        return ("without `reduction`, padded steps are left out",)
    return None
