"""Class weights of any number of heads, as weights of samples: Keras has them for one output alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

import keras
import numpy

from ...spec.fit.by_class import ClassWeight
from ..samples import Batch, Data, HeadTarget

if TYPE_CHECKING:
    from ..samples import Array
    from .training import Losses


def weigh_classes(data: Data, wanted: Mapping[str, ClassWeight]) -> dict[str, Array]:
    """The weight of each class, by head: `balanced` is samples / (classes * samples of the class), as scikit-learn has it."""
    return {head: _weigh_classes(data, head, weight) for head, weight in wanted.items()}


def _weigh_classes(data: Data, head: str, wanted: ClassWeight) -> Array:
    if wanted.weights is None:
        counts = data.parts["train"].count_classes(head)
        balanced: Array = counts.sum() / (len(counts) * numpy.maximum(counts, 1))
        return balanced
    return numpy.array([wanted.weights.get(name, 1.0) for name in data.targets[head].names])


def make_weigh(data: Data, weights: Mapping[str, Array]) -> Callable[[Batch], Mapping[str, Array]] | None:
    """Gives the weights of a batch: those of the data times those of the classes; None where no class has a weight.

    Of several labels at once each has a weight of its own, which no weight of a sample can be: see `weigh_labels`.
    """
    weights = {head: each for head, each in weights.items() if data.targets[head].sort == "classes"}
    if not weights:
        return None

    def weigh(batch: Batch) -> Mapping[str, Array]:
        found = dict(batch.weights)
        for head, of_class in weights.items():
            values = batch.targets[head]
            each = _weigh_samples(values, data.targets[head], of_class)
            given = found.get(head, numpy.ones(len(values), "float32"))
            found[head] = (given.reshape(given.shape + (1,) * (each.ndim - given.ndim)) * each).astype("float32")
        return found

    return weigh


def _weigh_samples(values: Array, target: HeadTarget, of_class: Array) -> Array:
    """The weight of each sample, or of each step: of one that stands for several labels there is none."""
    if target.encoding == "one_hot":
        each: Array = values @ of_class
        return each
    places = values.astype("int64")
    weights: Array = numpy.where((places >= 0) & (places < len(of_class)), of_class[places % len(of_class)], 1.0)
    # (samples, 1) and (samples, steps, 1) hold one class a sample, and a step.
    return weights[..., 0] if weights.ndim > 1 and weights.shape[-1] == 1 else weights


def weigh_labels(data: Data, weights: Mapping[str, Array]) -> Losses:
    """For each head of several labels what makes the loss of training of the spec's own."""
    found: dict[str, Callable[[object], object]] = {}
    for head, of_label in weights.items():
        if data.targets[head].sort == "labels":
            found[head] = partial(LabelLoss, weights=of_label)
    return found


class LabelLoss(keras.losses.Loss):  # type: ignore[misc]
    """A loss that is a mean over labels, each of which weighs as much as it is told."""

    def __init__(self, loss: object, weights: Array) -> None:
        known = keras.losses.get(loss)
        super().__init__(name=getattr(known, "name", None), reduction=getattr(known, "reduction", "sum_over_batch_size"))
        self.loss, self.weights = getattr(known, "call", known), weights

    def call(self, y_true: object, y_pred: object) -> object:
        """The loss of each sample; (samples, labels) come in."""
        each = self.loss(keras.ops.expand_dims(y_true, -1), keras.ops.expand_dims(y_pred, -1))
        return keras.ops.mean(each * keras.ops.cast(self.weights, each.dtype), axis=-1)
