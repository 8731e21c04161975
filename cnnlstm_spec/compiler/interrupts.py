"""Control-C: told once, whatever it meets. Imports nothing of ours.

Python raises KeyboardInterrupt wherever it happens to be, and libraries swallow it or raise another thing in its place.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

_came = False
_quiet = False
_busy = False


def heed_at_start() -> None:
    """Ends this process where it is interrupted before it has begun on its work."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)


def heed() -> None:
    """Notices interrupts of this process from now on."""
    if signal.getsignal(signal.SIGINT) in (signal.default_int_handler, _end):
        signal.signal(signal.SIGINT, _handle_interrupt)


def heed_in_worker() -> None:
    """Notices interrupts in a process that works for another, and says nothing of them: that one does.

    It ends at once where the other has died, which may be started again and do the same work.
    """
    global _quiet
    _quiet = True
    signal.signal(signal.SIGINT, _handle_interrupt)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    from multiprocessing import parent_process

    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(130)


@contextmanager
def hold_interrupts() -> Iterator[None]:
    """Without interrupts, which processes that are started meanwhile do not get until they heed them."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def allow_interrupts() -> Iterator[None]:
    """What an interrupt may end by raising; a worker that waits just ends."""
    global _busy
    _busy = True
    try:
        yield
    finally:
        _busy = False


def ignore() -> None:
    """Ends the process in peace: it has been told to, and once is enough."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def was_interrupted() -> bool:
    """Whether there was an interrupt."""
    return _came


def check() -> None:
    """Raises KeyboardInterrupt where one was swallowed."""
    if _came:
        raise KeyboardInterrupt


def _handle_interrupt(number: int, frame: FrameType | None) -> None:
    global _came
    _came = True
    if _quiet and not _busy:
        os._exit(130)
    raise KeyboardInterrupt


def _end(number: int, frame: FrameType | None) -> None:
    with suppress(OSError):
        os.write(2, b"interrupted\n")
    os._exit(130)
