"""What layers ask of the sizes known only at run time, gathered by size: what is told of it, and what no size can meet.

A condition on several sizes at once is told as it is. Imports no op.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import lcm

from .diagnostic import Code, Diagnostic, Label
from .size import Condition, Fit, Symbol

CONTRADICTION = Code("sizes-never-fit", "error", "no size fits: {condition}, and {other}", sort="keras")
SEARCHED = 50_000
"""The sizes that are tried; where conditions repeat themselves later than that, they count as met somewhere."""

Asked = tuple[Condition, Diagnostic]


@dataclass
class _Bounds:
    """What is asked of one size."""

    least: Asked | None = None
    """The strongest lower bound."""
    others: list[Asked] = field(default_factory=list)
    witness: int = 1
    """A size that meets them all."""
    broken: bool = False

    def asked(self) -> Iterator[Asked]:
        if self.least is not None:
            yield self.least
        yield from self.others


class Conditions:
    """The conditions met so far, in the order of the layers."""

    def __init__(self) -> None:
        self.by_size: dict[Symbol, _Bounds] = {}

    def add(self, condition: Condition, warning: Diagnostic) -> Diagnostic | None:
        """What is to be told at once: the warning, an error where no size is left, or None for a lower bound."""
        fit = condition.fit
        if fit is None:
            return warning
        bounds = self.by_size.setdefault(fit.symbol, _Bounds())
        if bounds.broken:
            return None
        if not fit.holds(bounds.witness):
            witness = _common([fit, *(each.fit for each, _ in bounds.asked() if each.fit is not None)])
            if witness is None:
                bounds.broken = True
                return _contradiction(condition, warning, bounds)
            bounds.witness = witness
        if not condition.least:
            bounds.others.append((condition, warning))
            return warning
        if bounds.least is None or bounds.least[0].smallest < condition.smallest:
            bounds.least = (condition, warning)
        return None

    def lower_bounds(self) -> Iterator[Diagnostic]:
        """The strongest of each size, unless another condition implies it: a multiple of 2 is at least 2."""
        for bounds in self.by_size.values():
            if bounds.least is None or bounds.broken:
                continue
            condition, warning = bounds.least
            if max((each.smallest for each, _ in bounds.others), default=0) < condition.smallest:
                yield warning


def _common(fits: list[Fit]) -> int | None:
    """The smallest size that meets all; None where there is none, and 1 where that cannot be told."""
    last = max(fit.settled for fit in fits) + lcm(*(fit.period for fit in fits))
    found = (size for size in range(1, min(last, SEARCHED) + 1) if all(fit.holds(size) for fit in fits))
    return next(found, None if last <= SEARCHED else 1)


def _contradiction(condition: Condition, warning: Diagnostic, bounds: _Bounds) -> Diagnostic:
    fit = condition.fit
    assert fit is not None
    other, place = next(
        ((each.text, told.place) for each, told in bounds.asked() if each.fit is None or _common([fit, each.fit]) is None),
        next((each.text, told.place) for each, told in bounds.asked()),
    )
    labels = (Label(place, f"asks that {other}"), *warning.labels)
    return Diagnostic(CONTRADICTION, warning.place, {"condition": condition.text, "other": other}, warning.label, labels)
