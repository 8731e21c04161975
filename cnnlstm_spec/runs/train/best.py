"""Which epoch is the best: the direction of what is monitored, and the weights that are kept of it."""

from __future__ import annotations

import math
from typing import Literal

import keras

from ...spec.fit.section import FitSpec

GREATER = ("acc", "auc", "precision", "recall", "f1", "fbeta", "iou", "r2")
"""Parts of the names of metrics of one's own of which more is better."""


def find_monitored(fit: FitSpec, validates: bool) -> str:
    """The name of what says which epoch is the best."""
    return fit.monitor or ("val_loss" if validates else "loss")


def find_direction(model: keras.Model, monitor: str, mode: str) -> Literal["min", "max"]:
    """Whether less or more of it is better; Keras knows it of its own metrics."""
    if mode in ("min", "max"):
        return mode  # type: ignore[return-value]
    name = monitor.removeprefix("val_")
    if name == "loss" or name.endswith("_loss"):
        return "min"
    for metric in _list_metrics(model):
        if metric.name == name or name.endswith(f"_{metric.name}"):
            direction = getattr(metric, "_direction", None)
            if direction is not None:
                return "max" if direction == "up" else "min"
    return "max" if any(part in name for part in GREATER) else "min"


def _list_metrics(model: keras.Model) -> list[keras.metrics.Metric]:
    found: list[keras.metrics.Metric] = []
    for each in model.metrics:
        found += getattr(each, "metrics", None) or [each]
    return found


def is_better(value: float, than: float | None, direction: str) -> bool:
    """Whether an epoch is the best so far; one whose value is no number never is."""
    if not math.isfinite(value):
        return False
    return than is None or (value < than if direction == "min" else value > than)
