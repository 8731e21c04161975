"""Work in other processes: a spec as one is told of it, and jobs side by side. Imports no Keras."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path as File
from typing import TypeVar

from ..text.frozen import dataclass
from ..text.source import Source
from . import interrupts
from .variants import Sweep, sweep

Job = TypeVar("Job")
Result = TypeVar("Result")


@dataclass(frozen=True)
class SentSpec:
    """A spec as another process is told of it: nothing but plain values goes to it."""

    name: str
    text: str
    folder: str | None
    """Where its file lies; None for a text of no file."""
    overrides: tuple[str, ...] = ()
    matrix: tuple[str, ...] = ()
    allow_imports: bool = False
    allow_outside: bool = False
    rules: tuple[str, ...] = ()

    def prepare(self) -> Sweep:
        """The spec and its variants. That these are not too many was seen before there were jobs."""
        below = None if self.folder is None else File(self.folder)
        given = (self.overrides, self.matrix, below, self.allow_imports, self.allow_outside, sys.maxsize, self.rules)
        return sweep(Source(self.name, self.text), *given)


def make_sent(
    prepared: Sweep,
    overrides: tuple[str, ...],
    matrix: tuple[str, ...] = (),
    allow_outside: bool = False,
    rules: tuple[str, ...] = (),
) -> SentSpec:
    """A spec as it was prepared of these, to be sent."""
    folder = None if prepared.folder is None else str(prepared.folder)
    source = prepared.source
    return SentSpec(source.name, source.text, folder, overrides, matrix, prepared.allow_imports, allow_outside, rules)


def run_side_by_side(work: Callable[[Job], Result], jobs: Sequence[Job], workers: int) -> Iterator[tuple[Job, Result]]:
    """Does jobs, so many at a time, and gives each with what came of it as it comes; an interrupt ends them all."""
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from multiprocessing import active_children, get_context

    # A fork of a process in which TensorFlow runs may hang; a fresh one imports it anew.
    count, context = min(workers, len(jobs)), get_context("spawn")
    with ProcessPoolExecutor(count, mp_context=context, initializer=interrupts.heed_in_worker) as pool:
        try:
            with interrupts.hold_interrupts():
                waiting = {pool.submit(work, job): job for job in jobs}
            for future in as_completed(waiting):
                yield waiting[future], future.result()
        except BaseException:
            # Those that work clean up what they have begun.
            pool.shutdown(wait=False, cancel_futures=True)
            for process in active_children():
                if process.pid is not None:
                    os.kill(process.pid, signal.SIGINT)
            raise
