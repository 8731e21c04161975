"""What `evaluate` found, as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..text.escape.terminal import make_line_safe, measure_width
from .measure.document import Evaluation, HeadFigures, MeasuredValue


def render_evaluation(found: Evaluation) -> str:
    """Figures with their intervals, then each head's classes, confusion and comparisons."""
    told = f"{found.describe_samples()}; {found.describe_intervals()}"
    lines = [f"{make_line_safe(found.name)} on {make_line_safe(found.part)}: {told}"]
    rows = [(make_line_safe(name), value.show()) for name, value in found.metrics.items()]
    if found.loss is not None:
        rows.insert(0, ("loss", f"{found.loss:.4g}"))
    lines += _align_rows(rows)
    several = len(found.heads) > 1
    for name, head in found.heads.items():
        own = {key.removeprefix(f"{name}."): each for key, each in found.metrics.items()} if several else found.metrics
        lines += _describe_head(name if several else "", head, own)
    return "\n".join(lines)


def _describe_head(name: str, head: HeadFigures, metrics: Mapping[str, MeasuredValue]) -> Iterator[str]:
    title = f"{make_line_safe(name)}: " if name else ""
    if head.classes is not None:
        yield ""
        at = f" (1 from {head.threshold:.3g} on)" if head.threshold is not None else ""
        yield f"{title}by class{at}"
        heading = ("", "samples", "precision", "recall", "f1", "false alarms", "auc")
        rows: list[tuple[str, ...]] = [heading]
        for label, each in head.classes.items():
            of_class = (each.precision, each.recall, each.f1, each.false_alarms, each.auc)
            rows.append((make_line_safe(label), f"{each.samples:,}", *map(_shorten, of_class)))
        yield from _align_rows(rows)
    if head.confusion is not None and head.classes is not None:
        yield ""
        yield f"{title}what each class (row) is taken for"
        names = [make_line_safe(label) for label in head.classes]
        yield from _align_rows(
            [("", *names), *((label, *map(str, row)) for label, row in zip(names, head.confusion, strict=True))]
        )
    for words, figures in (("the last value repeated", head.last_value), ("the value a season before", head.season)):
        if figures is None:
            continue
        yield ""
        yield f"{title}{words}: " + ", ".join(f"{key} {value.show()}" for key, value in figures.items())
        mine, theirs = metrics["mae"].value, figures["mae"].value
        if mine is not None and theirs is not None and mine >= theirs:
            yield f"{title}the model is no better than {words}"


def _shorten(value: MeasuredValue) -> str:
    return "-" if value.value is None else f"{value.value:.3f}"


def _align_rows(rows: Sequence[tuple[str, ...]]) -> list[str]:
    if not rows:
        return []
    widths = [max(measure_width(row[place]) for row in rows) for place in range(len(rows[0]))]
    return [
        ("  " + "  ".join(cell + " " * (size - measure_width(cell)) for cell, size in zip(row, widths, strict=True))).rstrip()
        for row in rows
    ]
