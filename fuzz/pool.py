"""Seeds over processes that are started anew now and then, so that what Keras keeps does not add up. Imports no Keras."""

from __future__ import annotations

import gc
import os
from collections import Counter
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from time import monotonic
from typing import Any

from fuzz.report import Report

Serve = Callable[[Any, list[int], bool], None]
EACH = 60
"""Seeds that a process works on before another takes its place."""
PATIENCE = 900
"""Seconds after which a seed is given up."""


def run(seeds: list[int], processes: int, small: bool, serve: Serve | None = None) -> Iterator[Report]:
    """A report for every seed, in the order in which they come; a process that dies or hangs is a disagreement of its seed.

    But not one that dies of what Keras should refuse, nor one that agrees once oneDNN is off, with which TensorFlow computes.
    `serve` does a process's work; another stands in for it in tests.
    """
    batches = [(seeds[at : at + EACH], True) for at in range(0, len(seeds), EACH)]
    workers: list[_Worker] = []
    while batches or workers:
        while batches and len(workers) < processes:
            workers.append(_Worker(*batches.pop(0), small, serve or _serve))
        ready = wait([worker.connection for worker in workers], timeout=5)
        for worker in list(workers):
            report, done = worker.collect(worker.connection in ready)
            if report is not None:
                yield report
            if done:
                workers.remove(worker)
                if worker.left:
                    batches.insert(0, (worker.left, True))
                if worker.died is not None:
                    batches.insert(0, ([worker.died], False))


class _Worker:
    def __init__(self, seeds: list[int], has_onednn: bool, small: bool, serve: Serve) -> None:
        context = get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.left = list(seeds)
        self.has_onednn = has_onednn
        self.died: int | None = None
        """A seed that is to be tried again without oneDNN."""
        self.refusing = False
        self.since = monotonic()
        self.process: BaseProcess = context.Process(target=_begin, args=(serve, has_onednn, theirs, seeds, small), daemon=True)
        self.process.start()
        theirs.close()

    def collect(self, ready: bool) -> tuple[Report | None, bool]:
        """A report if there is one, and whether the process has ended."""
        if ready:
            try:
                report: Report | bool = self.connection.recv()
            except EOFError:
                return self.given_up("died"), True
            if isinstance(report, bool):
                self.refusing = report
                return None, False
            self.left.remove(report.seed)
            if not self.has_onednn:
                report.counts["accepted, and oneDNN dies"] += 1
            self.since = monotonic()
            if not self.left:
                self.process.join()
            return report, not self.left
        if monotonic() - self.since > PATIENCE:
            self.process.kill()
            return self.given_up("hangs"), True
        return None, False

    def given_up(self, how: str) -> Report | None:
        """What is reported of the seed that a process was at."""
        self.process.join()
        if not self.left:
            return None
        seed = self.left.pop(0)
        if self.refusing and how == "died":
            self.refusing = False
            return Report(seed, Counter({"refused, and Keras dies": 1}))
        if how == "died" and self.has_onednn:
            self.died = seed
            return None
        return Report(seed, found=[(how, f"exit status {self.process.exitcode}", spec_of(seed))])


def spec_of(seed: int) -> dict[str, Any]:
    """The spec of a seed; empty where none could be drawn, of which the process may have died."""
    from fuzz.generate import generate

    try:
        return generate(seed)
    except Exception:
        return {}


def _begin(serve: Serve, has_onednn: bool, connection: Any, seeds: list[int], small: bool) -> None:
    if not has_onednn:
        os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
    serve(connection, seeds, small)


def _serve(connection: Connection[Any, Any], seeds: list[int], small: bool) -> None:
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", TF_NUM_INTRAOP_THREADS="1", TF_NUM_INTEROP_THREADS="1", OMP_NUM_THREADS="1")
    # TensorFlow speaks on the standard error of its own accord; what counts is in the reports.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    from fuzz import judge
    from fuzz.work import work

    judge.tell_refusing = connection.send

    # What Keras and TensorFlow consist of stays; looking through it took a third of the time.
    gc.freeze()
    for seed in seeds:
        try:
            report = work(seed, small)
        except Exception as error:
            report = Report(seed, found=[("the fuzz itself fails", f"{type(error).__name__}: {error}", spec_of(seed))])
        connection.send(report)
    connection.close()
