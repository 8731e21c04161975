"""Metrics of numbers that the loss sees scaled: they see the numbers of the column. Imports Keras."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import keras

from ..samples import HeadTarget


def unscale(targets: Mapping[str, HeadTarget]) -> dict[str, Callable[[object], object]]:
    """For each head whose numbers are scaled, what makes a metric of the spec's own one of the column's numbers."""
    scaled = {head: each for head, each in targets.items() if (each.mean, each.spread) != (0.0, 1.0)}
    return {head: partial(Unscaled, mean=each.mean, spread=each.spread) for head, each in scaled.items()}


class Unscaled(keras.metrics.Metric):  # type: ignore[misc]
    """A metric that is given numbers times their spread, and their mean added."""

    def __init__(self, metric: keras.metrics.Metric, mean: float, spread: float) -> None:
        known = keras.metrics.get(metric)
        # Keras calls a metric as it is written.
        name = metric if isinstance(metric, str) else getattr(known, "name", None)
        super().__init__(name=name)
        is_metric = isinstance(known, keras.metrics.Metric)
        self.inner = known if is_metric else keras.metrics.MeanMetricWrapper(known, name=name)
        self.mean, self.spread = mean, spread
        self._direction = getattr(self.inner, "_direction", None)

    def update_state(self, y_true: object, y_pred: object, sample_weight: object = None) -> None:
        self.inner.update_state(self._unscale_values(y_true), self._unscale_values(y_pred), sample_weight)

    def _unscale_values(self, values: Any) -> object:
        values = keras.ops.cast(values, "float32")
        return values * self.spread + self.mean

    def result(self) -> object:
        return self.inner.result()

    def reset_state(self) -> None:
        self.inner.reset_state()
