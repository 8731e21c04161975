"""The callback that keeps what a training goes on from, after every epoch, and the best epoch's weights. Imports Keras."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

import keras
import numpy

from ...text.frozen import dataclass
from ..folder import LAST
from . import state
from .best import is_better
from .feed import Feed
from .watch import Watch

if TYPE_CHECKING:
    from ..samples import Array

BEST, PHASE = "best.npz", "phase.npz"
"""Beside the state after the last epoch: the weights of the best one, and of the best of this phase."""


@dataclass(frozen=True)
class Mark:
    """Where a training stands between two epochs."""

    phase: int = 0
    done: int = 0
    """Epochs of this phase that are done."""
    ended: bool = False
    """Whether a callback has ended the phase."""
    rows: tuple[dict[str, Any], ...] = ()
    """An epoch each: `epoch`, from 1 on, `phase`, and what Keras logs."""
    best: tuple[int, float] | None = None
    """The best epoch so far, from 1 on, and its value."""
    best_of_phase: tuple[int, float] | None = None
    counters: tuple[dict[str, object], ...] = field(default=(), compare=False)
    """Of each callback, of this phase."""


class Diverged(Exception):
    """The loss of a batch is no number any more, or the weights are none after it."""

    def __init__(self, batch: int) -> None:
        super().__init__()
        self.batch = batch


class Keeper(keras.callbacks.Callback):  # type: ignore[misc]
    """Comes last of the callbacks: it sees what they have made of an epoch, and gives them back what they had counted."""

    def __init__(
        self,
        mark: Mark,
        phase: str,
        others: Sequence[keras.callbacks.Callback],
        monitor: str,
        direction: str,
        feed: Feed,
        samples: Callable[[int], int],
        save: Callable[[str, bytes], None],
        watch: Watch,
    ) -> None:
        super().__init__()
        self.mark, self.phase, self.others, self.monitor, self.direction = mark, phase, others, monitor, direction
        self.feed, self.samples, self.save, self.watch = feed, samples, save, watch
        self.before = len(mark.rows) - mark.done
        """Epochs of the phases before."""
        self.seconds = self.waited = 0.0
        self.began = self.asked = 0.0
        self.seen = 0

    @property
    def epoch(self) -> int:
        """The epoch that runs, of all phases, from 0 on."""
        return len(self.mark.rows)

    def on_train_begin(self, logs: object = None) -> None:
        for callback, counted in zip(self.others, self.mark.counters, strict=False):
            state.recount(callback, counted)
        self.model.stop_training = False

    def on_test_begin(self, logs: object = None) -> None:
        forget_states(self.model)

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        forget_states(self.model)
        self.began, self.seen = time.perf_counter(), 0

    def on_train_batch_begin(self, batch: int, logs: object = None) -> None:
        self.asked = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        assert logs is not None
        self.waited += max(0.0, self.feed.ready.pop(batch, 0.0) - max(self.asked, self.feed.began))
        if not math.isfinite(logs["loss"]):
            raise Diverged(batch)
        self.seen = batch + 1
        self.watch.end_step(self.epoch + 1, batch + 1, self.samples(batch + 1))

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        seconds = time.perf_counter() - self.began
        self.seconds += seconds
        if find_bad_weights(self.model):
            # The loss of its last batch was a number still.
            raise Diverged(self.seen - 1)
        logs = {name: float(value) for name, value in (logs or {}).items()}
        number, value = self.epoch + 1, logs.get(self.monitor)
        row = {"epoch": number, "phase": self.phase, **logs}
        mark = replace(self.mark, done=self.mark.done + 1, rows=(*self.mark.rows, row), ended=bool(self.model.stop_training))
        names = []
        if value is not None and is_better(value, mark.best[1] if mark.best else None, self.direction):
            mark = replace(mark, best=(number, value))
            names.append(BEST)
        if value is not None and is_better(value, mark.best_of_phase[1] if mark.best_of_phase else None, self.direction):
            mark = replace(mark, best_of_phase=(number, value))
            names.append(PHASE)
        if names:
            weights = pack_weights(self.model, self.others)
            for name in names:
                self.save(name, weights)
        self.mark = replace(mark, counters=tuple(state.list_counters(each) for each in self.others))
        self.save(LAST, pack_mark(self.model, self.mark))
        self.watch.end_epoch(number, self.phase, logs, seconds, self.samples(self.seen))


def find_bad_weights(model: keras.Model) -> str | None:
    """The first layer that has a weight that is no number; None where there is none."""
    for layer in model.layers:
        if any(not numpy.isfinite(each).all() for each in layer.get_weights() if numpy.issubdtype(each.dtype, numpy.floating)):
            return str(layer.name)
    return None


def forget_states(model: keras.Model) -> None:
    """Lets layers that go on from batch to batch begin anew."""
    for layer in model._flatten_layers():
        if getattr(layer, "stateful", False) and hasattr(layer, "reset_state"):
            layer.reset_state()


def pack_mark(model: keras.Model, mark: Mark) -> bytes:
    """The whole state, as a file."""
    values = {name: getattr(mark, name) for name in Mark.__dataclass_fields__}
    return state.pack(state.take(model), values)


def unpack_mark(data: bytes) -> tuple[dict[str, Array], Mark]:
    """The values of all variables, and where the training stands; raises ValueError."""
    arrays, values = state.unpack(data)
    try:
        return arrays, Mark(**values)
    except TypeError:
        raise ValueError("it holds no state of a run") from None


def pack_weights(model: keras.Model, callbacks: Sequence[keras.callbacks.Callback]) -> bytes:
    """The weights that an epoch was measured with: where `SwapEMAWeights` stands, the means that it puts in their place."""
    swap = next((each for each in callbacks if isinstance(each, keras.callbacks.SwapEMAWeights)), None)
    if swap is None or swap._ema_weights_in_model:
        return state.pack(_number_variables(model), None)
    kept = state.take(model)
    swap._swap_variables()
    try:
        return state.pack(_number_variables(model), None)
    finally:
        swap._swap_variables()
        # Keras swaps by adding and taking away, which rounds.
        state.give(model, kept)


def _number_variables(model: keras.Model) -> dict[str, Array]:
    return {str(number): array for number, array in enumerate(model.get_weights())}


def set_weights(model: keras.Model, data: bytes) -> None:
    """Gives a model the weights that `pack_weights` has kept; raises ValueError where they are of another."""
    arrays, _ = state.unpack(data)
    model.set_weights([arrays[str(number)] for number in range(len(arrays))])
