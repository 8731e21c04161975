"""Whether conditions on several sizes can hold together: sizes are eliminated, until `decide.py` decides the last.

Conditions on one size become the set of its values. A size that another gives (`n` where `n` and `m // 2` are equal) is put in
its place; one under a rounding is looked at by remainders, in each of which nothing is rounded; of one that stands in bounds
alone, what is left is that no lower bound is above an upper one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice, product
from math import lcm
from typing import NamedTuple

from ...text.frozen import dataclass
from .condition import Condition, Test, make_either, require_multiple, require_not_negative, zero
from .decide import PERIOD, find_settled, measure_depth, narrow
from .expr import Expr, Largest, Symbol, replace_atoms
from .fits import EVERY, Fits, TooDeep, make_fits
from .form import Atom, list_inner
from .values import TRIED, compute_column, count_work

WORK = 5_000_000
"""Numbers that are worked out to try conditions on several sizes."""
COUNTED = 100
"""So many numbers that are worked out count as one step."""
CASE = 20
"""Steps that a condition on one size counts beside."""
SAMPLES = (1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 24, 32, 64, 96, 128, 256, 300)
"""What is tried of each of several sizes, in search of one case that fits."""
MOST = 5_000
DEEPEST = 100
"""Cases within cases: a spec decides how many there would be."""

Within = Mapping[Symbol, Fits]
"""The values that each size may have; all, of one that is not there."""


class Solution(NamedTuple):
    """What a test says of a symbol: `factor` times the symbol is `other`, which rests on other symbols."""

    symbol: Symbol
    other: int | Expr
    factor: int


@dataclass(frozen=True)
class System:
    """Conditions on several sizes that hang together, and the values that these may have."""

    conditions: tuple[Condition, ...]
    within: tuple[tuple[Symbol, Fits], ...]

    @property
    def tests(self) -> Iterator[Test]:
        """Every test of the conditions, in an order that is the same each time."""
        return (test for condition in self.conditions for test in sorted(condition.tests, key=str))

    @property
    def sure(self) -> Iterator[Test]:
        """The tests that must hold."""
        return (next(iter(each.tests)) for each in self.conditions if len(each.tests) == 1)


class Eliminator:
    """Whether conditions can hold together; `most` bounds the steps, which are terms of the expressions that are looked at."""

    def __init__(self, most: int) -> None:
        self.steps, self.most, self.depth = 0, most, 0
        self.known: dict[System, bool | None] = {}

    def decide(self, conditions: Iterable[Condition], within: Within) -> bool | None:
        """Whether they can, of values within those sets; None where that is not decided."""
        sets, left, deep = dict(within), [], False
        for each in sorted(dict.fromkeys(conditions), key=measure_depth):
            symbols = each.symbols
            if each.surely:
                continue
            if not symbols:
                return False
            if len(symbols) > 1:
                left.append(each)
                continue
            (symbol,) = symbols
            self.steps += CASE + sum(count_work(test.size) for test in each.tests) * measure_depth(each) // COUNTED
            try:
                sets[symbol] = narrow(sets.get(symbol, EVERY), each)
            except TooDeep:
                deep = True
        if not all(each.possible for each in sets.values()):
            return False
        answers: set[bool | None] = {None} if deep else set()
        for system in _group_conditions(left, sets):
            answers.add(self.decide_system(system))
            if False in answers:
                return False
        return None if None in answers else True

    def decide_system(self, system: System) -> bool | None:
        """The same of conditions on several sizes that hang together."""
        if system in self.known:
            return self.known[system]
        self.steps += sum(count_work(test.size) for test in system.tests)
        if self.steps > self.most or self.depth == DEEPEST:
            return None
        self.depth += 1
        self.known[system] = self.eliminate(system)
        self.depth -= 1
        return self.known[system]

    def eliminate(self, system: System) -> bool | None:
        """The same by what has fewer sizes, or fewer ways to hold."""
        sets = dict(system.within)
        fixed: Mapping[Atom, int | Expr] = {each: low for each, found in system.within if (low := found.only) is not None}
        if fixed:
            return self.decide(_replace_in(system.conditions, fixed), {each: sets[each] for each in sets if each not in fixed})
        solutions = (found for test in system.sure if (found := _solve_test(test, sets)) is not None)
        if (solution := min(solutions, key=lambda each: each.factor, default=None)) is not None:
            return self.decide(*_put_in(system, solution))
        if (largest := _find_largest(system)) is not None:
            return self.decide_any(_choose_part(system, largest))
        free = next((symbol for symbol in sets if _is_free(symbol, system)), None)
        if free is not None:
            choice = next((each for each in system.conditions if len(each.tests) > 1 and free in each.symbols), None)
            if choice is not None:
                return self.decide_any(_choose_test(system, choice))
            return self.decide(*_compare_bounds(system, free))
        divided = [(symbol, classes) for symbol in sets if (classes := _list_classes(symbol, system))]
        if divided:
            return self.decide_any(_divide(system, *min(divided, key=lambda each: len(each[1]))))
        return self.try_some(system)

    def decide_any(self, cases: Iterable[tuple[Iterable[Condition], Within]]) -> bool | None:
        """Whether one of several cases can hold."""
        answers = set()
        for case in cases:
            answer = self.decide(*case)
            if answer:
                return True
            answers.add(answer)
            if self.steps > self.most:
                return None
        return None if None in answers else False

    def try_some(self, system: System) -> bool | None:
        """The same of products of sizes: of such as only large sizes meet, large ones meet all; of others some are tried."""
        sets = dict(system.within)
        if all(each.rests for each in sets.values()) and all(
            any(test.kind == "least" and test.size.facts.grows for test in condition.tests) for condition in system.conditions
        ):
            return True
        choices = choose_some(list(sets.values()))
        work = len(choices) * sum(count_work(test.size) for test in system.tests)
        if work > WORK:
            return None
        self.steps += work // COUNTED
        return True if meets_some(system.conditions, list(sets), choices) else None


Case = tuple[list[Condition], Within]


def _put_in(system: System, solution: Solution) -> Case:
    """With what a test says of a symbol in its place."""
    symbol, other, factor = solution
    value = other // factor
    low, high = _find_bounds(dict(system.within)[symbol]) or (1, None)
    asked = [require_multiple(other, factor), require_not_negative(value - low)]
    if high is not None:
        asked.append(require_not_negative(high - value))
    rest = _replace_in(system.conditions, {symbol: value})
    return [*rest, *map(make_either, asked)], {each: found for each, found in system.within if each != symbol}


def _choose_part(system: System, largest: Largest) -> Iterator[Case]:
    """With the one part or the other of what is the larger of two, where it is."""
    for part, other in (largest.parts, largest.parts[::-1]):
        larger = make_either(require_not_negative(part - other))
        yield [*_replace_in(system.conditions, {largest: part}), larger], dict(system.within)


def _choose_test(system: System, choice: Condition) -> Iterator[Case]:
    """With one of the tests of a condition in its place."""
    rest = [each for each in system.conditions if each is not choice]
    for test in sorted(choice.tests, key=str):
        yield [*rest, make_either(test)], dict(system.within)


def _compare_bounds(system: System, symbol: Symbol) -> Case:
    """Without a symbol that stands in bounds alone: each upper one is at least each lower one."""
    bounds = _find_bounds(dict(system.within)[symbol])
    assert bounds is not None
    lower: list[int | Expr] = [bounds[0]]
    upper: list[int | Expr] = [] if bounds[1] is None else [bounds[1]]
    for test in system.sure:
        if symbol in test.symbols:
            rest, factor = _take_out(test.size, symbol)
            if factor > 0:
                lower.append(-(rest // factor))
            else:
                upper.append(rest // -factor)
    left = [each for each in system.conditions if symbol not in each.symbols]
    asked = (make_either(require_not_negative(high - low)) for low, high in product(lower, upper))
    return [*left, *asked], {each: found for each, found in system.within if each != symbol}


def _divide(system: System, symbol: Symbol, classes: Sequence[tuple[int | Expr, Fits]]) -> Iterator[Case]:
    """With a symbol as each remainder has it."""
    turns = _name_turns(symbol)
    rest = {each: found for each, found in system.within if each != symbol}
    for value, among in classes:
        more = {} if isinstance(value, int) else {turns: among}
        yield _replace_in(system.conditions, {symbol: value}), rest | more


def _list_classes(symbol: Symbol, system: System) -> list[tuple[int | Expr, Fits]]:
    """What a symbol is where nothing about it is rounded, each with its turns; none where it is so already, or of too many."""
    try:
        return list(_iterate_classes(symbol, system))
    except TooDeep:
        return []


def _iterate_classes(symbol: Symbol, system: System) -> Iterator[tuple[int | Expr, Fits]]:
    tests = [test for test in system.tests if symbol in test.symbols]
    within = dict(system.within)[symbol]
    period = lcm(*(_measure_period(test, symbol) for test in tests))
    settled = max(find_settled(test.size, symbol) for test in tests)
    if period == settled == 1 and _find_bounds(within) is not None:
        return
    period = lcm(period, within.period)
    large = within.cut_between(settled, None)
    few = [*within.cut_between(1, settled - 1).few, *large.few]
    if sum(min(high - low + 1, period) for low, high in few) + len(large.rests) * (period // large.period) > PERIOD:
        raise TooDeep
    turns = Expr({(_name_turns(symbol),): 1})
    for low, high in few:
        for first in range(low, min(low + period, high + 1)):
            last = (high - first) // period + 1
            yield (first, EVERY) if last == 1 else (turns * period + (first - period), make_fits([(1, last)], 1, 1, ()))
    for rest in sorted(large.list_rests(period)):
        first = large.start + (rest - large.start) % period
        yield turns * period + (first - period), EVERY


def _name_turns(symbol: Symbol) -> Symbol:
    return Symbol(f"{symbol.name}'", symbol.anonymous)


def _measure_period(test: Test, symbol: Symbol) -> int:
    return test.size.facts.periods[symbol] * (test.divisor if test.kind == "multiple" else 1)


def _solve_test(test: Test, sets: Within) -> Solution | None:
    """The symbol of which a test says what the least multiple of it is, if what it may be is an interval."""
    if test.kind != "zero":
        return None
    found: list[Solution] = []
    for symbol in test.symbols:
        if (symbol,) in test.size.terms and _find_bounds(sets[symbol]) is not None:
            rest, factor = _take_out(test.size, symbol)
            if isinstance(rest, int) or symbol not in rest.symbols:
                found.append(Solution(symbol, -rest if factor > 0 else rest, abs(factor)))
    return min(found, key=lambda each: (each.factor, each.symbol.name), default=None)


def _find_largest(system: System) -> Largest | None:
    """What is the larger of two on several sizes, neither of which rests on another such."""
    atoms = (atom for test in system.tests if test.size.facts.bent for atom in list_inner(test.size, {}))
    return next((atom for atom in atoms if isinstance(atom, Largest) and len(atom.facts.periods) > 1), None)


def _is_free(symbol: Symbol, system: System) -> bool:
    """Whether only multiples of a symbol are added, in tests that are no divisions, and its values are an interval."""
    if _find_bounds(dict(system.within)[symbol]) is None:
        return False
    for test in system.tests:
        if symbol in test.symbols:
            rest, factor = _take_out(test.size, symbol)
            if not factor or test.kind == "multiple" or (isinstance(rest, Expr) and symbol in rest.symbols):
                return False
    return True


def _take_out(size: Expr, symbol: Symbol) -> tuple[int | Expr, int]:
    """What is added to a multiple of a symbol, and how many times it is taken."""
    factor = size.terms.get((symbol,), 0)
    return size - factor * Expr({(symbol,): 1}), factor


def _find_bounds(within: Fits) -> tuple[int, int | None] | None:
    """The least and the largest of an interval; None of what is no interval."""
    if within.rests:
        return (within.start, None) if within.period == 1 and not within.few else None
    return within.few[0] if len(within.few) == 1 else None


def _replace_in(conditions: Iterable[Condition], values: Mapping[Atom, int | Expr]) -> list[Condition]:
    """The conditions with values for atoms."""
    known = dict(values)  # What other atoms become is kept there.
    return [make_either(each.surely, *(_replace_in_test(test, known) for test in each.tests)) for each in conditions]


def _replace_in_test(test: Test, known: dict[Atom, int | Expr]) -> Test | bool:
    size = replace_atoms(test.size, known)
    if test.kind == "multiple":
        return require_multiple(size, test.divisor)
    return zero(size) if test.kind == "zero" else require_not_negative(size)


def _group_conditions(conditions: Iterable[Condition], sets: Within) -> list[System]:
    """Conditions that share sizes, together."""
    groups: list[tuple[frozenset[Symbol], list[Condition]]] = []
    for each in conditions:
        symbols, members = each.symbols, [each]
        for group in [group for group in groups if group[0] & symbols]:
            groups.remove(group)
            symbols, members = symbols | group[0], [*group[1], *members]
        groups.append((symbols, members))
    ordered = (sorted(symbols, key=lambda symbol: symbol.name) for symbols, _ in groups)
    return [
        System(tuple(members), tuple((symbol, sets.get(symbol, EVERY)) for symbol in symbols))
        for symbols, (_, members) in zip(ordered, groups, strict=True)
    ]


def choose_some(sets: Sequence[Fits]) -> list[tuple[int, ...]]:
    """Some values of several sizes within those sets: the first of all together, and a few of each with a few of the others."""
    members = [list(islice(_iterate_members(each), TRIED)) for each in sets]
    few = ([found[at - 1] for at in SAMPLES if at <= len(found)] for found in members)
    return [*zip(*members, strict=False), *islice(product(*few), MOST)]


def _iterate_members(within: Fits) -> Iterator[int]:
    yield from (number for low, high in within.few for number in range(low, high + 1))
    yield from within.iterate()


def meets_some(conditions: Iterable[Condition], symbols: Sequence[Symbol], choices: Sequence[tuple[int, ...]]) -> bool:
    """Whether some of those values of the symbols meet all conditions."""
    if not choices:
        return False
    given = dict(zip(symbols, zip(*choices, strict=True), strict=True))
    left = [True] * len(choices)
    for condition in conditions:
        holds = [False] * len(choices)
        for test in condition.tests:
            holds = [a or test.holds(b) for a, b in zip(holds, compute_column(test.size, given, len(choices)), strict=True)]
        left = [a and b for a, b in zip(left, holds, strict=True)]
    return any(left)
