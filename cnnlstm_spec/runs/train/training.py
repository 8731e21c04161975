"""What a training rests on, and what it comes to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import keras

from ...compiler.compile import Compilation
from ...spec.fit.section import FitSpec
from ...text.frozen import dataclass
from ..samples import Data
from .order import Order
from .watch import Watch

BATCH = 32
"""Keras's own."""
Values = tuple[Any, ...]
"""A batch as Keras takes it: (inputs, targets) or (inputs, targets, weights)."""


Losses = Mapping[str, Callable[[object], object]]
"""For a head what makes, of the loss that the spec has, the one that is trained."""


class Store(Protocol):
    """Where a training keeps what it goes on from; each file is there whole or not at all."""

    def read(self, name: str) -> bytes | None:
        """A file; None where there is none."""

    def write(self, name: str, data: bytes) -> None:
        """Puts a file in place."""

    def log_folder(self, name: str) -> str | None:
        """A folder below the run's, for callbacks that write by themselves; None where another process does."""


@dataclass(frozen=True)
class Outcome:
    """What a training has come to."""

    rows: tuple[dict[str, Any], ...]
    """The history, an epoch each."""
    best: int | None
    """The best epoch, from 1 on; None where none was."""
    monitor: str
    direction: str
    seconds: float
    """In epochs, of this process."""
    waited: float
    """Seconds of them in which nothing but data was waited for."""
    diverged: str | None = None
    """Where the loss became NaN, in words; None where it did not."""


class Devices(Protocol):
    """Several devices that compute a step together."""

    count: int

    def make_scope(self) -> AbstractContextManager[object]:
        """What a model is built and compiled in."""

    def make_context(self) -> AbstractContextManager[object]:
        """What a model is trained in."""

    def check(self, compilation: Compilation, model: keras.Model, order: Order) -> None:
        """Raises DataError for what they would compute otherwise than one."""

    def change_losses(self, model: keras.Model, losses: Losses) -> Losses:
        """For each head what makes a loss that is the whole batch's."""

    def prepare(self, model: keras.Model, batch: Values) -> None:
        """Readies a compiled model for batches such as this one."""

    def fill(self, model: keras.Model, read: Callable[[Sequence[int]], Values], places: Sequence[int]) -> Values:
        """What this process gives Keras of the samples at these places, by what reads some of them as Keras takes them."""


@dataclass(frozen=True)
class Training:
    """All that a training rests on."""

    compilation: Compilation
    model: keras.Model
    """Built and compiled as the spec says, with its first weights."""
    data: Data
    store: Store
    watch: Watch
    build: Callable[[], keras.Model]
    """Makes the model anew, with its first weights."""
    devices: Devices | None = None
    """Those that share each batch; None where one has it all."""

    @property
    def fit(self) -> FitSpec:
        """The section `fit`."""
        assert self.compilation.spec is not None and self.compilation.spec.fit is not None
        return self.compilation.spec.fit

    @property
    def batch_size(self) -> int:
        """Samples a step."""
        assert self.compilation.spec is not None
        return self.compilation.spec.batch_size or self.fit.batch_size or BATCH

    def order(self) -> Order:
        """The order of samples in training."""
        spec, fit = self.compilation.spec, self.fit
        assert spec is not None
        fixed = spec.batch_size is not None
        return Order(self.data.parts["train"], self.batch_size, spec.seed, fit.shuffle, fit.steps_per_epoch, fixed)
