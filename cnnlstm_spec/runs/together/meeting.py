"""Where the processes of a training meet: each has a link with the first one, which tells all others when one ends or is lost."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial

from ...compiler.version import __version__
from .link import Link
from .seat import Seat, name

WAIT = 300.0
"""Seconds in which all have to come."""
AGAIN = 0.3
"""Seconds after which one that comes before the first looks for it again."""


class LostProcess(Exception):
    """A process that the others cannot go on without."""

    def __init__(self, number: int, count: int, why: str, ended: bool = False) -> None:
        super().__init__(number, count, why, ended)
        self.number, self.count, self.why = number, count, why
        self.ended = ended
        """Whether it has ended by itself, as the others may be about to for the same reason."""

    def __str__(self) -> str:
        return f"{name(self.number, self.count)} is lost: {self.why}"


class Unmet(Exception):
    """Why there is no meeting, in words."""


class Meeting:
    """All processes, as this one hears of them."""

    def __init__(self, seat: Seat) -> None:
        self.seat = seat
        self._links: dict[int, Link] = {}
        self._changed = threading.Condition()
        self._lost: LostProcess | None = None
        self._ready: set[int] = set()
        self._ports: list[int] = []
        self._asked = 0

    def find_lost(self) -> LostProcess | None:
        """The first process that was lost, which all are told of."""
        with self._changed:
            return self._lost

    def wait_for_loss(self, seconds: float) -> LostProcess | None:
        """The same, which may come within so many seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._lost, seconds)
            return self._lost

    def agree(self) -> int:
        """Waits until all have come so far, and gives a port of the first one's machine that is free; raises Lost."""
        self._asked += 1
        if self.seat.number == 0:
            self._hear(0, {"ready": True})
        else:
            self._links[0].say(ready=True)
        with self._changed:
            self._changed.wait_for(lambda: self._lost or len(self._ports) >= self._asked)
            if len(self._ports) < self._asked:
                assert self._lost is not None
                raise self._lost
            return self._ports[self._asked - 1]

    def fail(self, why: str, ended: bool = False) -> None:
        """Tells the others that this process is lost to them."""
        self._lose(self.seat.number, why, ended)

    def close(self) -> None:
        """Leaves; those that have not agreed to it take this process for lost."""
        for link in self._links.values():
            link.end()
        for link in self._links.values():
            link.close()

    def _add(self, number: int, link: Link) -> None:
        self._links[number] = link
        link.listen(partial(self._hear, number), partial(self._lose, number))

    def _hear(self, number: int, words: dict[str, object]) -> None:
        if words.get("ready") is True:
            self._note_ready(number)
        elif isinstance(port := words.get("go"), int) and number == 0:
            with self._changed:
                self._ports.append(port)
                self._changed.notify_all()
        elif isinstance(lost := words.get("lost"), int) and 0 <= lost < self.seat.count:
            # Of others only the first one tells.
            self._lose(lost if number == 0 else number, str(words.get("why")), words.get("ended") is True)

    def _note_ready(self, number: int) -> None:
        with self._changed:
            self._ready.add(number)
            if len(self._ready) < self.seat.count:
                return
            self._ready.clear()
        port = _find_port(self.seat.host)
        for link in self._links.values():
            link.say(go=port)
        with self._changed:
            self._ports.append(port)
            self._changed.notify_all()

    def _lose(self, number: int, why: str, ended: bool = False) -> None:
        with self._changed:
            if self._lost is not None:
                return
            self._lost = LostProcess(number, self.seat.count, why, ended)
            self._changed.notify_all()
        for other, link in self._links.items():
            if other != number:
                link.say(lost=number, why=why, ended=ended)


def _find_port(host: str) -> int:
    with socket.create_server((host, 0), family=_find_family(host)) as found:
        return int(found.getsockname()[1])


def _find_family(host: str) -> socket.AddressFamily:
    return socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][0]


@contextmanager
def meet(seat: Seat) -> Iterator[Meeting]:
    """All processes of a training, once they have come; raises Unmet where they do not."""
    meeting = Meeting(seat)
    try:
        try:
            if seat.number == 0:
                _receive(meeting)
            else:
                meeting._add(0, _connect(seat))
        except OSError as error:
            raise Unmet(f"{seat.host}:{seat.port}: {error.strerror or error}") from None
        yield meeting
    finally:
        meeting.close()


def _receive(meeting: Meeting) -> None:
    """Takes in the others, whoever else may knock."""
    seat, came = meeting.seat, threading.Condition()

    def welcome(connection: socket.socket) -> None:
        link = Link(connection)
        try:
            words = link.read()
        except ValueError:
            link.close()
            return
        with came:
            refused = _refuse(words, seat, meeting._links)
            if refused is None:
                link.say(welcome=True)
                meeting._add(words["process"], link)
                came.notify_all()
                return
        link.say(refused=refused)
        link.close()

    def listen() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=welcome, args=(server.accept()[0],), daemon=True).start()

    with socket.create_server((seat.host, seat.port), family=_find_family(seat.host)) as server:
        threading.Thread(target=listen, daemon=True).start()
        with came:
            all_here = came.wait_for(lambda: len(meeting._links) == seat.count - 1 or meeting._lost, WAIT)
        with suppress(OSError):
            # Closing alone leaves the thread that listens where it is.
            server.shutdown(socket.SHUT_RDWR)
    if not all_here:
        missing = [each for each in range(1, seat.count) if each not in meeting._links]
        where = f"to {seat.host}:{seat.port} within {WAIT:.0f} s"
        meeting._lose(missing[0], f"it has not come {where}")
        raise Unmet(f"of {seat.count} processes these have not come {where}: {', '.join(map(str, missing))}")


def _refuse(words: dict[str, object], seat: Seat, here: dict[int, Link]) -> str | None:
    """Why a process cannot take part, in words; None where it can."""
    number = words.get("process")
    if words.get("version") != __version__:
        return f"the first process has version {__version__}"
    if words.get("of") != seat.count:
        return f"the first process was told of {seat.count} processes"
    if not isinstance(number, int) or not 0 < number < seat.count:
        return "there is no such process"
    return f"there is a {name(number, seat.count)} already" if number in here else None


def _connect(seat: Seat) -> Link:
    """A link with the first process, which may begin later than this one."""
    until = time.monotonic() + WAIT
    while True:
        try:
            connection = socket.create_connection((seat.host, seat.port), timeout=WAIT)
            break
        except OSError as error:
            if time.monotonic() > until:
                raise Unmet(f"nobody listens at {seat.host}:{seat.port} within {WAIT:.0f} s: {error.strerror or error}") from None
            time.sleep(AGAIN)
    link = Link(connection)
    link.say(process=seat.number, of=seat.count, version=__version__)
    try:
        words = link.read()
    except ValueError as reason:
        link.close()
        raise Unmet(f"{seat.host}:{seat.port}: {reason}") from None
    if words.get("welcome") is True:
        return link
    link.close()
    raise Unmet(f"{seat.host}:{seat.port} refuses {seat}: {words.get('refused')}")
