"""The values of a space where they can be counted, and the combinations of them that were not drawn yet. Imports no Keras."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import combinations, islice, product
from math import prod
from typing import TYPE_CHECKING

from ...text.frozen import dataclass

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

EXAMINED = 20_000
"""So many combinations are looked at for one that is new, and so many values of a path are listed."""
Combination = tuple[object, ...]
"""A value for each path of the space, in its order."""


@dataclass(frozen=True)
class Grid:
    """By path the values that may be drawn."""

    values: Mapping[str, Sequence[object]]

    def count(self) -> int:
        """How many combinations there are."""
        return prod(map(len, self.values.values()))

    def find_new(self, drawn: Mapping[str, object], known: Collection[Combination], seed: str) -> dict[str, object] | None:
        """A combination that is not known, of those that differ from what was drawn in the fewest paths; None without one."""
        rng = random.Random(seed)
        for changed in range(1, len(self.values) + 1):
            near = [each for each in islice(self._list_near(drawn, changed), EXAMINED) if each not in known]
            if near:
                return dict(zip(self.values, rng.choice(near), strict=True))
        return None

    def _list_near(self, drawn: Mapping[str, object], changed: int) -> Iterator[Combination]:
        """Those that differ in so many paths."""
        for paths in combinations(self.values, changed):
            others = ([each for each in self.values[path] if each != drawn[path]] for path in paths)
            for picked in product(*others):
                held = {**drawn, **dict(zip(paths, picked, strict=True))}
                yield tuple([held[path] for path in self.values])


def make_grid(space: Mapping[str, BaseDistribution]) -> Grid | None:
    """The grid of a space; None where a number may be any between two, or there are more than can be listed."""
    listed = {path: _list_values(each) for path, each in space.items()}
    known = {path: each for path, each in listed.items() if each is not None}
    return Grid(known) if len(known) == len(listed) else None


def _list_values(distribution: BaseDistribution) -> Sequence[object] | None:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(distribution, CategoricalDistribution):
        return distribution.choices
    assert isinstance(distribution, IntDistribution | FloatDistribution)
    low, step = distribution.low, distribution.step
    if step is None or (distribution.high - low) / step >= EXAMINED:
        return None
    # The last of them is the greatest, not one that is rounded beyond it.
    return [min(low + step * each, distribution.high) for each in range(round((distribution.high - low) / step) + 1)]
