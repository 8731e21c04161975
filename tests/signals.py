"""Signals of the processes that tests start."""

import signal


def heed() -> None:
    """What runs in the background of a shell ignores interrupts, and what it starts does so too."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
