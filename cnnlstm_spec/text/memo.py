"""What one variant of a spec gave, kept for the next: values by what they rest on. Imports nothing of ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

T = TypeVar("T")
UNKNOWN: Final[Any] = object()
"""Stands for what is not kept."""
MOST = 200_000
"""So many values, at about a kilobyte each, and all are forgotten."""


class Memory:
    """Values by key. What a key names by `id` is kept alive beside the value, so that no other thing can have its key."""

    def __init__(self) -> None:
        self._kept: dict[tuple[object, ...], tuple[Any, tuple[object, ...]]] = {}

    def get(self, key: tuple[object, ...]) -> Any:
        """What is kept under a key, or UNKNOWN."""
        known = self._kept.get(key)
        return UNKNOWN if known is None else known[0]

    def keep(self, key: tuple[object, ...], value: object, *alive: object) -> None:
        """Keeps a value, and what its key names."""
        if len(self._kept) >= MOST:
            self._kept.clear()
        self._kept[key] = (value, alive)

    def keep_first(self, key: tuple[object, ...], value: T, *alive: object) -> T:
        """What is kept under a key; where nothing is, the value, which is kept."""
        if len(self._kept) >= MOST:
            self._kept.clear()
        first: T = self._kept.setdefault(key, (value, alive))[0]
        return first


def make_once(memory: Memory | None, make: Callable[..., T], *parts: object) -> T:
    """`make(*parts)`, or what it gave for the very same parts."""
    if memory is None:
        return make(*parts)
    key = (make, *(each if isinstance(each, str | int | None) else id(each) for each in parts))
    known: T = memory.get(key)
    if known is not UNKNOWN:
        return known
    made = make(*parts)
    memory.keep(key, made, *parts)
    return made
