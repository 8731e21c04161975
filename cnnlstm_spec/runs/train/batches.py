"""Batches as a `PyDataset`, which Keras takes on every backend. Imports Keras."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import keras

from .training import Values


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """What a generator gives for each epoch, in its order; the first batch asked for again begins it anew."""

    def __init__(self, begin: Callable[[], Iterator[Values]], steps: int) -> None:
        super().__init__()
        self._begin, self._steps = begin, steps
        self._left: Iterator[Values] = iter(())

    @property
    def num_batches(self) -> int:
        return self._steps

    def __getitem__(self, number: int) -> Values:
        if number == 0:
            self._left = self._begin()
        return next(self._left)
