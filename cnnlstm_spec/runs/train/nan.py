"""Where a loss became NaN: the epoch is run again from its start, batch by batch, and the model looked through. Imports Keras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import keras
import numpy

from ..folder import LAST
from . import keep, state
from .keep import Keeper
from .phases import EpochStretch, begin
from .training import Training
from .weighing import weigh_labels

if TYPE_CHECKING:
    from ..samples import Array

MOST = 2000
"""Batches that are run again: of a later one it is told where it came, and no more."""


def find_beginning(
    training: Training, plan: Sequence[EpochStretch], keeper: Keeper, batch: int, weights: Mapping[str, Array]
) -> str:
    """Epoch, batch and layer, in words; on several devices no layer, since none of them sees the batch."""
    place = f"in epoch {keeper.epoch + 1}, batch {batch + 1}"
    if batch > MOST or training.devices is not None or not _start_again(training, plan, weights):
        return place
    model, order = training.model, training.order()
    for number, places in enumerate(order.list_batches(keeper.epoch)[: batch + 1]):
        x, y, *weight = (*keeper.feed.take_values(order.part.read(places, keeper.epoch)), None)
        before = model.get_weights()
        loss = model.train_on_batch(x, y, sample_weight=weight[0], return_dict=True)["loss"]
        if not numpy.isfinite(loss):
            model.set_weights(before)
            layer = _find_bad_layer(model, x)
            what = f"the output of `{layer}` is so first" if layer else "the loss itself is so, of outputs that are numbers"
            return f"in epoch {keeper.epoch + 1}, batch {number + 1}: {what}"
        if bad := keep.find_bad_weights(model):
            return f"in epoch {keeper.epoch + 1}, batch {number + 1}: the step made the weights of `{bad}` so"
    return place


def _start_again(training: Training, plan: Sequence[EpochStretch], weights: Mapping[str, Array]) -> bool:
    """Whether the model is what it was when the epoch began: as the last state says, or as it was built."""
    kept = training.store.read(LAST)
    if kept is None:
        if len(plan) > 1:
            return False
        training.model.set_weights(training.build().get_weights())
        losses = weigh_labels(training.data, weights)
        begin(training.model, training.compilation, plan[:-1], plan[-1], training.data.targets, losses)
        _begin_anew(training.model.optimizer, training.model.trainable_variables)
        return True
    arrays, mark = keep.unpack_mark(kept)
    if mark.phase != len(plan) - 1:
        return False
    state.give(training.model, arrays)
    return True


def _begin_anew(optimizer: keras.optimizers.Optimizer, variables: Sequence[keras.Variable]) -> None:
    """Makes it what it was before its first step: accumulators of some begin above 0."""
    fresh = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    fresh.build(variables)
    for variable, first in zip(optimizer.variables, fresh.variables, strict=True):
        variable.assign(first)


def _find_bad_layer(model: keras.Model, x: object) -> str | None:
    """The first layer of a batch whose output is not finite, in the order of the model."""
    outputs = {each.name: each.output for each in model.operations if not isinstance(each, keras.layers.InputLayer)}
    probe = keras.Model(model.inputs if len(model.inputs) > 1 else model.inputs[0], outputs)
    for name, value in probe(x, training=True).items():
        array = keras.ops.convert_to_numpy(value if not isinstance(value, list | tuple) else value[0])
        if numpy.issubdtype(array.dtype, numpy.floating) and not numpy.isfinite(array).all():
            return str(name)
    return None
