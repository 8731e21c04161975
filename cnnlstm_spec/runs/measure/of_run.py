"""A part measured as a run's spec says: Keras's own figures, those of the task, thresholds, what a forecast is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from ...compiler.compile import Compilation
from ..samples import Data, Part
from ..train.feed import Feed
from ..train.order import Order
from ..train.phases import measure_as_told
from .baselines import make_baselines
from .measure import HALF, Measured, choose_threshold, measure, truth_of
from .predict import make_heads, predict, probabilities_of

BATCH = 32


def measure_part(
    compilation: Compilation, model: keras.Model, part: Part, name: str, thresholds: Mapping[str, float]
) -> Measured:
    """All figures of a part."""
    spec = compilation.spec
    assert spec is not None
    logged = evaluate(compilation, model, part) if spec.compile is not None else {}
    return measure(compilation, model, part, name, thresholds, logged, make_baselines(part))


def evaluate(compilation: Compilation, model: keras.Model, part: Part) -> dict[str, float]:
    """What `keras.Model.evaluate` gives of a part, by the names that Keras logs."""
    spec = compilation.spec
    assert spec is not None
    size = spec.batch_size or (spec.fit.validation_batch_size or spec.fit.batch_size if spec.fit is not None else None) or BATCH
    order = Order(part, size, 0, shuffle=False, whole_batches=spec.batch_size is not None)
    batches = order.batches(0)
    if not batches:
        return {}
    measure_as_told(model, compilation, part.targets)
    feed = Feed(model, part, lambda: (None, batches), len(batches), size if spec.batch_size is None else None)
    try:
        found: dict[str, Any] = model.evaluate(feed.dataset, return_dict=True, verbose=0)
    except Exception:
        if feed.failure is not None:
            raise feed.failure from None
        raise
    return {key: float(value) for key, value in found.items()}


def find_thresholds(compilation: Compilation, model: keras.Model, data: Data) -> dict[str, float]:
    """Of each binary head, and of each of several labels, from which probability on it is 1."""
    spec = compilation.spec
    assert spec is not None
    wanted = spec.fit.threshold if spec.fit is not None else {}
    heads = [head for head, each in data.targets.items() if each.sort == "labels" or each.encoding == "binary"]
    found: dict[str, float] = {}
    for head in heads:
        threshold = wanted.get(head, wanted.get(None))
        if threshold is None or threshold.value is not None:
            found[head] = HALF if threshold is None or threshold.value is None else threshold.value
            continue
        assert threshold.maximize is not None
        known = make_heads(compilation)
        values, truth, _ = predict(model, data.parts["validation" if "validation" in data.parts else "train"], known)[head].flat()
        scores = probabilities_of(values, head in known.logits).reshape(-1)
        labels = truth.reshape(-1) if data.targets[head].sort == "labels" else truth_of(truth, data.targets[head])
        found[head] = choose_threshold(scores, labels, threshold.maximize)
    return found
