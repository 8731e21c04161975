"""`Fits`: which values of one size will do. Some up to a point, from there on those with certain remainders. Imports nothing."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import takewhile
from math import lcm

from ...text.frozen import dataclass

LARGEST = 2**62
"""No tensor has an axis of so many."""
POINTS = 100_000
"""Numbers that are listed one by one; where there are more, nothing is decided."""

Interval = tuple[int, int]
"""From one number to another, both among them."""


class TooDeep(Exception):
    """To decide it would take too long."""


@dataclass(frozen=True)
class Fits:
    """A set of positive integers: `few` below `start`, and from there on what leaves one of `rests` divided by `period`.

    Equal sets are equal values: made by `fits`, the period and the start are the least.
    """

    few: tuple[Interval, ...]
    start: int
    period: int
    rests: frozenset[int]

    def holds(self, number: int) -> bool:
        """Whether a number is one of them."""
        if number >= self.start:
            return number % self.period in self.rests
        return any(low <= number <= high for low, high in self.few)

    @property
    def least(self) -> int | None:
        """The smallest; None where there is none."""
        if self.few:
            return self.few[0][0]
        return next(self.iterate(), None)

    def iterate(self) -> Iterator[int]:
        """Those from `start` on, without end."""
        # The first of each remainder; a period may be far too long to walk through.
        first = sorted(self.start + (rest - self.start) % self.period for rest in self.rests)
        while first:
            yield from first
            first = [number + self.period for number in first]

    @property
    def only(self) -> int | None:
        """The one number that it is; None where it is not one."""
        return self.few[0][0] if not self.rests and len(self.few) == 1 and self.few[0][0] == self.few[0][1] else None

    @property
    def possible(self) -> bool:
        """Whether there is one that a tensor may have."""
        least = self.least
        return least is not None and least <= LARGEST

    def __or__(self, other: Fits) -> Fits:
        start = max(self.start, other.start)
        few = [*self._cut_at(start), *other._cut_at(start)]
        period = lcm(self.period, other.period)
        rests = {rest for each in (self, other) for rest in each.list_rests(period)}
        return make_fits(few, start, period, rests)

    def cut_between(self, low: int, high: int | None) -> Fits:
        """Those from one number to another, or from it on."""
        if high is None and low <= self.start:
            return make_fits([(max(low, a), b) for a, b in self.few], self.start, self.period, self.rests)
        if high is None:
            return make_fits((), low, self.period, self.rests)
        few = [(max(low, a), min(high, b)) for a, b in self.few]
        low = max(low, self.start)
        if not self.rests or low > high:
            return make_fits(few, 1, 1, ())
        return make_fits([*few, *Fits((), low, self.period, self.rests)._cut_at(high + 1)], 1, 1, ())

    def _cut_at(self, start: int) -> list[Interval]:
        """Those below a number that is not below `start`."""
        if self.period == 1 and self.rests:
            return [*self.few, (self.start, start - 1)]
        if (start - self.start) // self.period * len(self.rests) > POINTS:
            raise TooDeep
        points = takewhile(lambda number: number < start, self.iterate())
        return [*self.few, *group_intervals(points)]

    def list_rests(self, period: int) -> list[int]:
        """The remainders for a multiple of the period."""
        if len(self.rests) * (period // self.period) > POINTS:
            raise TooDeep
        turns = range(0, period, self.period) if self.rests else ()
        return [rest + turn for turn in turns for rest in self.rests]


def make_fits(few: Iterable[Interval], start: int, period: int, rests: Iterable[int]) -> Fits:
    """The set, with the least period and start."""
    left = frozenset(rests)
    period, left = _find_shortest(period, left)
    below = _merge_intervals(few)
    if not left:
        return Fits(tuple(below), below[-1][1] + 1 if below else 1, 1, left)
    start = max(start, 1)
    ordered = sorted(left)
    while start > 1:
        last = start - 1
        high = below[-1][1] if below else 0
        gap = _measure_gap(last, period, ordered)
        if (high >= last) != (not gap):
            break
        if gap:
            start = max(high, last - gap) + 1
            continue
        low = below.pop()[0]
        start = low if period == 1 else last
        below += [(low, last - 1)] if low < start else []
    return Fits(tuple(below), start, period, left)


def _measure_gap(number: int, period: int, ordered: list[int]) -> int:
    """How far below a number the next is that leaves one of the remainders, which are in ascending order."""
    rest = number % period
    at = bisect_right(ordered, rest)
    return rest - ordered[at - 1] if at else rest + period - ordered[-1]


def group_intervals(numbers: Iterable[int]) -> list[Interval]:
    """Numbers in ascending order, those that follow one another as one interval."""
    found: list[Interval] = []
    for number in numbers:
        if found and number <= found[-1][1] + 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def _merge_intervals(few: Iterable[Interval]) -> list[Interval]:
    found: list[Interval] = []
    for low, high in sorted(few):
        if low > high:
            continue
        if found and low <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(high, found[-1][1]))
        else:
            found.append((low, high))
    return found


def _find_shortest(period: int, rests: frozenset[int]) -> tuple[int, frozenset[int]]:
    """The least period after which the remainders repeat themselves."""
    if not rests:
        return 1, rests
    for prime in _list_primes(period):
        while period % prime == 0:
            shorter = period // prime
            if len(rests) % prime or any((rest + shorter) % period not in rests for rest in rests):
                break
            period, rests = shorter, frozenset(rest % shorter for rest in rests)
    return period, rests


def _list_primes(number: int) -> list[int]:
    """The small primes that divide a number, which are those of strides and factors."""
    found, divisor = [], 2
    while divisor * divisor <= number and divisor <= POINTS:
        if number % divisor == 0:
            found.append(divisor)
            while number % divisor == 0:
                number //= divisor
        divisor += 1
    return [*found, number] if number > 1 else found


EVERY = Fits((), 1, 1, frozenset({0}))
NONE = Fits((), 1, 1, frozenset())
