"""What layers ask of the sizes known only at run time, gathered by size: one warning for each, or an error where none is left.

A condition on several sizes at once is told as it is. Imports no op.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import lcm

from .diagnostic import Code, Diagnostic, Label
from .size import Condition, Fit, Symbol, describe

CONTRADICTION = Code(
    "sizes-never-fit",
    "error",
    "no size fits: {condition}, and {other}",
    sort="keras",
    help="pad or pool one of the two, so that both ask for the same size",
)
SEARCHED = 50_000
"""The sizes that are tried; where conditions repeat themselves later than that, they count as met somewhere."""
SHOWN = 3
"""Places that are shown beside the one of a warning."""

Asked = tuple[Condition, Fit, Diagnostic]


@dataclass
class _Bounds:
    """What is asked of one size."""

    least: Asked | None = None
    """The strongest lower bound."""
    others: dict[str, Asked] = field(default_factory=dict)
    """What else is asked, once for each condition."""
    witness: int = 1
    """A size that meets them all."""
    broken: bool = False

    def asked(self) -> list[Asked]:
        return [*([self.least] if self.least is not None else []), *self.others.values()]


class Conditions:
    """The conditions met so far, in the order of the layers."""

    def __init__(self) -> None:
        self.by_size: dict[Symbol, _Bounds] = {}

    def add(self, condition: Condition, warning: Diagnostic) -> Diagnostic | None:
        """What is to be told at once: an error where no size is left, and what rests on several sizes."""
        fit = condition.fit
        if fit is None:
            return warning
        bounds = self.by_size.setdefault(fit.symbol, _Bounds())
        if bounds.broken:
            return None
        if not fit.holds(bounds.witness):
            witness = _smallest([fit, *(each for _, each, _ in bounds.asked())], max(bounds.witness, condition.smallest))
            if witness is None:
                bounds.broken = True
                return _contradiction(fit, warning, bounds)
            bounds.witness = witness
        if not condition.least:
            bounds.others.setdefault(condition.text, (condition, fit, warning))
        elif bounds.least is None or bounds.least[0].smallest < condition.smallest:
            bounds.least = (condition, fit, warning)
        return None

    def warnings(self) -> Iterator[Diagnostic]:
        """One for each size, which says what meets all that is asked of it."""
        for bounds in self.by_size.values():
            if not bounds.broken:
                yield from _together(bounds.asked())


def _together(asked: list[Asked]) -> list[Diagnostic]:
    """The warning of the condition that implies all others; else the last, with what they come to and their places."""
    *others, (_, last, warning) = asked
    settled, period = _rest([fit for _, fit, _ in asked])
    if not others or settled + period > SEARCHED:
        return [each for *_, each in asked]
    common = Fit(last.symbol, lambda size: all(fit.holds(size) for _, fit, _ in asked), settled, period)
    text = describe(common)
    implying = [each for condition, _, each in asked if condition.text == text]
    if implying:
        return implying[:1]
    labels = tuple(Label(each.place, each.label) for *_, each in others[-SHOWN:])
    return [Diagnostic(warning.code, warning.place, {"condition": text}, warning.label, (*labels, *warning.labels))]


def _rest(fits: list[Fit]) -> tuple[int, int]:
    """From where on, and how often, the answers repeat themselves."""
    return max(fit.settled for fit in fits), lcm(*(fit.period for fit in fits))


def _smallest(fits: list[Fit], first: int = 1) -> int | None:
    """The smallest size from `first` on that meets all; None where there is none, and `first` where that cannot be told."""
    settled, period = _rest(fits)
    last = max(settled, first) + period
    found = (size for size in range(first, min(last, first + SEARCHED) + 1) if all(fit.holds(size) for fit in fits))
    return next(found, None if last - first <= SEARCHED else first)


def _contradiction(fit: Fit, warning: Diagnostic, bounds: _Bounds) -> Diagnostic:
    against = [each for each in bounds.asked() if _smallest([fit, each[1]]) is None] or bounds.asked()
    other, _, theirs = against[0]
    labels = (Label(theirs.place, f"asks that {other.text}"), *warning.labels)
    facts = {"condition": warning.facts["condition"], "other": other.text}
    return Diagnostic(CONTRADICTION, warning.place, facts, warning.label, labels)
