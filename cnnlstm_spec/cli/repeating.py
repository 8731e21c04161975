"""`validate --watch`: does a thing again whenever a file that it read has changed, until it is interrupted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path as File

from ..compiler import interrupts
from ..text.files import Stamp, noting, stamp
from .terminal import note

PAUSE = 0.2
"""Seconds between two looks at the files."""


def repeat(work: Callable[[], object]) -> None:
    """Does the work, and again after each change of what it read; ends by KeyboardInterrupt alone."""
    while True:
        with noting() as noted:
            work()
        before = _stamp_files(noted)
        note(f"watching {len(before)} file{'' if len(before) == 1 else 's'}; Control-C ends it")
        while _stamp_files(before) == before:
            time.sleep(PAUSE)
            interrupts.check()
        note("")


def _stamp_files(paths: Iterable[File]) -> dict[File, Stamp]:
    return {path: stamp(path) for path in sorted(paths)}
