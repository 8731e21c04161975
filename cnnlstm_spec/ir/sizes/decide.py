"""For which values of one size a test holds, exactly: its answers repeat themselves, or turn at one point for each remainder."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from math import comb, lcm

from .condition import Condition, Test
from .expr import Compound, Expr, Largest, Quotient, Symbol
from .fits import EVERY, LARGEST, NONE, POINTS, Fits, Interval, TooDeep, group_intervals, make_fits
from .form import Atom, list_inner
from .values import compute_along, count_work

PERIOD = 10_000
"""What repeats itself after so many sizes is decided."""
WORK = 20_000_000
"""Numbers that may be worked out for one test."""
PARTS = 64
"""Into so many an interval is divided in search of a number."""


def narrow(within: Fits, condition: Condition) -> Fits:
    """Those of a set for which a condition on one size holds; raises TooDeep."""
    if condition.surely:
        return within
    found = NONE
    for test in condition.tests:
        found = found | _narrow(within, test)
    return found


def narrow_all(conditions: Iterable[Condition], within: Fits = EVERY) -> Fits:
    """The values of one size that meet all conditions; raises TooDeep."""
    for condition in sorted(conditions, key=measure_depth):
        within = narrow(within, condition)
    return within


def measure_depth(condition: Condition) -> int:
    """After how many sizes its answers repeat themselves."""
    return max((period for test in condition.tests for period in test.size.facts.periods.values()), default=1)


@lru_cache(4096)
def _narrow(within: Fits, test: Test) -> Fits:
    if test.kind != "multiple" and (least := find_least(test.size)) is not None:
        return within.cut_between(least, None if test.kind == "least" else (find_least(test.size - 1) or 0) - 1)
    (symbol,) = test.symbols
    facts = test.size.facts
    start = max(within.start, find_settled(test.size, symbol))
    period = lcm(within.period, facts.periods[symbol] * (test.divisor if test.kind == "multiple" else 1))
    count = len(within.rests) * (period // within.period)
    cost = count * count_work(test.size)
    if (count > PERIOD and cost > 20 * PERIOD) or cost > WORK:
        raise TooDeep
    classes = sorted(start + (rest - start) % period for rest in within.list_rests(period))
    if test.kind == "multiple":
        good = (n for n, value in zip(classes, compute_along(test.size, symbol, classes), strict=True) if test.holds(value))
        return make_fits(_try_interval(within, start, test), start, period, [n % period for n in good])
    curves = _fit_curves(test.size, classes, period, facts.degrees[symbol])
    while curves is None:
        start = 2 * start + period
        classes = sorted(start + (n - start) % period for n in classes)
        if start > POINTS:
            raise TooDeep
        curves = _fit_curves(test.size, classes, period, facts.degrees[symbol])
    turns = [_turn(test, curve, first, period) for first, curve in zip(classes, curves, strict=True)]
    return _gather_fits(_try_interval(within, start, test), start, period, turns)


Turn = tuple[int, int | None]
"""The first and last numbers of one remainder that fit; None where all from the first on do."""


def _gather_fits(few: list[Interval], start: int, period: int, turns: Iterable[Turn | None]) -> Fits:
    """A set of what fits of each remainder."""
    found = [turn for turn in turns if turn is not None]
    start = max([start, *(first if last is None else last + 1 for first, last in found)])
    points: list[int] = []
    for first, last in found:
        end = min(start - 1, LARGEST) if last is None else last
        if (end - first) // period + len(points) > POINTS:
            raise TooDeep
        points += range(first, end + 1, period)
    rests = [first % period for first, last in found if last is None]
    return make_fits([*few, *group_intervals(sorted(points))], start, period, rests)


def _turn(test: Test, curve: Sequence[int], first: int, period: int) -> Turn | None:
    """What fits of one remainder, whose values `curve` gives by their differences; they only rise, or only fall."""
    slope = next((each for each in curve[1:] if each), 0)
    if not slope:
        return (first, None) if test.holds(curve[0]) else None
    rising = curve if slope > 0 else [-each for each in curve]
    if test.kind == "least":
        turn = _find_reaching_step(rising, 0 if slope > 0 else 1)
        if slope > 0:
            return None if turn is None else (first + period * turn, None)
        if turn is None:
            return (first, None)
    else:
        low, turn = _find_reaching_step(rising, 0), _find_reaching_step(rising, 1)
        if low is None or low == turn:
            return None
        first, turn = first + period * low, None if turn is None else turn - low
        if turn is None:
            return (first, None)
    return (first, first + period * (turn - 1)) if turn else None


def _find_reaching_step(curve: Sequence[int], least: int) -> int | None:
    """The first step at which a curve that never falls is so large."""
    if curve[0] >= least:
        return 0
    if len(curve) == 2:
        return -((curve[0] - least) // curve[1])
    value: Callable[[int], int] = lambda step: sum(each * comb(step, k) for k, each in enumerate(curve))  # noqa: E731
    high = 1
    while value(high) < least:
        high *= 2
        if high > LARGEST:
            return None
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if value(middle) >= least else (middle, high)
    return high


def _fit_curves(size: Expr, classes: list[int], period: int, degree: int) -> list[list[int]] | None:
    """The values for each remainder, as a polynomial: the first value and its differences; None where one turns later on."""
    (symbol,) = size.symbols
    rows = [list(compute_along(size, symbol, [n + step * period for n in classes])) for step in range(degree + 1)]
    found = [_subtract_neighbours(list(values)) for values in zip(*rows, strict=True)]
    return None if any(min(each[1:]) < 0 < max(each[1:]) for each in found) else found


def _subtract_neighbours(values: list[int]) -> list[int]:
    found = []
    while values:
        found.append(values[0])
        values = [b - a for a, b in pairwise(values)]
    return found


def _try_interval(within: Fits, start: int, test: Test) -> list[Interval]:
    """Those of a set below a number that is not below its start for which a test holds, tried one by one."""
    if sum(high - low for low, high in within.few) > POINTS:
        raise TooDeep
    members = [n for low, high in within.few for n in range(low, high + 1)]
    for number in within.iterate():
        if number >= start:
            break
        members.append(number)
        if len(members) > POINTS:
            raise TooDeep
    (symbol,) = test.symbols
    values = compute_along(test.size, symbol, members)
    return group_intervals(n for n, value in zip(members, values, strict=True) if test.holds(value))


@lru_cache(4096)
def find_least(size: int | Expr) -> int | None:
    """From where on a size of one symbol that grows is at least 0; None where that is not seen at once.

    What is asked of an expression is asked of what it rests on, from the outermost in: of an atom that is asked twice the less.
    """
    if isinstance(size, int) or not size.facts.grows:
        return None
    asked: dict[Atom, int] = {}
    found = [LARGEST * 2, *_ask(asked, size, 0)]
    while compounds := [atom for atom in asked if isinstance(atom, Compound)]:
        atom = max(compounds, key=lambda each: each.number)
        wanted = asked.pop(atom) * (atom.bottom if isinstance(atom, Quotient) else 1)
        for part in atom.parts:
            found += _ask(asked, part, wanted)
    return max(1, min([*found, *asked.values()]))


def _ask(asked: dict[Atom, int], size: Expr, wanted: int) -> list[int]:
    """Asks of the one atom of a size how large it must be for the size to be so large; else from where on it is."""
    atoms = [(monomial, factor) for monomial, factor in size.terms.items() if monomial]
    if not atoms:
        return [1] if size.constant >= wanted else []
    (monomial, factor), *others = atoms
    if others or len(monomial) > 1:
        return [_search_least(size, wanted)]
    least = -((size.constant - wanted) // factor)
    asked[monomial[0]] = min(least, asked.get(monomial[0], least))
    return []


def _search_least(size: Expr, wanted: int) -> int:
    """The same by dividing what lies between into parts, whose ends are worked out together."""
    (symbol,) = size.symbols
    low, points = 0, [1 << power for power in range(LARGEST.bit_length())]
    while True:
        at = bisect_left(list(compute_along(size, symbol, points)), wanted)
        if at == len(points):
            return 2 * LARGEST
        low, high = points[at - 1] if at else low, points[at]
        if high - low == 1:
            return high
        points = [*range(low + 1, high, max(1, (high - low) // PARTS)), high]


@lru_cache(4096)
def find_settled(size: Expr, symbol: Symbol) -> int:
    """From where on what rests on that symbol alone is a polynomial for each remainder; raises TooDeep."""
    start = 1
    for atom in list_inner(size, {symbol: 0}) if size.facts.bent else ():
        if isinstance(atom, Largest) and atom.facts.periods.keys() == {symbol}:
            left, right = atom.parts
            more = left - right
            assert isinstance(more, Expr)
            start = max(start, _find_crossing(more))
    return start


@lru_cache(4096)
def _find_crossing(more: Expr) -> int:
    # Largest sizes within come before, and are kept.
    return _narrow(EVERY, Test("least", more)).start
