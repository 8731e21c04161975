"""All figures of a model on a part: those of the spec as Keras logs them, and those of the task, each with an interval."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import keras
import numpy

from ...compiler.compile import Compilation
from ...text.frozen import dataclass
from ..samples import HeadTarget, Part
from .baselines import Baselines
from .document import ClassFigures, Evaluation, HeadFigures
from .figures import BootstrapDraws, Figure, label_figures, make_value, measure_class_figures, measure_number_figures
from .predict import Heads, Predicted, compute_probabilities, decide_classes, make_heads, predict, read_numbers
from .redraw import measure_metric

if TYPE_CHECKING:
    from ..samples import Array

HALF = 0.5


@dataclass(frozen=True)
class Measured:
    """What was found, and the predictions that it was found from."""

    evaluation: Evaluation
    predicted: Mapping[str, Predicted]
    heads: Heads


def measure(
    compilation: Compilation,
    model: keras.Model,
    part: Part,
    name: str,
    thresholds: Mapping[str, float],
    logged: Mapping[str, float] | None = None,
    baselines: Baselines | None = None,
) -> Measured:
    """The figures on a part; `logged` is what Keras's own `evaluate` gives of it."""
    assert compilation.spec is not None
    heads = make_heads(compilation)
    predicted = predict(model, part, heads)
    figures: dict[str, Figure] = {}
    told: dict[str, HeadFigures] = {}
    several = len(heads.names) > 1
    for head, target in part.targets.items():
        if head in heads.sequences:
            continue
        values, truth, owners = predicted[head].list_flat(target)
        draws = BootstrapDraws(owners, len(part), part.groups)
        found, figures_of_head = _measure_head(values, truth, target, draws, head in heads.logits, thresholds.get(head, HALF))
        if baselines is not None and target.sort == "numbers":
            figures_of_head = figures_of_head.model_copy(update=baselines.measure(head, target, truth, draws))
        told[head] = figures_of_head
        figures |= {(f"{head}.{key}" if several else key): each for key, each in found.items()}
    logged = dict(logged or {})
    of_keras = _measure_intervals(model, predicted, part, heads) if logged else {}
    for key, value in logged.items():
        figures.setdefault(key, of_keras[key] if key in of_keras else Figure(value))
    loss = figures.pop("loss", None)
    more: dict[str, Any] = {} if part.groups is None else {"groups": len(set(part.groups))}
    if part.left_out:
        more["left_out"] = part.left_out
    if loss is not None and loss.value is not None and math.isfinite(loss.value):
        more["loss"] = loss.value
    evaluation = Evaluation(
        version=1,
        name=compilation.spec.name,
        part=name,
        samples=len(part),
        **more,
        metrics={key: make_value(each) for key, each in figures.items()},
        heads=told,
    )
    return Measured(evaluation, predicted, heads)


def _measure_head(
    values: Array, truth: Array, target: HeadTarget, draws: BootstrapDraws, is_logits: bool, threshold: float
) -> tuple[dict[str, Figure], HeadFigures]:
    """The figures of a head that are metrics, and what else there is to say of it."""
    if target.sort == "numbers":
        known = read_numbers(values.astype("float64"), target), read_numbers(truth.astype("float64"), target)
        found = draws.measure_figures(partial(measure_number_figures, known[1], known[0]))
        return found, HeadFigures(sort="numbers")
    scores = compute_probabilities(values, is_logits)
    if target.sort == "labels":
        found = draws.measure_figures(partial(label_figures, truth, scores, threshold, target.names))
        counts = (truth > HALF).sum(0).tolist()
        classes = _name_classes(found, target.names, counts)
        return _merge_figures(found), HeadFigures(sort="labels", threshold=threshold, classes=classes)
    true = number_truth(truth, target)
    chosen = decide_classes(scores, target, threshold)
    columns = scores[:, 0] if scores.shape[-1] == 1 else scores
    found = draws.measure_figures(partial(measure_class_figures, true, chosen, columns, target.names))
    count = len(target.names)
    matrix = numpy.bincount(true * count + chosen, minlength=count * count).reshape(count, count)
    more: dict[str, Any] = {"threshold": threshold} if scores.shape[-1] == 1 else {}
    classes = _name_classes(found, target.names, matrix.sum(1).tolist())
    confusion = tuple(tuple(row) for row in matrix.tolist())
    return _merge_figures(found), HeadFigures(sort="classes", classes=classes, confusion=confusion, **more)


def number_truth(truth: Array, target: HeadTarget) -> Array:
    """The number of each row's class."""
    return truth.argmax(-1) if target.encoding == "one_hot" else truth[:, 0].astype("int64")


def _merge_figures(found: Mapping[str, Figure]) -> dict[str, Figure]:
    return {name: figure for name, figure in found.items() if "/" not in name}


def _name_classes(found: Mapping[str, Figure], names: Sequence[str], counts: Sequence[int]) -> dict[str, ClassFigures]:
    of = ("precision", "recall", "f1", "false_alarms", "auc")
    return {
        name: ClassFigures(samples=count, **{figure: make_value(found[f"{name}/{figure}"]) for figure in of})
        for name, count in zip(names, counts, strict=True)
    }


def _measure_intervals(model: keras.Model, predicted: Mapping[str, Predicted], part: Part, heads: Heads) -> dict[str, Figure]:
    """The metrics of the spec with their intervals, by the names that Keras logs; heads whose steps may be padding have none."""
    found: dict[str, Figure] = {}
    compiled = next((each for each in model.metrics if hasattr(each, "_flat_metrics")), None)
    draws = BootstrapDraws(numpy.arange(len(part)), len(part), part.groups)
    for group in compiled._flat_metrics if compiled is not None else ():
        head = (group.output_name or heads.names[0]) if group is not None else None
        if head is None or head in heads.masked | heads.sequences or head not in part.targets:
            continue
        if len({each.shape for each in predicted[head].values}) > 1:
            continue
        values, truth = numpy.stack(predicted[head].values), numpy.stack(predicted[head].targets)
        for metric in group.metrics:
            name = f"{head}_{metric.name}" if len(heads.names) > 1 else metric.name
            figure = measure_metric(metric, truth, values, draws)
            if figure is not None:
                found[name] = figure
    return found


def choose_threshold(scores: Array, truth: Array, score: str) -> float:
    """The probability from which on a binary head is 1 so that a score is greatest; the middle between two that are predicted."""
    order = numpy.unique(scores)
    candidates = numpy.r_[HALF, (order[1:] + order[:-1]) / 2]
    if len(candidates) > 1000:
        candidates = numpy.r_[HALF, numpy.quantile(candidates, numpy.linspace(0, 1, 999))]
    inside = candidates[(candidates > 0) & (candidates < 1)]
    values = [_score(scores >= each, truth.astype(bool), score) for each in inside]
    return float(inside[int(numpy.nanargmax(values))])


def _score(found: Array, truth: Array, score: str) -> float:
    hits, told, true = (found & truth).sum(), found.sum(), truth.sum()
    no = len(truth) - true
    rejected = (~found & ~truth).sum()
    values = {
        "accuracy": (found == truth).mean(),
        "precision": hits / told if told else 0.0,
        "recall": hits / true if true else 0.0,
        "f1": 2 * hits / (told + true) if told + true else 0.0,
        "balanced_accuracy": ((hits / true if true else 0.0) + (rejected / no if no else 0.0)) / 2,
    }
    return float(values[score])
