"""The page of a run: what it is worth, how it was trained, where it is wrong, and what its branches give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy

from ...compiler.compile import Compilation
from ...text.escape.xml import escape_content
from ..history import Row
from ..measure.document import HeadFigures
from ..measure.measure import HALF, Measured, number_truth
from ..measure.predict import compute_probabilities, read_numbers
from ..reading.libraries import import_needed
from ..samples import HeadTarget, Part
from .drawing import ReportFigure, draw_cloud, draw_lines, draw_matrix, mark_whole_numbers, shorten
from .features import project_fusions, shuffle_branches, weigh_fusions
from .samples import describe_sample, draw_sample, find_worst

if TYPE_CHECKING:
    import keras

    from ..samples import Array

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:1000px;margin:2em auto;padding:0 1em;color:#222;background:#fff}
h1{font-size:1.5em}h2{font-size:1.15em;margin-top:2em;border-bottom:1px solid #ddd}
table{border-collapse:collapse;margin:.6em 0}td,th{padding:.2em .8em;text-align:left;border-bottom:1px solid #eee}
td.n{text-align:right;font-variant-numeric:tabular-nums}svg{max-width:100%;height:auto}
.row{display:flex;flex-wrap:wrap;gap:1em}figure{margin:0}figcaption{font-size:.85em;color:#555}
"""
NO_CLASSES = numpy.zeros(0, int)
"""Of samples that are in no class."""
MOST_CURVES = 8
"""Classes whose ROC is drawn."""


def make_report(
    compilation: Compilation,
    model: keras.Model,
    part: Part,
    measured: Measured,
    rows: Sequence[Row],
    best: int | None,
    thresholds: Mapping[str, float],
) -> bytes:
    """The page. Raises DataError where a library that it needs is not installed."""
    import_needed("matplotlib", "`report.html`")
    import_needed("sklearn", "`report.html`")
    parts = [
        *_write_opening(measured, len(rows), best),
        *_draw_curves(rows, best),
        *(html for head in measured.evaluation.heads for html in _write_head(compilation, part, measured, head)),
        *_draw_projections(compilation, model, part, measured),
        *_draw_trust(compilation, model, part, measured),
        *_write_shuffled(compilation, model, part, measured, thresholds),
        "<h2>The model</h2>",
        compilation.to_svg(),
    ]
    title = escape_content(measured.evaluation.name)
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    head = f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{policy}"><title>{title}</title>'
    return (
        f"<!doctype html><html lang=en><head>{head}<style>{STYLE}</style></head><body>{''.join(parts)}</body></html>\n".encode()
    )


def _write_opening(measured: Measured, epochs: int, best: int | None) -> Iterator[str]:
    found = measured.evaluation
    yield f"<h1>{escape_content(found.name)}</h1>"
    at = f"the best of {epochs} epochs is {best}" if best is not None else f"{epochs} epochs"
    told = f"{found.describe_samples()}; {at}; {found.describe_intervals()}"
    yield f"<p>On {escape_content(found.part)}: {escape_content(told)}.</p>"
    table = [(name, value.show()) for name, value in found.metrics.items()]
    if found.loss is not None:
        table.insert(0, ("loss", f"{found.loss:.4g}"))
    yield _write_table(("figure", "value"), table)


def _draw_curves(rows: Sequence[Row], best: int | None) -> Iterator[str]:
    names = [name for name in dict.fromkeys(key for row in rows for key in row) if name not in ("epoch", "phase")]
    own = [name for name in names if not name.startswith("val_")]
    if not own or not rows:
        return
    yield "<h2>Training</h2><div class=row>"
    for name in own:
        drawing = ReportFigure()
        lines = {each: _draw_line(rows, each) for each in (name, f"val_{name}") if each in names}
        draw_lines(drawing.axes[0], lines, name, "epoch")
        mark_whole_numbers(drawing.axes[0])
        if best is not None:
            drawing.axes[0].axvline(best, color="#999999", linewidth=0.8, linestyle=":")
        yield f"<figure>{drawing.to_svg()}</figure>"
    yield "</div>"


def _draw_line(rows: Sequence[Row], name: str) -> tuple[list[float], list[float]]:
    known = [row for row in rows if name in row]
    return [row["epoch"] for row in known], [row[name] for row in known]


def _write_head(compilation: Compilation, part: Part, measured: Measured, head: str) -> Iterator[str]:
    target, figures = part.targets[head], measured.evaluation.heads[head]
    yield f"<h2>{escape_content(head)}</h2>"
    if target.sort == "numbers":
        yield from _write_numbers(measured, head, target)
    else:
        yield from _write_classes(measured, head, target, figures)
    spec = compilation.spec
    assert spec is not None
    kinds = {each.name: each.input.kind for each in spec.branches if each.input is not None}
    threshold = HALF if figures.threshold is None else figures.threshold
    worst = find_worst(part, measured.predicted[head], target, head in measured.heads.logits, threshold)
    yield "<h3>Where it is most wrong</h3>" + ("" if worst else "<p>Nowhere: all samples are right.</p>") + "<div class=row>"
    for each in worst:
        picture = draw_sample(part, each.place, kinds)
        lines = (each.label, each.words, *describe_sample(part, each.place, spec))
        yield f"<figure>{picture}<figcaption>{'<br>'.join(map(escape_content, lines))}</figcaption></figure>"
    yield "</div>"


def _write_classes(measured: Measured, head: str, target: HeadTarget, figures: HeadFigures) -> Iterator[str]:
    from sklearn.metrics import precision_recall_curve, roc_curve

    assert figures.classes is not None
    heading = ("class", "samples", "precision", "recall", "F1", "false alarms", "AUC")
    rows = [
        (
            name,
            f"{each.samples:,}",
            *(figure.show() for figure in (each.precision, each.recall, each.f1, each.false_alarms, each.auc)),
        )
        for name, each in figures.classes.items()
    ]
    yield _write_table(heading, rows)
    values, truth = _take_finite(measured, head, target)
    scores = compute_probabilities(values, head in measured.heads.logits)
    of = truth > 0.5 if target.sort == "labels" else number_truth(truth, target)
    curves = []
    for place, name in enumerate(target.names[:MOST_CURVES]):
        if scores.shape[1] == 1 and target.sort == "classes":
            if place == 0:
                continue
            curves.append((name, of == 1, scores[:, 0]))
        else:
            curves.append((name, of[:, place] if target.sort == "labels" else of == place, scores[:, place]))
    curves = [each for each in curves if 0 < each[1].sum() < len(each[1])]
    drawing = ReportFigure(3 if figures.confusion is not None else 2)
    roc = {name: roc_curve(yes, score)[:2] for name, yes, score in curves}
    draw_lines(drawing.axes[0], {shorten(name): each for name, each in roc.items()}, "ROC", "false alarms")
    pr = {name: precision_recall_curve(yes, score)[:2][::-1] for name, yes, score in curves}
    draw_lines(drawing.axes[1], {shorten(name): each for name, each in pr.items()}, "precision by recall", "recall")
    if figures.confusion is not None:
        draw_matrix(drawing.axes[2], figures.confusion, target.names)
    yield drawing.to_svg()


def _take_finite(measured: Measured, head: str, target: HeadTarget) -> tuple[Array, Array]:
    """Predictions and targets of a head, without those that are no numbers, which no picture can show."""
    values, truth, _ = measured.predicted[head].list_flat(target)
    kept = numpy.isfinite(values).all(1)
    return values[kept], truth[kept]


def _write_numbers(measured: Measured, head: str, target: HeadTarget) -> Iterator[str]:
    values, truth = _take_finite(measured, head, target)
    if not len(values):
        return
    found, true = read_numbers(values.astype("float64"), target)[:, 0], read_numbers(truth.astype("float64"), target)[:, 0]
    drawing = ReportFigure(2)
    draw_cloud(drawing.axes[0], numpy.stack([true, found], 1), NO_CLASSES, (), "predicted against true")
    ends = [min(true.min(), found.min()), max(true.max(), found.max())]
    drawing.axes[0].plot(ends, ends, color="#999999", linewidth=0.8)
    drawing.axes[0].set_xlabel("true")
    drawing.axes[0].set_ylabel("predicted")
    drawing.axes[1].hist(found - true, bins=30, color="#1f6fb2")
    drawing.axes[1].set_title("errors")
    mark_whole_numbers(drawing.axes[1], "y")
    yield drawing.to_svg()


def _draw_projections(compilation: Compilation, model: keras.Model, part: Part, measured: Measured) -> Iterator[str]:
    found = project_fusions(compilation, model, part, measured.heads)
    if not found:
        return
    told = "The first two principal components of each input of a fusion, and of what it gives."
    yield f"<h2>What is fused</h2><p>{told}</p><div class=row>"
    names, of = _choose_colors(part, measured)
    for address, points in found.items():
        drawing = ReportFigure(1, 3.4, 3)
        draw_cloud(drawing.axes[0], points, of[: len(points)], names, address)
        yield f"<figure>{drawing.to_svg()}</figure>"
    yield "</div>"


def _choose_colors(part: Part, measured: Measured) -> tuple[Sequence[str], Array]:
    """The classes of the first head that gives one class a sample, and the class of each sample."""
    for head in measured.evaluation.heads:
        target = part.targets[head]
        if target.sort == "classes":
            _, truth, owners = measured.predicted[head].list_flat(target)
            if len(owners) == len(part):
                return target.names, number_truth(truth, target)
    return (), NO_CLASSES


def _draw_trust(compilation: Compilation, model: keras.Model, part: Part, measured: Measured) -> Iterator[str]:
    for name, (inputs, weights) in weigh_fusions(compilation, model, part, measured.heads).items():
        yield f"<h2>What `{escape_content(name)}` trusts</h2>"
        names, of = _choose_colors(part, measured)
        heading = ("", *inputs)
        rows = [("all", *(f"{each:.3f}" for each in weights.mean(0)))]
        for place, label in enumerate(names):
            chosen = weights[of[: len(weights)] == place]
            if len(chosen):
                rows.append((label, *(f"{each:.3f}" for each in chosen.mean(0))))
        yield _write_table(heading, rows)


def _write_shuffled(
    compilation: Compilation, model: keras.Model, part: Part, measured: Measured, thresholds: Mapping[str, float]
) -> Iterator[str]:
    found = shuffle_branches(compilation, model, part, measured.heads, thresholds)
    spec = compilation.spec
    assert spec is not None
    if len(spec.branches) < 2 or not found:
        return
    yield "<h2>What each branch gives</h2><p>The figure where a branch is that of another sample.</p>"
    rows = []
    for head, figures in found.items():
        sort = "MAE" if part.targets[head].sort == "numbers" else "accuracy"
        for branch, value in figures.items():
            change = "" if not branch else f"{value - figures['']:+.4g}"
            rows.append((head, sort, branch or "as it is", f"{value:.4g}", change))
    yield _write_table(("head", "figure", "branch", "value", "change"), rows)
    if tied := [each.name for each in spec.branches if each.name not in next(iter(found.values()))]:
        yield f"<p>Not exchanged, since others have as many steps: {escape_content(', '.join(tied))}.</p>"


def _write_table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "".join(f"<th>{escape_content(each)}</th>" for each in heading)
    body = "".join("<tr>" + "".join(f"<td>{escape_content(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{body}</table>"
