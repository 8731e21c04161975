"""How far a file's outputs differ from those of Keras. Imports NumPy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy

from .samples import SingleSamples, iterate_batches

if TYPE_CHECKING:
    from ..samples import Array

GROUP = 4
"""Samples of a batch, where a file takes any number."""
LEAST = 1e-2
"""The least spread that counts, relative to the greatest value: less is lost in the rounding of float32."""

Function = Callable[[Mapping[str, Any]], Mapping[str, Any]]
Pairs = Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]
"""Batches of inputs, each with the outputs of Keras."""


def ask_keras(trial: SingleSamples, batch: int | None, keras: Function) -> Pairs:
    """What Keras gives for samples in batches of that size; where it is open, one by one, and several at a time."""
    return [
        (arrays, dict(keras(arrays)))
        for size in ((1, GROUP) if batch is None else (batch,))
        for arrays in iterate_batches(trial.samples, size)
    ]


def compare_outputs(wanted: Pairs, file: Function) -> dict[str, float]:
    """By output the greatest difference, relative to its spread over all samples; infinite for another shape or no number."""
    pairs: dict[str, list[tuple[Array, Array]]] = {}
    for arrays, outputs in wanted:
        found = file(arrays)
        for name, each in outputs.items():
            pairs.setdefault(name, []).append((make_plain(each), make_plain(found[name])))
    return {name: _measure_difference(each) for name, each in pairs.items()}


def make_plain(array: object) -> Array:
    """An array in float64."""
    return numpy.asarray(array).astype("float64")


def _measure_difference(pairs: Sequence[tuple[Array, Array]]) -> float:
    if any(wanted.shape != found.shape for wanted, found in pairs):
        return float("inf")
    wanted = numpy.concatenate([each.ravel() for each, _ in pairs])
    found = numpy.concatenate([each.ravel() for _, each in pairs])
    same = (wanted == found) | (numpy.isnan(wanted) & numpy.isnan(found))
    with numpy.errstate(invalid="ignore"):
        distance = numpy.where(same, 0.0, numpy.abs(wanted - found))
    real = wanted[numpy.isfinite(wanted)]
    if not real.size:
        return 0.0 if same.all() else float("inf")
    spread = max(float(numpy.ptp(real)), LEAST * float(numpy.abs(real).max()))
    worst = float(numpy.nan_to_num(distance, nan=numpy.inf).max(initial=0.0))
    return worst / spread if spread else worst
