"""The order of what reads each other, and what is on circles. Imports no other file of the package."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heappop, heappush
from typing import Protocol, TypeVar


class Reads(Protocol):
    """What has an id and reads others by theirs."""

    @property
    def id(self) -> str:
        """Its own."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """Those of what it reads."""


AnyReads = TypeVar("AnyReads", bound=Reads)


def sort_by_reading(nodes: Sequence[AnyReads]) -> list[AnyReads]:
    """Those that can be computed, in the order of writing as far as it goes."""
    missing = [len(set(node.inputs)) for node in nodes]
    readers: dict[str, list[int]] = {}
    for place, node in enumerate(nodes):
        for id in set(node.inputs):
            readers.setdefault(id, []).append(place)
    ready = [place for place, count in enumerate(missing) if not count]
    heapify(ready)
    order: list[AnyReads] = []
    while ready:
        node = nodes[heappop(ready)]
        order.append(node)
        for place in readers.get(node.id, ()):
            missing[place] -= 1
            if not missing[place]:
                heappush(ready, place)
    return order


def find_circled(nodes: Sequence[Reads], sound: set[str]) -> set[str]:
    """The ids on circles, or between them: of those that neither begin nor end in what is sound."""
    left = {node.id: node for node in nodes if node.id not in sound}
    readers = dict.fromkeys(left, 0)
    for node in left.values():
        for id in set(node.inputs) & left.keys():
            readers[id] += 1
    waiting = [id for id, count in readers.items() if not count]
    while waiting:
        for id in set(left.pop(waiting.pop()).inputs):
            if id in left:
                readers[id] -= 1
                if not readers[id]:
                    waiting.append(id)
    return set(left)
