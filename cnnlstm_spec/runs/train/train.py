"""A model trained as its `fit` says, from its beginning or from where a run was cut off. Imports Keras."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING

import keras

from ...emit.keras.run import make
from ...ir.expressions import make_expression
from ...spec.fit.callbacks import Callback
from ..folder import LAST
from ..samples import DataError, Part
from . import keep, state
from .best import find_direction, find_monitored
from .feed import Feed
from .keep import Diverged, Keeper, Mark
from .nan import find_beginning
from .order import Order
from .phases import EpochStretch, begin, list_stretches
from .training import Losses, Outcome, Store, Training
from .weighing import make_weigh, weigh_classes, weigh_labels

if TYPE_CHECKING:
    from ..samples import Array


def check(training: Training) -> None:
    """Raises DataError for what no step of this training can begin with."""
    if training.devices is not None:
        training.devices.check(training.compilation, training.model, training.order())
    if any(each.thing.name == "TensorBoard" for each in training.fit.callbacks) and find_spec("tensorboard") is None:
        raise DataError(["`TensorBoard` needs `tensorboard`, which is not installed: pip install tensorboard"])


def train(training: Training) -> Outcome:
    """Trains the model, which has the weights of the best epoch afterwards, or of the last one where none is best.

    Where the loss becomes NaN, and no epoch before it is the best, it has its first ones.

    Raises DataError for data that cannot be read, ValueError for a state that is none of this model.
    """
    model, fit, store = training.model, training.fit, training.store
    monitor = find_monitored(fit, "validation" in training.data.parts)
    kept = store.read(LAST)
    arrays, mark = keep.unpack_mark(kept) if kept is not None else (None, Mark())
    plan = list_stretches(fit)
    weights = weigh_classes(training.data, fit.class_weight)
    direction, seconds, waited = "min", 0.0, 0.0
    for number in range(mark.phase, len(plan)):
        if number > mark.phase:
            best = store.read(keep.PHASE) if mark.best_of_phase is not None else None
            if best is not None:
                keep.set_weights(model, best)
            mark = replace(mark, phase=number, done=0, ended=False, best_of_phase=None, counters=())
        _begin(training, plan[:number], plan[number], weights)
        if arrays is not None:
            state.give(model, arrays)
            arrays = None
        direction = find_direction(model, monitor, fit.mode)
        keeper = _make_keeper(training, plan[number], mark, monitor, direction, weights)
        try:
            if not mark.ended and mark.done < plan[number].epochs:
                _run(training, plan[number], keeper)
        except Diverged as found:
            place = find_beginning(training, plan[: number + 1], keeper, found.batch, weights)
            return _describe_outcome(
                training, keeper.mark, monitor, direction, seconds + keeper.seconds, waited + keeper.waited, place
            )
        mark, seconds, waited = keeper.mark, seconds + keeper.seconds, waited + keeper.waited
    overflow = _find_overflow(mark) if mark.best is None else None
    return _describe_outcome(training, mark, monitor, direction, seconds, waited, overflow)


def _find_overflow(mark: Mark) -> str | None:
    """The first epoch whose validation loss is no number, in words, though the weights are numbers."""
    at = next((row["epoch"] for row in mark.rows if not math.isfinite(row.get("val_loss", 0.0))), None)
    return None if at is None else f"in epoch {at}, on validation"


def _begin(training: Training, before: Sequence[EpochStretch], now: EpochStretch, weights: Mapping[str, Array]) -> None:
    """Compiles the model for a phase, on the devices that train it."""
    model, devices = training.model, training.devices
    losses: Losses = weigh_labels(training.data, weights)
    if devices is not None:
        losses = devices.change_losses(model, losses)
    scope = nullcontext if devices is None else devices.make_scope
    begin(model, training.compilation, before, now, training.data.targets, losses, scope)
    with scope():
        if not model.optimizer.built:
            model.optimizer.build(model.trainable_variables)


def _describe_outcome(
    training: Training, mark: Mark, monitor: str, direction: str, seconds: float, waited: float, diverged: str | None = None
) -> Outcome:
    best = training.store.read(keep.BEST) if mark.best is not None else None
    if best is not None:
        keep.set_weights(training.model, best)
    elif diverged is not None:
        training.model.set_weights(training.build().get_weights())
    last = len(mark.rows) if mark.rows and diverged is None and math.isfinite(mark.rows[-1].get(monitor, 0.0)) else None
    found = mark.best[0] if mark.best is not None else last
    return Outcome(mark.rows, found, monitor, direction, seconds, waited, diverged)


def _make_keeper(
    training: Training, stretch: EpochStretch, mark: Mark, monitor: str, direction: str, weights: Mapping[str, Array]
) -> Keeper:
    order = training.order()
    callbacks = [_make(each, training.store) for each in training.fit.callbacks]

    def list_batches() -> tuple[int, list[Sequence[int]]]:
        return keeper.epoch, order.list_batches(keeper.epoch)

    def count_samples(steps: int) -> int:
        return min(steps * order.size, len(order.part)) if order.steps_per_epoch is None else steps * order.size

    weigh = make_weigh(training.data, weights)
    plain = order.size if order.is_plain and not order.whole_batches else None
    feed = Feed(training.model, order.part, list_batches, order.steps, plain, weigh, training.devices)
    save, watch = training.store.write, training.watch
    keeper = Keeper(mark, stretch.name, callbacks, monitor, direction, feed, count_samples, save, watch)
    return keeper


def _run(training: Training, stretch: EpochStretch, keeper: Keeper) -> None:
    """The epochs of a phase that are left."""
    fit, model = training.fit, training.model
    validation = training.data.parts.get("validation")
    checked = None if validation is None else make_validation_feed(training, validation)
    if training.devices is not None:
        first = training.order().list_batches(0)[0]
        training.devices.prepare(model, keeper.feed.take_values(keeper.feed.part.read(first)))
    training.watch.begin(sum(each.epochs for each in list_stretches(fit)), training.order().steps)
    try:
        with nullcontext() if training.devices is None else training.devices.make_context():
            _fit(
                model,
                keeper.feed.dataset,
                initial_epoch=keeper.mark.done,
                epochs=stretch.epochs,
                validation_data=None if checked is None else checked.dataset,
                validation_freq=list(fit.validation_freq) if isinstance(fit.validation_freq, tuple) else fit.validation_freq,
                callbacks=[*keeper.others, keeper],
                shuffle=False,
                verbose=0,
            )
    except Exception:
        for feed in (keeper.feed, checked):
            if feed is not None and feed.failure is not None:
                raise feed.failure from None
        raise


def _fit(model: keras.Model, *arguments: object, **keywords: object) -> None:
    """Keras's own, without its warnings of heads that have no loss, and of epochs without validation: the spec says so."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Gradients do not exist", UserWarning)
        if keywords.get("validation_freq", 1) != 1:
            warnings.filterwarnings("ignore", ".*conditioned on metric `val_.*which is not available", UserWarning)
        model.fit(*arguments, **keywords)


def make_validation_feed(training: Training, part: Part) -> Feed:
    """What an epoch is measured on: the part in its own order, without class weights."""
    spec, fit = training.compilation.spec, training.fit
    assert spec is not None
    size = spec.batch_size or fit.validation_batch_size or training.batch_size
    order = Order(part, size, 0, shuffle=False, whole_batches=spec.batch_size is not None)
    batches = order.list_batches(0)[: fit.validation_steps]
    plain = size if order.is_plain and not order.whole_batches else None
    return Feed(training.model, part, lambda: (None, batches), len(batches), plain, devices=training.devices)


def _make(callback: Callback, store: Store) -> keras.callbacks.Callback:
    thing = callback.thing
    if thing.name == "TensorBoard":
        logs = store.log_folder(str(dict(thing.arguments).get("log_dir", "logs")))
        if logs is None:
            return keras.callbacks.Callback()
        thing = replace(thing, arguments=tuple({**dict(thing.arguments), "log_dir": logs}.items()))
    return make(make_expression(thing))
