"""The process that trains beside others, and the one that starts it and hears how they end. Imports no Keras."""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from ...compiler import interrupts
from ...compiler.backend import explain_failure
from ...text.frozen import dataclass
from ..ending import DIVERGED, DONE, FOUND, LOST, REFUSED, Ending
from ..several import RunJob, run_job
from ..train.watch import Watch
from .meeting import LostProcess, Meeting, Unmet, meet
from .seat import Seat, Team

GRACE = 10.0
"""Seconds in which it is told of another process that it is lost, where this one has failed as it does when one is; and in which
this one ends by itself where another has."""
LOOK = 0.1
MakeWatch = Callable[[], Watch]


@dataclass(frozen=True)
class TrainFailure:
    """What the process that trains has raised."""

    lines: tuple[str, ...] | None
    """What to tell of it; None of a bug of ours."""
    traceback: str


def run_together(jobs: Sequence[RunJob], seat: Seat, watch_of: Callable[[RunJob], MakeWatch]) -> Iterator[tuple[RunJob, Ending]]:
    """Runs them, one after the other, each with all processes, and gives each ending; with the first loss there are no more.

    `watch_of` gives for a job what makes its watch, which goes to the process that trains.
    """
    job = jobs[0]
    try:
        with meet(seat) as meeting:
            for job in jobs:
                ending = _run(job, meeting, watch_of(job))
                yield job, ending
                if ending.status not in (DONE, DIVERGED):
                    return
            meeting.agree()
    except Unmet as reason:
        yield job, Ending(REFUSED, (f"Error: {reason}",))
    except LostProcess as lost:
        yield job, _tell(lost)


def _tell(lost: LostProcess) -> Ending:
    return Ending(LOST, (f"Error: {lost}; started again with `--resume`, all go on from the last epoch that has ended",))


def _run(job: RunJob, meeting: Meeting, make_watch: MakeWatch) -> Ending:
    seat = meeting.seat
    team = Team(seat.number, seat.count, seat.write_address(meeting.agree()))
    context = get_context("spawn")
    pipe, other = context.Pipe(duplex=False)
    job = replace(job, orders=replace(job.orders, team=team))
    child = context.Process(target=_train_here, args=(other, job, make_watch if seat.number == 0 else Watch))
    with interrupts.hold_interrupts():
        child.start()
    other.close()
    try:
        return _heed(child, pipe, meeting)
    except BaseException:
        meeting.fail("it was interrupted")
        raise
    finally:
        with suppress(OSError):
            child.kill()
        child.join()


def _heed(child: BaseProcess, pipe: Connection, meeting: Meeting) -> Ending:
    """The ending of the process that trains, which is ended where another is lost."""
    until = None
    while not pipe.poll(LOOK):
        lost = meeting.find_lost()
        if lost is None:
            continue
        until = until or time.monotonic() + (GRACE if lost.ended else 0.0)
        if time.monotonic() >= until:
            return _tell(lost)
    try:
        found = pipe.recv()
    except EOFError:
        child.join()
        found = None
    if isinstance(found, Ending):
        if found.status not in (DONE, DIVERGED):
            meeting.fail(f"it has ended with status {found.status}", ended=True)
        return found
    # JAX ends a process, or raises in it, where another is gone, and does not know which.
    if found is not None or child.exitcode == -signal.SIGABRT:
        lost = meeting.wait_for_loss(GRACE)
        if lost is not None:
            return _tell(lost)
    if found is not None:
        meeting.fail(": ".join(("it has failed", *(found.lines or ())[:1])), ended=True)
        if found.lines is not None:
            return Ending(FOUND, found.lines)
        raise RuntimeError(f"in the process that trains:\n{found.traceback}")
    meeting.fail(f"it has died ({_name_death(child.exitcode)})")
    lost = meeting.find_lost()
    assert lost is not None
    return _tell(lost)


def _name_death(code: int | None) -> str:
    """How a process has ended, in words."""
    return signal.Signals(-code).name if code is not None and code < 0 else f"status {code}"


def _train_here(pipe: Connection, job: RunJob, make_watch: MakeWatch) -> None:
    """Trains in this process, which ends with the one that started it."""
    interrupts.heed_in_worker()
    _mute_libraries()
    try:
        pipe.send(run_job(job, make_watch()))
    except KeyboardInterrupt:
        os._exit(130)
    except Exception as error:
        pipe.send(TrainFailure(explain_failure(error), traceback.format_exc()))
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    # JAX waits for the others where it is taken apart.
    os._exit(0)


def _mute_libraries() -> None:
    """Lets nothing be written but by Python: what JAX has to say of other processes is told by who hears of them."""
    null = os.open(os.devnull, os.O_WRONLY)
    for number, stream in ((1, "stdout"), (2, "stderr")):
        kept = getattr(sys, stream)
        setattr(sys, stream, os.fdopen(os.dup(number), "w", encoding=kept.encoding, errors=kept.errors, buffering=1))
        os.dup2(null, number)
    os.close(null)
