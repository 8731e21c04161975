"""Control-C: told once, whatever it meets. Imports nothing of ours.

Python raises KeyboardInterrupt wherever it happens to be, and libraries swallow it or raise another thing in its place.
"""

from __future__ import annotations

import signal
from types import FrameType

_came = False


def heed() -> None:
    """Notices interrupts of this process from now on."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)


def ignore() -> None:
    """Ends the process in peace: it has been told to, and once is enough."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def came() -> bool:
    """Whether there was an interrupt."""
    return _came


def check() -> None:
    """Raises KeyboardInterrupt where one was swallowed."""
    if _came:
        raise KeyboardInterrupt


def _interrupt(number: int, frame: FrameType | None) -> None:
    global _came
    _came = True
    raise KeyboardInterrupt
