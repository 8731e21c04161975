"""Whether conditions can hold together, on any number of sizes: all is brought down to one size, where it is decided.

A size that another gives (`n` where `n` and `m // 2` are equal) is put in its place; where roundings stand in the way, each
remainder is looked at by itself, in which nothing is rounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import islice, product
from math import lcm

from .condition import Condition, Test, make_either, require_multiple, require_not_negative, zero
from .decide import PERIOD, find_least, narrow
from .expr import Expr, Largest, Symbol, replace_atoms
from .fits import EVERY, Fits, TooDeep
from .form import Atom, list_inner
from .values import TRIED, compute_column, compute_tried, count_work

CASES = 256
"""Ways to choose one of several tests of each condition."""
STEPS = 200_000
"""Terms of the expressions of two sizes that are looked at, over all remainders and cases."""
STEPS_OF_MANY = 20_000
"""The same of more sizes: of these nothing is promised."""
WORK = 5_000_000
"""Numbers that are worked out to try a condition on several sizes."""
COUNTED = 100
"""So many numbers that are worked out count as one term."""
SAMPLES = (1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 24, 32, 64, 96, 128, 256, 300)
"""What is tried of each of several sizes, in search of one case that fits."""
MOST = 5_000


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
    cases = list(islice(product(*(sorted(each.tests, key=str) for each in asked)), CASES + 1))
    answers = set()
    solver = _Solver(STEPS_OF_MANY if len(symbols) > 2 else STEPS)
    for case in cases[:CASES]:
        answer = solver.decide(case)
        if answer:
            return True
        answers.add(answer)
    if len(cases) <= CASES and None not in answers:
        return False
    return True if _meets(asked, symbols, draw_sizes(asked)) else None


def narrow_all(conditions: Iterable[Condition], within: Fits = EVERY) -> Fits:
    """The values of one size that meet all conditions; raises TooDeep."""
    for condition in sorted(conditions, key=measure_depth):
        within = narrow(within, condition)
    return within


def measure_depth(condition: Condition) -> int:
    """After how many sizes its answers repeat themselves."""
    return max((period for test in condition.tests for period in test.size.facts.periods.values()), default=1)


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
    return _choose_some(count)[:most]


def _choose_some(count: int) -> list[tuple[int, ...]]:
    return [(n,) * count for n in range(1, TRIED + 1)] + list(islice(product(SAMPLES, repeat=count), MOST))


def _meets(conditions: Sequence[Condition], symbols: Iterable[Symbol], choices: Sequence[tuple[int, ...]]) -> bool:
    """Whether some of those sizes meet all conditions."""
    if not choices:
        return False
    names = list(symbols)
    given = dict(zip(names, zip(*choices, strict=True), strict=True))
    left = [True] * len(choices)
    for condition in conditions:
        holds = [False] * len(choices)
        for test in condition.tests:
            holds = [a or test.holds(b) for a, b in zip(holds, compute_column(test.size, given, len(choices)), strict=True)]
        left = [a and b for a, b in zip(left, holds, strict=True)]
    return any(left)


class _Solver:
    """Whether tests can hold together; `most` bounds the steps."""

    def __init__(self, most: int) -> None:
        self.steps, self.most = 0, most
        self.known: dict[frozenset[Test], bool | None] = {}

    def decide(self, tests: Iterable[Test | bool]) -> bool | None:
        """Whether they can; None where that is not decided."""
        asked = frozenset(test for test in tests if isinstance(test, Test))
        if any(test is False for test in tests):
            return False
        if asked not in self.known:
            answers = {self.decide_group(group) for group in _group_tests(asked)}
            self.known[asked] = False if False in answers else None if None in answers else True
        return self.known[asked]

    def decide_group(self, tests: list[Test]) -> bool | None:
        """The same of tests that hang together."""
        if self.steps > self.most:
            return None
        work = sum(count_work(test.size) for test in tests)
        self.steps += work
        symbols = {symbol for test in tests for symbol in test.symbols}
        if len(symbols) == 1:
            return _decide_left([make_either(test) for test in tests])
        if _are_exceeded(tests):
            return False
        given = next((found for test in tests if (found := _isolate_symbol(test)) is not None), None)
        if given is not None:
            return self.put_in(tests, *given)
        if (largest := _find_largest(tests)) is not None:
            return self.decide_either_part(tests, largest)
        symbol, period = self.find_rounded(tests, symbols)
        if symbol is None:
            return self.decide_large(tests)
        if period > PERIOD:
            return None
        answers = set()
        for rest in range(1, period + 1):
            turns = Symbol(f"{symbol.name}'", symbol.anonymous)
            known: dict[Atom, int | Expr] = {symbol: Expr({(turns,): 1}) * period + (rest - period)}
            answer = self.decide([_substitute_in(test, known) for test in tests])
            self.steps += work
            if answer:
                return True
            if self.steps > self.most:
                return None
            answers.add(answer)
        return None if None in answers else False

    def decide_either_part(self, tests: list[Test], largest: Largest) -> bool | None:
        """With the one part or the other of what is the larger of two, where it is."""
        answers = set()
        for part, other in (largest.parts, largest.parts[::-1]):
            known: dict[Atom, int | Expr] = {largest: part}
            answer = self.decide([*(_substitute_in(test, known) for test in tests), require_not_negative(part - other)])
            if answer:
                return True
            answers.add(answer)
        return None if None in answers else False

    def put_in(self, tests: list[Test], test: Test, symbol: Symbol, other: int | Expr, factor: int) -> bool | None:
        """With what a test says of a symbol in its place: `factor` times the symbol is `other`."""
        value = other // factor
        known: dict[Atom, int | Expr] = {symbol: value}
        rest = [_substitute_in(each, known) for each in tests if each is not test]
        return self.decide([*rest, require_multiple(other, factor), require_not_negative(value - 1)])

    def find_rounded(self, tests: list[Test], symbols: Iterable[Symbol]) -> tuple[Symbol | None, int]:
        """The symbol that stands under a rounding, or below a divisor, of the shortest period."""
        best: tuple[Symbol | None, int] = (None, 0)
        for symbol in sorted(symbols, key=lambda each: each.name):
            facts = [(test, test.size.facts) for test in tests if symbol in test.symbols]
            period = lcm(*(each.periods[symbol] * (test.divisor if test.kind == "multiple" else 1) for test, each in facts))
            if period > 1 and (best[0] is None or period < best[1]):
                best = (symbol, period)
        return best

    def decide_large(self, tests: list[Test]) -> bool | None:
        """The same of tests without roundings: of such as only large sizes meet, large ones meet all."""
        if all(test.kind == "least" and test.size.facts.grows for test in tests):
            return True
        if len(tests) == 1 and tests[0].kind == "least" and all(len(m) < 2 for m in tests[0].size.terms):
            (test,) = tests
            rises = any(factor > 0 for monomial, factor in test.size.terms.items() if monomial)
            return rises or test.size.evaluate(dict.fromkeys(test.symbols, 1)) >= 0
        symbols = {symbol for test in tests for symbol in test.symbols}
        few = _choose_some(len(symbols))
        work = len(few) * sum(count_work(test.size) for test in tests)
        if work > WORK:
            return None
        self.steps += work // COUNTED
        return True if _meets([make_either(test) for test in tests], symbols, few) else None


def _are_exceeded(tests: list[Test]) -> bool:
    """Whether one that only falls is below 0 at the least sizes that the others leave."""
    falling = [test for test in tests if test.kind == "least" and isinstance(rising := -test.size, Expr) and rising.facts.grows]
    if not falling:
        return False
    least = dict.fromkeys((symbol for test in tests for symbol in test.symbols), 1)
    for test in tests:
        if test.kind == "least" and len(test.symbols) == 1 and (bound := find_least(test.size)) is not None:
            (symbol,) = test.symbols
            least[symbol] = max(least[symbol], bound)
    return any(test.size.evaluate({symbol: least[symbol] for symbol in test.symbols}) < 0 for test in falling)


def _find_largest(tests: list[Test]) -> Largest | None:
    """What is the larger of two, neither of which rests on another such."""
    atoms = (atom for test in tests if test.size.facts.bent for atom in list_inner(test.size, {}))
    return next((atom for atom in atoms if isinstance(atom, Largest)), None)


def _substitute_in(test: Test, known: dict[Atom, int | Expr]) -> Test | bool:
    size = replace_atoms(test.size, known)
    if test.kind == "multiple":
        return require_multiple(size, test.divisor)
    return zero(size) if test.kind == "zero" else require_not_negative(size)


def _isolate_symbol(test: Test) -> tuple[Test, Symbol, int | Expr, int] | None:
    """A symbol of which a test says what a multiple of it is, without itself; the least multiple."""
    if test.kind != "zero":
        return None
    best: tuple[Test, Symbol, int | Expr, int] | None = None
    for monomial, factor in test.size.terms.items():
        if len(monomial) != 1 or not isinstance(monomial[0], Symbol):
            continue
        symbol = monomial[0]
        rest = test.size - Expr({monomial: factor})
        if isinstance(rest, Expr) and symbol in rest.symbols:
            continue
        if best is None or abs(factor) < best[3]:
            best = (test, symbol, -rest if factor > 0 else rest, abs(factor))
    return best


def _group_tests(tests: Iterable[Test]) -> list[list[Test]]:
    """Tests that share symbols, together."""
    groups: list[tuple[set[Symbol], list[Test]]] = []
    for test in sorted(tests, key=str):
        symbols, members = set(test.symbols), [test]
        apart = []
        for each in groups:
            if each[0] & symbols:
                symbols, members = symbols | each[0], [*each[1], *members]
            else:
                apart.append(each)
        groups = [*apart, (symbols, members)]
    return [members for _, members in groups]
