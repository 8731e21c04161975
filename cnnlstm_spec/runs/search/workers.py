"""Who trains the trials of a search beside each other, and what is done with a trial whose process dies. Imports no Keras."""

from __future__ import annotations

import os
import signal
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing import get_context

from ...compiler import interrupts
from .trial import TrialEnding, TrialJob, run_trial

TRIES = 3
"""So many processes may die of a trial before it has failed: it goes on from its last epoch each time."""
DIED = f"its process died {TRIES} times without a word; a system that is out of memory ends processes so"


class TrialWorker(ABC):
    """A process that trains one trial at a time, and says nothing until it ends."""

    deaths: tuple[type[BaseException], ...]
    """What a future raises whose process has died."""

    @abstractmethod
    def train(self, job: TrialJob) -> Future[TrialEnding]:
        """Begins a trial, while no other runs."""

    def describe_death(self, death: BaseException) -> str:
        """Why a trial has failed whose processes have died."""
        return DIED

    @abstractmethod
    def stop(self) -> None:
        """Ends the process, and what it trains as Control-C does."""


class LocalWorker(TrialWorker):
    """A process on this machine, which does not outlive the one that hired it."""

    deaths = (BrokenProcessPool,)

    def __init__(self) -> None:
        # A fork of a process in which TensorFlow runs may hang; a fresh one imports it anew.
        self.pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=interrupts.heed_in_worker)

    def train(self, job: TrialJob) -> Future[TrialEnding]:
        with interrupts.hold_interrupts():
            return self.pool.submit(run_trial, job)

    def stop(self) -> None:
        processes = list((self.pool._processes or {}).values())
        self.pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            if process.pid is not None:
                with suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGINT)
        for process in processes:
            process.join()


def train_side_by_side(
    count: int, hire: Callable[[], TrialWorker], take: Callable[[], TrialJob | None]
) -> Iterator[tuple[TrialJob, TrialEnding]]:
    """Each trial as it ends, so many at a time; one whose process has died is taken up by another."""
    idle: list[TrialWorker] = []
    running: dict[Future[TrialEnding], tuple[TrialWorker, TrialJob]] = {}
    died: Counter[int] = Counter()
    lost: list[TrialJob] = []
    try:
        while True:
            while len(running) < count and (job := lost.pop() if lost else take()) is not None:
                worker = idle.pop() if idle else hire()
                running[worker.train(job)] = (worker, job)
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                worker, job = running.pop(future)
                try:
                    ending = future.result()
                except worker.deaths as death:
                    worker.stop()
                    died[job.number] += 1
                    if died[job.number] < TRIES:
                        lost.append(job)
                        continue
                    ending = TrialEnding("failed", lines=(worker.describe_death(death),))
                else:
                    idle.append(worker)
                yield job, ending
    finally:
        for worker in (*idle, *(worker for worker, _ in running.values())):
            worker.stop()
