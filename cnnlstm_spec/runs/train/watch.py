"""What is told of a training while it runs; `cli/` says it on a terminal."""

from __future__ import annotations

from collections.abc import Mapping


class Watch:
    """Says nothing; those who want to say something override what they need."""

    def begin(self, epochs: int, steps: int) -> None:
        """A training of so many epochs, each of so many batches, begins."""

    def end_step(self, epoch: int, done: int, samples: int) -> None:
        """So many batches of an epoch, which counts from 1, are done, and so many samples in it."""

    def end_epoch(self, epoch: int, phase: str, logs: Mapping[str, float], seconds: float, samples: int) -> None:
        """An epoch has ended, with what Keras logs of it."""

    def say(self, text: str) -> None:
        """A line of its own."""
