"""A process that converts a SavedModel and runs what comes of it; `child.py` starts it. Imports the runtime that it is asked for.

    python -m cnnlstm_spec.runs.export.worker BYTES

It reads messages on standard input and answers on standard output; what libraries print goes to standard error.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path as File
from typing import TYPE_CHECKING, Any

import numpy

from .messages import receive, send
from .said import describe_error, shorten_error

if TYPE_CHECKING:
    from ..samples import Array

WARM_UP, LEAST, MOST, SECONDS = 3, 20, 200, 3.0
"""Runs before those that are timed, how many are timed at least and at most, and after how long no more are."""
Runner = Callable[[Mapping[str, Any]], dict[str, Any]]


def main() -> None:
    """Answers messages until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    _limit(int(sys.argv[1]))
    runners: list[Runner] = []
    while (message := receive(sys.stdin.buffer)) is not None:
        head, arrays = message
        try:
            told, found = answer(head.pop("do"), head, arrays, runners)
        except Exception as error:
            told, found = {"failed": shorten_error(error), "whole": describe_error(error)}, {}
        send(answers, told, found)


def answer(
    what: str, head: dict[str, Any], arrays: Mapping[str, Array], runners: list[Runner]
) -> tuple[dict[str, object], dict[str, Array]]:
    """What there is to say, and arrays; `runners` holds the file that is open."""
    match what:
        case "convert":
            module = import_module(f".convert.{head.pop('format')}", __package__)
            source, target = File(head.pop("source")), File(head.pop("target"))
            return module.convert(source, target, arrays=arrays, **head) or {}, {}
        case "open":
            module = import_module(f".convert.{head['format']}", __package__)
            runner, inputs, outputs = module.open_file(File(head["path"]))
            runners[:] = [runner]
            return {"inputs": inputs, "outputs": outputs}, {}
        case "run":
            return {}, _run(runners[0], arrays, head["batch"])
        case "time":
            return {"seconds": _measure_time(runners[0], arrays)}, {}
    raise ValueError(what)


def _run(run: Runner, arrays: Mapping[str, Array], batch: int | None) -> dict[str, Array]:
    """The outputs of any number of samples, in batches of that size, the last filled up with its last sample."""
    count = len(next(iter(arrays.values())))
    size = batch or count
    found: list[dict[str, Array]] = []
    for first in range(0, count, size):
        places = numpy.minimum(numpy.arange(first, first + size), count - 1)
        found.append(run({name: each[places] for name, each in arrays.items()}))
    return {name: numpy.concatenate([each[name] for each in found])[:count] for name in found[0]}


def _measure_time(run: Runner, arrays: Mapping[str, Array]) -> list[float]:
    """Seconds of each run."""
    for _ in range(WARM_UP):
        run(arrays)
    found: list[float] = []
    began = time.perf_counter()
    while len(found) < LEAST or (len(found) < MOST and time.perf_counter() - began < SECONDS):
        start = time.perf_counter()
        run(arrays)
        found.append(time.perf_counter() - start)
    return found


def _limit(memory: int) -> None:
    """Lets the process have no more memory than that, where the system can hold it to it."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    except (ImportError, OSError, ValueError):
        pass


if __name__ == "__main__":
    main()
