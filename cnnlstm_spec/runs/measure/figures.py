"""The figures of a head with their intervals: bootstrap draws are weights of samples, so that all draws are counted at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy

from ...text.frozen import dataclass
from .document import MeasuredValue

if TYPE_CHECKING:
    from ..samples import Array

DRAWS, LEVEL = 1000, 0.95
CHUNK = 50
"""Draws that are counted at a time, so that they fit into memory."""


@dataclass(frozen=True)
class Figure:
    """A value, and between what 95 of 100 draws of the same samples lie; None where there is none."""

    value: float | None
    lower: float | None = None
    upper: float | None = None


def make_value(figure: Figure) -> MeasuredValue:
    """A figure as it is written."""
    if figure.value is None or not math.isfinite(figure.value):
        return MeasuredValue(value=None)
    if figure.lower is None:
        return MeasuredValue(value=figure.value)
    return MeasuredValue(value=figure.value, lower=figure.lower, upper=figure.upper)


class BootstrapDraws:
    """1,000 seeded draws of samples, or of groups of them, with replacement; and the samples themselves."""

    def __init__(self, owners: Array, samples: int, groups: Sequence[str] | None, seed: int = 0) -> None:
        """`owners` is of each row the sample that it is of."""
        self.owners = owners
        names = numpy.arange(samples) if groups is None else numpy.unique(numpy.asarray(groups), return_inverse=True)[1]
        self.unit_of = names[owners]
        self.units = int(names.max()) + 1 if samples else 0
        self.seed = seed

    def draw_weights(self) -> Iterator[Array]:
        """Chunk by chunk, how often each row counts in each draw: (draws, rows)."""
        generator = numpy.random.default_rng(self.seed)
        for first in range(0, DRAWS, CHUNK):
            count = min(CHUNK, DRAWS - first)
            drawn = generator.integers(0, self.units, (count, self.units))
            counts = numpy.stack([numpy.bincount(each, minlength=self.units) for each in drawn])
            yield counts[:, self.unit_of].astype("float64")

    def measure_figure(self, compute: Callable[[Array], Array]) -> Figure:
        """`compute` takes weights (draws, rows) and gives a value a draw."""
        return self.measure_figures(lambda weights: {"": compute(weights)})[""]

    def measure_figures(self, compute: Callable[[Array], Mapping[str, Array]]) -> dict[str, Figure]:
        """The same of several values at once."""
        with numpy.errstate(divide="ignore", invalid="ignore"):
            whole = compute(numpy.ones((1, len(self.owners))))
            # All draws of one sample, or of one group, are alike, and would tell of no spread.
            chunks = [compute(weights) for weights in self.draw_weights()] if self.units > 1 else []
        drawn = {name: numpy.concatenate([numpy.zeros(0), *(chunk[name] for chunk in chunks)]) for name in whole}
        return {name: _make_figure(float(value[0]), drawn[name]) for name, value in whole.items()}


def _make_figure(value: float, drawn: Array) -> Figure:
    known = drawn[numpy.isfinite(drawn)]
    if not math.isfinite(value):
        return Figure(None)
    if not len(known):
        return Figure(value)
    tail = 100 * (1 - LEVEL) / 2
    lower, upper = numpy.percentile(known, [tail, 100 - tail])
    return Figure(value, float(lower), float(upper))


def count_confusion(truth: Array, found: Array, count: int, weights: Array) -> Array:
    """(draws, classes, classes): rows are what is true."""
    cells = truth.astype("int64") * count + found
    return numpy.stack([numpy.bincount(cells, each, count * count) for each in weights]).reshape(-1, count, count)


def measure_class_figures(truth: Array, found: Array, scores: Array, names: Sequence[str], weights: Array) -> dict[str, Array]:
    """Accuracy, the mean F1 and AUC, and `CLASS/figure` of each class: precision, recall, f1, false_alarms, auc.

    `scores` is (rows, classes), or (rows,) of the second of two.
    """
    count = len(names)
    matrix = count_confusion(truth, found, count, weights)
    hits = numpy.diagonal(matrix, axis1=1, axis2=2)
    true, told, all_ = matrix.sum(2), matrix.sum(1), matrix.sum((1, 2))
    result: dict[str, Array] = {"accuracy": hits.sum(1) / all_}
    precision, recall = hits / told, hits / true
    # A class that is never told has no precision, and an F1 of 0.
    f1 = numpy.where(true + told > 0, 2 * hits / (true + told), numpy.nan)
    alarms = (told - hits) / (all_[:, None] - true)
    columns = [scores, scores] if scores.ndim == 1 else [scores[:, place] for place in range(count)]
    auc = numpy.stack(
        [
            measure_area_under_roc(truth == place, -column if scores.ndim == 1 and place == 0 else column, weights)
            for place, column in enumerate(columns)
        ],
        axis=1,
    )
    result["f1"] = f1[:, 1] if count == 2 else average_known(f1, 1)
    result["auc"] = auc[:, 1] if count == 2 else average_known(auc, 1)
    for place, name in enumerate(names):
        each = {"precision": precision, "recall": recall, "f1": f1, "false_alarms": alarms, "auc": auc}
        result |= {f"{name}/{figure}": values[:, place] for figure, values in each.items()}
    return result


def average_known(figures: Array, axis: int) -> Array:
    """The mean of those that are numbers; NaN where none is, as of classes of which a draw has no sample."""
    is_known = ~numpy.isnan(figures)
    average: Array = numpy.where(is_known, figures, 0).sum(axis) / is_known.sum(axis)
    return average


def measure_area_under_roc(truth: Array, scores: Array, weights: Array) -> Array:
    """The area under the ROC curve of each draw; equal scores count half. NaN where one of the two is missing."""
    order = numpy.argsort(scores, kind="stable")
    truth, scores, weights = truth[order], scores[order], weights[:, order]
    first = numpy.flatnonzero(numpy.r_[True, scores[1:] != scores[:-1]])
    positive = numpy.add.reduceat(weights * truth, first, axis=1)
    negative = numpy.add.reduceat(weights * ~truth, first, axis=1)
    below = numpy.cumsum(negative, axis=1) - negative
    area: Array = (positive * (below + negative / 2)).sum(1) / (positive.sum(1) * negative.sum(1))
    return area


def label_figures(truth: Array, scores: Array, thresholds: float, names: Sequence[str], weights: Array) -> dict[str, Array]:
    """Of several labels at once: accuracy over all of them, mean F1 and AUC, and those of each label."""
    found = scores >= thresholds
    truth = truth > 0.5
    parts = [
        measure_class_figures(truth[:, place], found[:, place].astype("int64"), scores[:, place], ("no", "yes"), weights)
        for place in range(len(names))
    ]
    result: dict[str, Array] = {
        name: average_known(numpy.stack([part[name] for part in parts]), 0) for name in ("accuracy", "f1", "auc")
    }
    for name, part in zip(names, parts, strict=True):
        figures = ("precision", "recall", "f1", "false_alarms", "auc")
        result |= {f"{name}/{figure}": part[f"yes/{figure}"] for figure in figures}
    return result


def measure_number_figures(truth: Array, found: Array, weights: Array) -> dict[str, Array]:
    """MAE, RMSE and R2 over all numbers of a row: (rows, numbers)."""
    error = found - truth
    absolute, square = numpy.abs(error).mean(1), (error**2).mean(1)
    total = weights.sum(1)
    mean = weights @ truth / total[:, None]
    squares = weights @ truth**2 / total[:, None]
    spread = (squares - mean**2).sum(1)
    mse = weights @ square / total
    return {
        "mae": weights @ absolute / total,
        "rmse": numpy.sqrt(mse),
        "r2": 1 - (weights @ (error**2).sum(1) / total) / spread,
    }
