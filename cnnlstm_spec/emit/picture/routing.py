"""Where things stand in a row, and which track each line takes between two rows. Pure functions of numbers."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TypeVar

T = TypeVar("T", bound=Hashable)


def arrange(wanted: list[float], room: list[float]) -> list[float]:
    """Positions from left to right, each thing with its room, as near to the wanted ones as the others allow.

    With the room that those before it take subtracted, positions need only be in order: the nearest such sequence in
    the sense of least squares is found by pooling neighbours that are out of order."""
    before = [sum(room[:index]) for index in range(len(room))]
    pools: list[tuple[float, int]] = []
    for place, start in zip(wanted, before, strict=True):
        pools.append((place - start, 1))
        while len(pools) > 1 and pools[-2][0] >= pools[-1][0]:
            (one, many), (other, more) = pools[-2:]
            pools[-2:] = [((one * many + other * more) / (many + more), many + more)]
    shifts = [shift for shift, many in pools for _ in range(many)]
    return [start + shift for start, shift in zip(before, shifts, strict=True)]


def assign_tracks(ways: dict[T, tuple[float, list[float]]]) -> dict[T, int]:
    """A track for each line that must go sideways, from the x where it starts to those where it ends.

    Lines of one direction do not cross: of those to the right the rightmost turns first, of those to the left the
    leftmost."""
    spans = {id: (min(x, *ends), max(x, *ends)) for id, (x, ends) in ways.items() if any(abs(end - x) >= 0.5 for end in ends)}
    right = [id for id in spans if sum(ways[id][1]) / len(ways[id][1]) >= ways[id][0]]
    left = [id for id in spans if id not in right]
    order = sorted(right, key=lambda id: -ways[id][0]) + sorted(left, key=lambda id: ways[id][0])
    found: dict[T, int] = {}
    for id in order:
        low, high = spans[id]
        meeting = [found[each] for each in found if spans[each][0] - 6 < high and low < spans[each][1] + 6]
        found[id] = max(meeting, default=-1) + 1
    return found
