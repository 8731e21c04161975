"""A part measured as a run's spec says: Keras's own figures, those of the task, thresholds, what a forecast is compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

import keras

from ...compiler.compile import Compilation
from ..samples import Data, Part
from ..train.feed import Feed
from ..train.keep import forget_states
from ..train.order import Order
from ..train.phases import measure_as_told
from .baselines import make_baselines
from .measure import HALF, Measured, choose_threshold, measure, number_truth
from .predict import compute_probabilities, make_heads, predict

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
    fixed = spec.batch_size
    size = fixed or (spec.fit.validation_batch_size or spec.fit.batch_size if spec.fit is not None else None) or BATCH
    # Only Keras's own loop counts no padded steps: it is given whole batches.
    whole = fixed is not None and bool(make_heads(compilation).masked)
    batches = Order(part, size, 0, shuffle=False, whole_batches=whole).list_batches(0)
    if not batches:
        return {}
    measure_as_told(model, compilation, part.targets)
    forget_states(model)
    feed = Feed(model, part, lambda: (None, batches), len(batches), size if fixed is None else None)
    if fixed is not None and any(len(each) < fixed for each in batches):
        return _evaluate_filled(model, feed, batches, fixed)
    try:
        found: dict[str, Any] = model.evaluate(feed.dataset, return_dict=True, verbose=0)
    except Exception:
        if feed.failure is not None:
            raise feed.failure from None
        raise
    return {key: float(value) for key, value in found.items()}


def _evaluate_filled(model: keras.Model, feed: Feed, batches: Sequence[Sequence[int]], size: int) -> dict[str, float]:
    """The same of a model whose batch axis is fixed: smaller batches are filled up, and what is too much is cut off again."""
    model.reset_metrics()
    total = 0.0
    for places in batches:
        whole = feed.part.read([*places, *[places[-1]] * (size - len(places))])
        inputs, *given = feed.take_values(whole)
        found = model.predict_on_batch(inputs)
        found, *given = keras.tree.map_structure(itemgetter(slice(len(places))), (found, *given))
        targets, weights = given[0], given[1] if len(given) > 1 else None
        total += len(places) * float(model.compute_loss(None, targets, found, weights, training=False))
        model.compute_metrics(None, targets, found, weights)
    held = {key: float(value) for key, value in model.get_metrics_result().items()}
    return {**held, "loss": total / sum(map(len, batches))}


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
        values, truth, _ = predict(model, data.parts["validation" if "validation" in data.parts else "train"], known)[
            head
        ].list_flat(data.targets[head])
        scores = compute_probabilities(values, head in known.logits).reshape(-1)
        labels = truth.reshape(-1) if data.targets[head].sort == "labels" else number_truth(truth, data.targets[head])
        found[head] = choose_threshold(scores, labels, threshold.maximize)
    return found
