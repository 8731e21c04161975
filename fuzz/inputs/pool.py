"""Seeds over warm processes with a limit of memory each; one that dies or waits for ever is a finding of its seed."""

from __future__ import annotations

import contextlib
import gc
import os
import resource
import tempfile
from collections.abc import Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from pathlib import Path
from time import monotonic
from typing import Any

from .look import Look, look

EACH = 4000
"""Seeds that a process works on before another takes its place."""
PATIENCE = 90
"""Seconds without a word after which a process waits for ever: one that works is stopped by a limit of its own."""
MEMORY = 2**30
"""Bytes that a process may have."""


def look_at(seeds: range, processes: int) -> Iterator[Look]:
    """What became of every seed, in the order in which they come."""
    batches = [seeds[at : at + EACH] for at in range(0, len(seeds), EACH)]
    if len(seeds) < processes * EACH:
        batches = [seeds[at::processes] for at in range(processes)]
    workers: list[_Worker] = []
    with tempfile.TemporaryDirectory() as scratch:
        while batches or workers:
            while batches and len(workers) < processes:
                workers.append(_Worker(batches.pop(0), Path(scratch)))
            ready = wait([worker.connection for worker in workers], timeout=5)
            for worker in list(workers):
                found = worker.collect(worker.connection in ready)
                yield from found
                if not worker.left or not worker.alive:
                    workers.remove(worker)
                    worker.end()
                    if worker.left:
                        batches.insert(0, worker.left)


class _Worker:
    def __init__(self, seeds: range, scratch: Path) -> None:
        context = get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.left, self.alive, self.since = seeds, True, monotonic()
        self.process = context.Process(target=_serve, args=(theirs, seeds, str(scratch)), daemon=True)
        self.process.start()
        theirs.close()

    def collect(self, ready: bool) -> list[Look]:
        """What it has said since."""
        if ready:
            try:
                found: list[Look] = self.connection.recv()
            except EOFError:
                return self.given_up("its process dies")
            self.left, self.since = self.left[len(found) :], monotonic()
            return found
        if monotonic() - self.since > PATIENCE:
            self.process.kill()
            return self.given_up("waits for ever")
        return []

    def given_up(self, how: str) -> list[Look]:
        """What is said of the seed that it was at, the first of which it has said nothing."""
        self.process.join()
        self.alive = False
        seed, self.left = self.left[0], self.left[1:]
        return [Look(seed, "", None, f"{how}: exit status {self.process.exitcode}", PATIENCE)]

    def end(self) -> None:
        self.process.join()
        self.connection.close()


def _serve(connection: Connection[Any, Any], seeds: range, scratch: str) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    # What is said below Python, and by the command lines, goes nowhere.
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    gc.freeze()
    with contextlib.suppress(BrokenPipeError), tempfile.TemporaryDirectory(dir=scratch) as folder:
        for seed in seeds:
            connection.send([look(seed, Path(folder, "input"))])
        os.chdir(scratch)
    connection.close()
