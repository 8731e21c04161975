"""Batches for Keras: a part, read ahead, as its backend takes them. Imports Keras, and TensorFlow where that is the backend."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import keras
import numpy

from ..samples import Batch, Part
from .training import Devices, Values

if TYPE_CHECKING:
    from ..samples import Array

AHEAD = 4
"""Batches that are read before they are asked for."""
Weigh = Callable[[Batch], Mapping[str, Any]]
"""Gives the weights of samples by head."""


class Feed:
    """The batches of a part for one model."""

    def __init__(
        self,
        model: keras.Model,
        part: Part,
        batches: Callable[[], tuple[int | None, list[Sequence[int]]]],
        steps: int,
        plain_size: int | None = None,
        weigh: Weigh | None = None,
        devices: Devices | None = None,
    ) -> None:
        """`batches` gives the epoch, None outside of training, and its batches; all of `plain_size` where that is given."""
        self.model, self.part, self.batches, self.weigh, self.devices = model, part, batches, weigh, devices
        self.failure: BaseException | None = None
        """What reading raised: TensorFlow hands on its text alone."""
        self.ready: dict[int, float] = {}
        """When each batch of this epoch was ready, where that can be told."""
        self.began = 0.0
        """When the first of them was asked for, after Keras has traced the model."""
        self.dataset = self._make_dataset(steps, plain_size)
        """What `fit` and `evaluate` take."""

    def _make_dataset(self, steps: int, plain_size: int | None) -> object:
        if keras.backend.backend() != "tensorflow":
            from .batches import Batches

            return Batches(self.read_ahead, steps)
        from . import tf_data

        whole = self.part.read_arrays() if plain_size is not None else None
        if whole is not None and plain_size is not None:
            made = tf_data.gather(self.take_values(whole), lambda: self.batches()[1], plain_size)
        else:
            made = tf_data.generate(self.read_ahead, self.take_values(self.part.read([0])), self.model)
        return tf_data.finish(made, steps, AHEAD)

    def take_values(self, batch: Batch) -> Values:
        """A batch as `fit` takes it: (inputs, targets) or (inputs, targets, weights), one of a kind by itself."""
        inputs = {each.name: batch.inputs[each.name] for each in self.model.inputs}
        found: Values = (_take_only(inputs),)
        if not batch.targets:
            return found
        count = len(next(iter(batch.targets.values())))
        heads = self.model.output if isinstance(self.model.output, dict) else batch.targets
        # Keras wants something for every head, one that is not trained too.
        targets = {head: batch.targets.get(head, numpy.zeros((count, 1), "float32")) for head in heads}
        weights = self.weigh(batch) if self.weigh is not None else batch.weights
        single = not isinstance(self.model.output, dict)
        found = (*found, next(iter(targets.values())) if single else targets)
        if not weights:
            return found
        outputs = heads if isinstance(heads, dict) and heads is self.model.output else dict.fromkeys(targets, self.model.output)
        every = {
            head: _spread_weights(weights.get(head, numpy.ones(count, "float32")), each, len(outputs[head].shape) - 1)
            for head, each in targets.items()
        }
        return (*found, next(iter(every.values())) if single else every)

    def _read(self, places: Sequence[int], epoch: int | None) -> Values:
        def read(some: Sequence[int]) -> Values:
            return self.take_values(self.part.read(some, epoch))

        return read(places) if self.devices is None else self.devices.fill(self.model, read, places)

    def read_ahead(self) -> Iterator[Values]:
        """The batches of an epoch, some of which are read before they are asked for."""
        epoch, batches = self.batches()
        self.ready.clear()
        self.began = time.perf_counter()
        waiting: deque[Future[Values]] = deque()
        with ThreadPoolExecutor(min(AHEAD, os.cpu_count() or 1)) as pool:
            try:
                left = iter(batches)
                for places in left:
                    waiting.append(pool.submit(self._read, places, epoch))
                    if len(waiting) == AHEAD:
                        break
                for number in range(len(batches)):
                    found = waiting.popleft().result()
                    self.ready[number] = time.perf_counter()
                    if (places := next(left, None)) is not None:  # type: ignore[arg-type]
                        waiting.append(pool.submit(self._read, places, epoch))
                    yield found
            except GeneratorExit:
                raise
            except BaseException as error:
                self.failure = error
                raise
            finally:
                for each in waiting:
                    each.cancel()


def _spread_weights(weights: Array, target: Array, axes: int) -> Array:
    """Weights of samples as those of their steps, where a head has some: Keras multiplies them with the mask as they are."""
    if axes < 2 or target.ndim < axes or weights.ndim >= axes:
        return weights
    shaped = weights.reshape(weights.shape + (1,) * (axes - weights.ndim))
    return numpy.broadcast_to(shaped, target.shape[:axes]).astype("float32")


def _take_only(values: dict[str, Array]) -> Array | dict[str, Array]:
    return values if len(values) > 1 else next(iter(values.values()))
