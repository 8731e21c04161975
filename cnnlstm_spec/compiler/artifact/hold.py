"""A folder that one process alone writes into, as long as it works on what is to lie there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path as File
from typing import TYPE_CHECKING

from ...text.files import find_sort, open_folder
from .write import make_folder, remove_empty

if TYPE_CHECKING:
    from types import ModuleType


@contextmanager
def hold_folder(path: File) -> Iterator[bool]:
    """Holds a folder, which is made where there is none, as long as this goes on; false where another process holds it.

    One that was made and is still empty then is removed. The system lets go of it when the process ends, however that is.
    Where it knows no such hold, all are given it.
    """
    try:
        import fcntl
    except ImportError:
        yield True
        return
    made = find_sort(path) is None
    make_folder(path)
    with open_folder(path) as opened:
        try:
            yield _lock(fcntl, opened)
        finally:
            if made:
                remove_empty(path)


def _lock(fcntl: ModuleType, opened: int) -> bool:
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        # A file system without locks.
        return True
    return True
