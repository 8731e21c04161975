"""The memory in which samples may be kept that were decoded, so that a later epoch need not decode them again."""

from __future__ import annotations

from threading import Lock

MOST = 1 << 26
"""Bytes; the same for every number of samples, so that a training on more of them takes no more memory."""


class Room:
    """So many bytes for all branches of the data together."""

    def __init__(self, size: int = 0) -> None:
        self._left, self._lock = size, Lock()

    def take(self, size: int) -> bool:
        """Whether there is room for so many more bytes, which are then taken."""
        with self._lock:
            if size > self._left:
                return False
            self._left -= size
            return True
