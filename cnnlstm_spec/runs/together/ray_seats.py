"""The processes of a training but the first, started in a Ray cluster. Imports Ray.

Each runs the very command that a person would type on its machine; the first one, which writes the run, stays here. What becomes
of all where one is lost is told by the processes themselves, as without Ray.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import ray
from ray.exceptions import GetTimeoutError, RayError

from ..cluster import explain_not_begun, join_cluster
from ..ending import DIVERGED, DONE, LOST
from ..samples import DataError
from .seat import Seat, name

BEGIN, END = 120.0, 15.0
"""Seconds in which the processes have to be there, and to end when the first one has."""


class _Seated:
    """A process of one CPU, and of one GPU where the cluster has some, wherever Ray puts it."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def enter(self) -> str | None:
        """Goes to the folder that the training was started in; why not, in words."""
        try:
            os.chdir(self.folder)
        except OSError as error:
            return f"`{self.folder}` is not there on every node: {error.strerror}"
        return None

    def train(self, arguments: Sequence[str]) -> tuple[int, str]:
        """The status of the command, and what it has said."""
        line = [sys.executable, "-m", "cnnlstm_spec", *arguments]
        done = subprocess.run(line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return done.returncode, done.stdout.decode(errors="replace")


class Others:
    """The processes beside the first one, and what they said that it does not say itself."""

    def __init__(self, seat: Seat) -> None:
        self.seat = seat
        self.said: list[str] = []

    def hear(self, running: Sequence[ray.ObjectRef]) -> None:
        """Waits for them to end."""
        self.said += _list_said(running, self.seat.count)


@contextmanager
def fill_seats(count: int, arguments: Sequence[str]) -> Iterator[Others]:
    """So many processes less one, each with `arguments` and its own seat; raises DataError where they cannot begin."""
    with join_cluster(count - 1) as host:
        resources = ray.cluster_resources()
        if resources.get("CPU", 0) < count - 1:
            raise DataError(
                [f"Ray: {count - 1} processes beside this one take a CPU each; the cluster has {resources.get('CPU', 0):.0f}"]
            )
        graphics = 1 if resources.get("GPU", 0) >= count - 1 else 0
        make = ray.remote(_Seated).options(num_cpus=1, num_gpus=graphics, scheduling_strategy="SPREAD")
        actors = [make.remote(os.getcwd()) for _ in range(count - 1)]
        try:
            _wait_for(actors)
            others = Others(Seat(host, _find_port(host), 0, count))
            given = [*arguments, "--coordinator", others.seat.write_address(others.seat.port), "--process"]
            running = [each.train.remote([*given, f"{number}/{count}"]) for number, each in enumerate(actors, 1)]
            yield others
            others.hear(running)
        finally:
            for actor in actors:
                ray.kill(actor)


def _wait_for(actors: Sequence[ray.actor.ActorHandle]) -> None:
    try:
        refused = ray.get([each.enter.remote() for each in actors], timeout=BEGIN)
    except GetTimeoutError:
        raise DataError([f"Ray: the processes have not begun within {BEGIN:.0f} s: no node is free"]) from None
    except RayError as error:
        raise DataError([f"Ray: {explain_not_begun(error) or error}"]) from None
    if reasons := [each for each in refused if each is not None]:
        raise DataError(reasons[:1])


def _find_port(host: str) -> int:
    with socket.create_server((host, 0)) as found:
        return int(found.getsockname()[1])


def _list_said(running: Sequence[ray.ObjectRef], count: int) -> Iterator[str]:
    """What those have said that have ended otherwise than all end."""
    ended, _ = ray.wait(running, num_returns=len(running), timeout=END)
    for number, each in enumerate(running, 1):
        try:
            status, said = ray.get(each) if each in ended else (LOST, "")
        except RayError:
            continue
        if status not in (DONE, DIVERGED, LOST):
            yield from (f"{name(number, count)}: {line}" for line in said.splitlines())
