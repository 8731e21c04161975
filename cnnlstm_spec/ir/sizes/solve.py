"""Whether conditions hold for all sizes, for some or for none: those on one size by `decide.py`, on several by `eliminate.py`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import product

from .condition import Condition, Test
from .decide import PERIOD, narrow, narrow_all
from .eliminate import WORK, Eliminator, choose_some, meets_some
from .expr import Symbol
from .fits import EVERY, TooDeep
from .values import TRIED, compute_column, compute_tried, count_work

STEPS = 200_000
"""Terms of the expressions of two sizes that are looked at, over all remainders and cases."""
STEPS_OF_MANY = 10_000
"""The same of more sizes: of these nothing is promised."""


@lru_cache(4096)
def holds_always(condition: Condition) -> bool:
    """Whether a condition is known to hold for all sizes."""
    return condition.surely or (bool(condition.tests) and _holds_always(condition))


@lru_cache(4096)
def holds_never(condition: Condition) -> bool:
    """Whether a condition is known to hold for none."""
    return not condition.surely and not (condition.said and not condition.tests) and can_hold([condition]) is False


def _holds_always(condition: Condition) -> bool:
    symbols = sorted(condition.symbols, key=lambda symbol: symbol.name)
    if len(symbols) == 1:
        if not _is_bound(condition) and not all(try_sizes(condition)):
            return False
        try:
            return narrow(EVERY, condition) == EVERY
        except TooDeep:
            return False
    return any(_holds_for_all(test, symbols) for test in condition.tests)


def _holds_for_all(test: Test, symbols: list[Symbol]) -> bool:
    """The same on several sizes, by one of each remainder, and as many more as a polynomial is told by."""
    facts = test.size.facts
    if test.kind == "least":
        return facts.grows and test.size.evaluate(dict.fromkeys(test.symbols, 1)) >= 0
    if facts.bent:
        return False
    more = test.divisor if test.kind == "multiple" else 1
    reaches = [facts.periods[each] * (more if more > 1 else facts.degrees[each] + 1) for each in symbols if each in test.symbols]
    rows = 1
    for reach in reaches:
        rows *= reach
    if rows > 20 * PERIOD or rows * count_work(test.size) > WORK:
        return False
    grid = list(zip(*product(*(range(1, reach + 1) for reach in reaches)), strict=True))
    given = dict(zip((each for each in symbols if each in test.symbols), grid, strict=True))
    some = {symbol: values[:TRIED] for symbol, values in given.items()}
    if not all(map(test.holds, compute_column(test.size, some, min(rows, TRIED)))):
        return False
    return all(map(test.holds, compute_column(test.size, given, rows)))


def _is_bound(condition: Condition) -> bool:
    """Whether it is a lower bound alone, which is decided sooner than tried."""
    return all(test.kind == "least" and test.size.facts.grows for test in condition.tests)


def try_sizes(condition: Condition) -> list[bool]:
    """Whether a condition on one size holds for 1 to `TRIED`."""
    (symbol,) = condition.symbols
    found = [condition.surely] * TRIED
    for test in condition.tests:
        found = [before or test.holds(value) for before, value in zip(found, compute_tried(test.size, symbol), strict=True)]
    return found


def can_hold(conditions: Sequence[Condition]) -> bool | None:
    """Whether some sizes meet all conditions; None where that is not decided."""
    asked = [each for each in conditions if not each.surely]
    symbols = {symbol for each in asked for symbol in each.symbols}
    if any(not each.tests for each in asked):
        return False
    if len(symbols) == 1:
        if not all(map(_is_bound, asked)) and any(map(all, zip(*(try_sizes(each) for each in asked), strict=True))):
            return True
        return _decide_left(asked)
    answer = Eliminator(STEPS_OF_MANY if len(symbols) > 2 else STEPS).decide(asked, {})
    if answer is not None:
        return answer
    return True if meets_some(asked, list(symbols), draw_sizes(asked)) else None


def _decide_left(conditions: Iterable[Condition]) -> bool | None:
    try:
        return narrow_all(conditions).possible
    except TooDeep:
        return None


def draw_sizes(conditions: Sequence[Condition]) -> list[tuple[int, ...]]:
    """Sizes that conditions on several are tried with: all of two up to `TRIED`, some of more, as many as are soon worked out."""
    count = len({symbol for each in conditions for symbol in each.symbols})
    most = WORK // max(1, sum(count_work(test.size) for each in conditions for test in each.tests))
    if count == 2 and most >= TRIED**2:
        return list(product(range(1, TRIED + 1), repeat=2))
    return choose_some([EVERY] * count)[:most]
