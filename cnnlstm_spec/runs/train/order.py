"""Which samples make the batches of an epoch: a function of the seed and the epoch, so that any epoch can be run again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy

from ...text.frozen import dataclass
from ..samples import Part


@dataclass(frozen=True)
class Order:
    """The order of a part's samples in training.

    Each pass over the part has the order `numpy.random.default_rng([seed, pass]).permutation(samples)`. An epoch is a pass; with
    `steps_per_epoch` it is so many batches, and goes on in the pass where the epoch before ended.
    """

    part: Part
    size: int
    seed: int
    shuffle: bool = True
    steps_per_epoch: int | None = None
    whole_batches: bool = False
    """Whether a last, smaller batch is left out, since the model's batch axis is fixed."""

    def list_batches(self, epoch: int) -> list[Sequence[int]]:
        """The places of the samples of each batch of an epoch, which counts from 0."""
        if self.steps_per_epoch is None:
            return self._pass(epoch)
        found: list[Sequence[int]] = []
        first, number = epoch * self.steps_per_epoch, 0
        a_pass = len(self._pass(0))
        number, skipped = divmod(first, a_pass)
        while len(found) < self.steps_per_epoch:
            found += self._pass(number)[skipped:]
            number, skipped = number + 1, 0
        return found[: self.steps_per_epoch]

    @property
    def steps(self) -> int:
        """How many batches an epoch has."""
        return self.steps_per_epoch or len(self._pass(0))

    @property
    def is_plain(self) -> bool:
        """Whether the batches of a part in memory are an order cut at every `size` samples."""
        return self.steps_per_epoch is None

    def _pass(self, number: int) -> list[Sequence[int]]:
        count = len(self.part)
        order = numpy.random.default_rng([self.seed, number]).permutation(count) if self.shuffle else numpy.arange(count)
        batches = self.part.plan(cast("Sequence[int]", order), self.size)
        return [each for each in batches if len(each) == self.size] if self.whole_batches else batches
