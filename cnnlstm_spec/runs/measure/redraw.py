"""Keras's own metrics on draws of samples, whose weights are how often each was drawn. Imports Keras, and its backend."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

import keras
import numpy

from ..train.scaled import Unscaled
from .figures import BootstrapDraws, Figure

if TYPE_CHECKING:
    from ..samples import Array


def measure_metric(metric: keras.metrics.Metric, truth: Array, values: Array, draws: BootstrapDraws) -> Figure | None:
    """A metric of all samples and of each draw; None of one that is not Keras's own, or gives more than a number."""
    if isinstance(metric, Unscaled):
        truth, values = (each * metric.spread + metric.mean for each in (truth, values))
        metric = metric.inner
    if not type(metric).__module__.startswith("keras."):
        return None
    function = getattr(metric, "_fn", None)
    if function is not None:
        each = numpy.asarray(function(truth, values, **metric._fn_kwargs)).reshape(len(truth), -1).mean(1)
        return draws.measure_figure(lambda weights: weights @ each / weights.sum(1))
    fresh = type(metric).from_config(metric.get_config())
    # It makes its variables when it first sees values.
    fresh.update_state(truth, values)
    if numpy.ndim(keras.ops.convert_to_numpy(fresh.result())):
        return None

    def measure(weights: Array) -> object:
        state = fresh.stateless_update_state(fresh.stateless_reset_state(), truth, values, sample_weight=weights)
        return fresh.stateless_result(state)

    measure_all = _trace(lambda weights: keras.ops.map(measure, weights))
    with warnings.catch_warnings():
        # Metrics that count whole samples warn of weights that are floats.
        warnings.simplefilter("ignore")
        return draws.measure_figure(lambda weights: keras.ops.convert_to_numpy(measure_all(weights.astype("float32"))))


def _trace(function: Callable[[object], object]) -> Callable[[object], object]:
    """The same as one program, where the backend makes one."""
    match keras.backend.backend():
        case "tensorflow":
            return import_module("tensorflow").function(function)  # type: ignore[no-any-return]
        case "jax":
            return import_module("jax").jit(function)  # type: ignore[no-any-return]
    return function
