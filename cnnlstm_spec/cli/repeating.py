"""`validate --watch`: does a thing again whenever a file that it read has changed, until it is interrupted."""

from __future__ import annotations

import time
from collections.abc import Callable

import click

from ..compiler import interrupts
from ..text.files import find_sort, note_files, stamp
from .terminal import note

PAUSE = 0.2
"""Seconds between two looks at the files."""


def repeat(work: Callable[[], object]) -> None:
    """Does the work, and again after each change of what it read; ends by KeyboardInterrupt alone, once it has begun."""
    begun = False
    while True:
        with note_files() as noted:
            try:
                work()
            except click.UsageError as error:
                # A file may be empty for a moment while it is saved, and so no spec.
                if not begun:
                    raise
                note(error.format_message())
        begun = True
        note(f"watching {len(noted)} file{'' if len(noted) == 1 else 's'}; Control-C ends it")
        # What the work itself writes into a folder is no reason to do it again.
        before = {path: stamp(path) if find_sort(path) == "folder" else was for path, was in noted.items()}
        while all(stamp(path) == was for path, was in before.items()):
            time.sleep(PAUSE)
            interrupts.check()
        note("")
