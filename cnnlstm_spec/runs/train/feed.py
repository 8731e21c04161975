"""Batches for Keras: a `tf.data.Dataset` over a part, read ahead. Imports TensorFlow and Keras."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import keras
import numpy
import tensorflow

from ..samples import Batch, Part

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
    ) -> None:
        """`batches` gives the epoch, None outside of training, and its batches; all of `plain_size` where that is given."""
        self.model, self.part, self.batches, self.weigh = model, part, batches, weigh
        self.failure: BaseException | None = None
        """What reading raised: TensorFlow hands on its text alone."""
        self.ready: dict[int, float] = {}
        """When each batch of this epoch was ready, where that can be told."""
        self.began = 0.0
        """When the first of them was asked for, after Keras has traced the model."""
        whole = part.arrays() if plain_size is not None else None
        made = self._gathered(whole, plain_size) if whole is not None and plain_size is not None else self._generated()
        self.dataset = made.apply(tensorflow.data.experimental.assert_cardinality(steps)).prefetch(AHEAD)

    def values(self, batch: Batch) -> tuple[Any, ...]:
        """A batch as `fit` takes it: (inputs, targets) or (inputs, targets, weights), one of a kind by itself."""
        inputs = {each.name: batch.inputs[each.name] for each in self.model.inputs}
        found: tuple[Any, ...] = (_only(inputs),)
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
            head: _per_step(weights.get(head, numpy.ones(count, "float32")), each, len(outputs[head].shape) - 1)
            for head, each in targets.items()
        }
        return (*found, next(iter(every.values())) if single else every)

    def _gathered(self, whole: Batch, size: int) -> Any:
        values = tensorflow.nest.map_structure(tensorflow.constant, self.values(whole))

        def orders() -> Iterator[Any]:
            _, batches = self.batches()
            yield numpy.concatenate([numpy.asarray(each, "int64") for each in batches])

        def gather(places: Any) -> Any:
            return tensorflow.nest.map_structure(lambda array: tensorflow.gather(array, places), values)

        order = tensorflow.data.Dataset.from_generator(orders, output_signature=tensorflow.TensorSpec((None,), "int64"))
        return order.flat_map(lambda all: tensorflow.data.Dataset.from_tensor_slices(all).batch(size)).map(gather)

    def _generated(self) -> Any:
        first = self.values(self.part.read([0]))
        signature = self._signature(first)
        return tensorflow.data.Dataset.from_generator(self._read_ahead, output_signature=signature)

    def _read_ahead(self) -> Iterator[Any]:
        epoch, batches = self.batches()
        self.ready.clear()
        self.began = time.perf_counter()
        waiting: deque[Future[Batch]] = deque()
        with ThreadPoolExecutor(min(AHEAD, os.cpu_count() or 1)) as pool:
            try:
                left = iter(batches)
                for places in left:
                    waiting.append(pool.submit(self.part.read, places, epoch))
                    if len(waiting) == AHEAD:
                        break
                for number in range(len(batches)):
                    found = self.values(waiting.popleft().result())
                    self.ready[number] = time.perf_counter()
                    if (places := next(left, None)) is not None:  # type: ignore[arg-type]
                        waiting.append(pool.submit(self.part.read, places, epoch))
                    yield found
            except GeneratorExit:
                raise
            except BaseException as error:
                self.failure = error
                raise
            finally:
                for each in waiting:
                    each.cancel()

    def _signature(self, values: tuple[Any, ...]) -> Any:
        """Sizes are those of the first sample, but where the model leaves them open."""
        outputs = self.model.output if isinstance(self.model.output, dict) else {None: self.model.output}
        inputs = {each.name: each.shape for each in self.model.inputs}
        shapes = [
            inputs,
            {name: each.shape for name, each in outputs.items()},
            {name: each.shape for name, each in outputs.items()},
        ]
        return tuple(_specs(value, known) for value, known in zip(values, shapes, strict=False))


def _per_step(weights: Any, target: Any, axes: int) -> Any:
    """Weights of samples as those of their steps, where a head has some: Keras multiplies them with the mask as they are."""
    if axes < 2 or target.ndim < axes or weights.ndim >= axes:
        return weights
    shaped = weights.reshape(weights.shape + (1,) * (axes - weights.ndim))
    return numpy.broadcast_to(shaped, target.shape[:axes]).astype("float32")


def _specs(value: Any, known: Mapping[Any, Any]) -> Any:
    if isinstance(value, dict):
        return {name: _spec(each, known[name]) for name, each in value.items()}
    return _spec(value, next(iter(known.values())))


def _spec(array: Any, known: Sequence[int | None]) -> Any:
    open_ = [place < len(known) and known[place] is None for place in range(array.ndim)]
    shape = [None if place == 0 or open_[place] else size for place, size in enumerate(array.shape)]
    return tensorflow.TensorSpec(shape, tensorflow.as_dtype(array.dtype))


def _only(values: dict[str, Any]) -> Any:
    return values if len(values) > 1 else next(iter(values.values()))
