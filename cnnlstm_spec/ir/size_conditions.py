"""What layers ask of the sizes known only at run time, gathered: a warning that says it, or an error where no size is left.

A condition on one size is told together with all others on it, as the rule that they come to; one on several sizes by itself.
Imports no op.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from ..text.diagnostic import Code, Diagnostic, Label
from .sizes.condition import Condition
from .sizes.decide import measure_depth, narrow, narrow_all
from .sizes.expr import Symbol
from .sizes.fits import EVERY, Fits, TooDeep, group_intervals
from .sizes.solve import can_hold, draw_sizes, try_sizes
from .sizes.values import TRIED
from .sizes.wording import join_words, say_rule

CONTRADICTION = Code(
    "sizes-never-fit",
    "error",
    "no size fits: {condition}, and {other}",
    sort="keras",
    help="pad or pool one of the two, so that both ask for the same size",
)
UNDECIDED = Code(
    "sizes-undecided",
    "warning",
    "where it runs is not decided; of {sizes} from 1 to {last}, {found}",
    help="write a size of your data in the `shape`: what does not run there is an error",
)
SHOWN = 3
"""Places that are shown beside the one of a warning."""
COMPARED = 16
"""Conditions on several sizes that are held against one another, to leave out what others imply."""


class Asked(NamedTuple):
    """A condition, and the warning that tells it where it stands alone."""

    condition: Condition
    warning: Diagnostic


class Conditions:
    """The conditions met so far, in the order of the layers, each once."""

    def __init__(self) -> None:
        self.asked: dict[Condition, Asked] = {}

    def add(self, condition: Condition, warning: Diagnostic) -> None:
        """Keeps a condition, with the warning of the place that asks it."""
        self.asked.setdefault(condition, Asked(condition, warning))

    def find_findings(self) -> Iterator[Diagnostic]:
        """What is to be told of them all."""
        alone: dict[Symbol, list[Asked]] = {}
        several: list[Asked] = []
        for asked in self.asked.values():
            symbols = asked.condition.symbols
            if not symbols:
                yield asked.warning
            elif len(symbols) > 1:
                several.append(asked)
            else:
                alone.setdefault(next(iter(symbols)), []).append(asked)
        broken = set()
        for symbol, each in alone.items():
            told, fits = _report_of_one(symbol, each)
            yield from told
            if not fits:
                broken.add(symbol)
        for group in _group_conditions(several):
            met = sorted({symbol for asked in group for symbol in asked.condition.symbols}, key=lambda symbol: symbol.name)
            if broken.isdisjoint(met):
                yield from _report_of_several(met, group, [asked for symbol in met for asked in alone.get(symbol, ())])


def _report_of_one(symbol: Symbol, asked: list[Asked]) -> tuple[list[Diagnostic], bool]:
    """What is told of the conditions on one size, and whether one is left, for all that is known."""
    decided, deep = _decide(asked)
    total = narrow_all(each.condition for each in decided)
    if not total.possible:
        return [_report_contradiction(symbol, decided)], False
    told = _report_together(symbol, decided, total)
    if not deep:
        return told, True
    met = [n for n, holds in enumerate(map(all, zip(*(try_sizes(each.condition) for each in asked), strict=True)), 1) if holds]
    return [*told, _report_undecided([symbol], _describe_tried(met), deep[-1])], True


def _decide(asked: list[Asked]) -> tuple[list[Asked], list[Asked]]:
    """The conditions whose meaning can be found, and those for which it takes too long."""
    deep: list[Asked] = []
    within = EVERY
    for each in sorted(asked, key=lambda each: measure_depth(each.condition)):
        try:
            within = narrow(within, each.condition)
        except TooDeep:
            deep.append(each)
    left = {each.condition for each in deep}
    return [each for each in asked if each.condition not in left], [each for each in asked if each.condition in left]


def _report_together(symbol: Symbol, asked: list[Asked], total: Fits) -> list[Diagnostic]:
    """One warning with the places of what it rests on; or several, where what they come to has no short rule."""
    if not asked or total == EVERY:
        return []
    name = _name(symbol)
    asked = _keep_strongest(asked)
    same = [each for each in asked if _find_fits(each.condition) == total]
    asked = same[:1] or _keep_needed(asked, total)
    text = say_rule(name, total)
    if text is None:
        return [_report_condition(each, _describe_condition(symbol, each.condition)) for each in asked]
    *others, last = asked
    labels = tuple(Label(each.warning.place, each.warning.label) for each in others[-SHOWN:])
    return [replace(_report_condition(last, text), labels=(*labels, *last.warning.labels))]


def _keep_strongest(asked: list[Asked]) -> list[Asked]:
    """Without all lower bounds but the highest."""
    bounds = [(found.start, each) for each in asked if (found := _find_fits(each.condition)) is not None and _is_bound(found)]
    if len(bounds) < 2:
        return asked
    highest = max(start for start, _ in bounds)
    kept = next(each for start, each in bounds if start == highest)
    weaker = {each.condition for _, each in bounds} - {kept.condition}
    return [each for each in asked if each.condition not in weaker]


def _is_bound(found: Fits) -> bool:
    return not found.few and found.period == 1 and bool(found.rests)


def _keep_needed(asked: list[Asked], total: Fits) -> list[Asked]:
    """Without what the others imply."""
    if len(asked) > COMPARED:
        return asked
    for each in list(asked):
        others = [other for other in asked if other is not each]
        try:
            if others and narrow_all(other.condition for other in others) == total:
                asked = others
        except TooDeep:
            continue
    return asked


def _find_fits(condition: Condition) -> Fits | None:
    """What fits a condition alone; None where it takes too long to find."""
    try:
        return narrow(EVERY, condition)
    except TooDeep:
        return None


def _report_of_several(symbols: list[Symbol], group: list[Asked], alone: list[Asked]) -> Iterator[Diagnostic]:
    """What is told of conditions that hang together over several sizes, with those on each of these alone."""
    everything = [each.condition for each in (*alone, *group)]
    answer = can_hold(everything)
    if answer is False:
        yield _report_contradiction_of_several(group, alone)
        return
    if answer is None:
        found = f"none of the {len(draw_sizes(everything)):,} that were tried fits"
        yield _report_undecided(symbols, found, group[-1])
        return
    left = [each.condition for each in group]
    for each in group:
        others = [one for one in (*(asked.condition for asked in alone), *left) if one != each.condition]
        if len(others) <= COMPARED and can_hold([*others, *each.condition.opposites]) is False:
            left.remove(each.condition)
    yield from (each.warning for each in group if each.condition in left)


def _report_contradiction(symbol: Symbol, asked: list[Asked]) -> Diagnostic:
    """The first condition that leaves no size, and what is against it: one other, or what all before come to."""
    before: list[Asked] = []
    for each in asked:
        if not _is_still_possible(*before, each):
            break
        before.append(each)
    against = next((other for other in before if not _is_still_possible(other, each)), None)
    condition = _describe_condition(symbol, each.condition)
    if not before:
        return _report_condition(each, "", (Label(each.warning.place, ""),), condition, "no tensor is so large")
    if against is not None:
        other = _describe_condition(symbol, against.condition)
    else:
        other = say_rule(_name(symbol), narrow_all(one.condition for one in before)) or before[0].condition.text
    place = (against or before[-1]).warning.place
    return _report_condition(each, "", (Label(place, f"asks that {other}"),), condition, other)


def _is_still_possible(*asked: Asked) -> bool:
    try:
        return narrow_all(each.condition for each in asked).possible
    except TooDeep:
        return True


def _report_contradiction_of_several(group: list[Asked], alone: list[Asked]) -> Diagnostic:
    """The same over several sizes."""
    before = list(alone)
    each = group[0]
    for each in group:
        if can_hold([one.condition for one in (*before, each)]) is False:
            break
        before.append(each)
    against = _keep_against(before, each)
    said = [say_alone(other.condition) for other in against]
    labels = tuple(Label(other.warning.place, f"asks that {text}") for other, text in zip(against, said, strict=True))
    return _report_condition(each, "", labels, each.condition.text, ", and ".join(said))


def _keep_against(before: list[Asked], each: Asked) -> list[Asked]:
    """What leaves no sizes together with a condition: one other if one is enough, else without what is not needed for it."""
    alone = next((other for other in before if can_hold([other.condition, each.condition]) is False), None)
    if alone is not None or len(before) > COMPARED:
        return before[-1:] if alone is None else [alone]
    for other in before:
        others = [one for one in before if one is not other]
        if can_hold([*(one.condition for one in others), each.condition]) is False:
            before = others
    return before


def _report_condition(each: Asked, condition: str, labels: tuple[Label, ...] = (), here: str = "", other: str = "") -> Diagnostic:
    if not labels:
        return replace(each.warning, facts={"condition": condition})
    facts: dict[str, object] = {"condition": here, "other": other}
    return Diagnostic(CONTRADICTION, each.warning.place, facts, each.warning.label, (*labels, *each.warning.labels))


def _report_undecided(symbols: Sequence[Symbol], found: str, each: Asked) -> Diagnostic:
    sizes = " and ".join(map(_name, symbols))
    facts: dict[str, object] = {"sizes": sizes, "last": TRIED, "found": found}
    return Diagnostic(UNDECIDED, each.warning.place, facts, each.warning.label, each.warning.labels)


def _describe_tried(met: list[int]) -> str:
    if len(met) in (0, TRIED):
        return "all fit" if met else "none fits"
    parts = [str(low) if low == high else f"{low} to {high}" for low, high in group_intervals(met)]
    return f"{join_words(parts, 'and')} fit" if len(parts) <= SHOWN else f"{len(met)} fit, the first {parts[0]} and {parts[1]}"


def say_alone(condition: Condition) -> str:
    """A condition by itself, as its rule where it is on one size."""
    symbols = condition.symbols
    return _describe_condition(next(iter(symbols)), condition) if len(symbols) == 1 else condition.text


def _describe_condition(symbol: Symbol, condition: Condition) -> str:
    """A condition on one size as its rule, or as it is asked."""
    found = _find_fits(condition)
    return (say_rule(_name(symbol), found) if found is not None and found.least is not None else None) or condition.text


def _name(symbol: Symbol) -> str:
    return symbol.name if symbol.anonymous else f"`{symbol.name}`"


def _group_conditions(asked: Iterable[Asked]) -> list[list[Asked]]:
    """Conditions that share sizes, together."""
    groups: list[tuple[frozenset[Symbol], list[Asked]]] = []
    for each in asked:
        symbols, members = each.condition.symbols, [each]
        for group in [group for group in groups if group[0] & symbols]:
            groups.remove(group)
            symbols, members = symbols | group[0], [*group[1], *members]
        groups.append((symbols, members))
    return [members for _, members in groups]
