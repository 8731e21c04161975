"""A random `compile` section: losses and metrics that suit the outputs as a rule, optimizers with arguments. Imports no Keras."""

from __future__ import annotations

from random import Random
from typing import Any

from cnnlstm_spec.language.catalog import find_family, load_catalog
from fuzz.arguments import Draw
from fuzz.layers import load

LOSSES = ["mse", "mae", "binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy", "huber", "Hinge"]
METRICS = [
    "accuracy",
    "mae",
    "AUC",
    "Precision",
    "Recall",
    "binary_accuracy",
    "categorical_accuracy",
    "sparse_categorical_accuracy",
]
OPTIMIZERS = ["adam", "sgd", "rmsprop", "AdamW"]
TRIES = 12


def compile_section(spec: dict[str, Any], rng: Random, sloppy: bool) -> dict[str, Any]:
    """The spec with a section; of several tries one without errors of its own, unless it is sloppy."""
    whole = dict(spec)
    sound = load(spec).ok
    for _ in range(TRIES if sound else 1):
        whole = {**spec, "compile": _section(spec, rng, Draw(rng, 0.1 if sloppy else 0.0))}
        if load(whole).ok or (sloppy and rng.random() < 0.3):
            break
    return whole


def _section(spec: dict[str, Any], rng: Random, draw: Draw) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if rng.random() < 0.8:
        found["optimizer"] = rng.choice(OPTIMIZERS) if rng.random() < 0.5 else _any("optimizers", rng, draw)
    heads = list(spec.get("heads", {}))
    if heads:
        losses = {head: _loss(rng, draw) for head in heads}
        if len(heads) > 1 and rng.random() < 0.2:
            losses[rng.choice(heads)] = None
        found["loss"] = losses
        found["metrics"] = {head: _metrics(rng, draw) for head in heads if rng.random() < 0.5}
        if rng.random() < 0.15:
            found["weighted_metrics"] = {head: _metrics(rng, draw) for head in heads}
        if rng.random() < 0.2:
            found["loss_weights"] = {head: rng.choice([0.5, 1, 2]) for head in heads if losses[head] is not None}
    else:
        found["loss"] = _loss(rng, draw)
        found["metrics"] = _metrics(rng, draw)
        if rng.random() < 0.15:
            found["weighted_metrics"] = _metrics(rng, draw)
    if not found["metrics"]:
        found.pop("metrics")
    if rng.random() < 0.15:
        found["dtype_policy"] = rng.choice(load_catalog()["dtype_policies"])
    if rng.random() < 0.05:
        found["steps_per_execution"] = 2
    return found


def _loss(rng: Random, draw: Draw) -> Any:
    return rng.choice(LOSSES) if rng.random() < 0.6 else _any("losses", rng, draw)


def _metrics(rng: Random, draw: Draw) -> list[Any]:
    count = rng.choice([0, 0, 1, 2])
    return [rng.choice(METRICS) if rng.random() < 0.5 else _any("metrics", rng, draw) for _ in range(count)]


def _any(name: str, rng: Random, draw: Draw) -> Any:
    return draw.named(name, rng.choice(sorted(find_family(name)["classes"])))
