"""What a forecast is compared with: the last known value repeated, and the value a season before."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy

from ..reading.part import FilePart, Windows
from ..samples import HeadTarget, Part
from .document import MeasuredValue
from .figures import BootstrapDraws, make_value, measure_number_figures
from .predict import read_numbers

if TYPE_CHECKING:
    from ..samples import Array


class Baselines:
    """The simplest forecasts of a part of windows."""

    def __init__(self, part: FilePart, windows: Windows) -> None:
        self.part, self.windows, self.window, self.order = part, windows, windows.window, windows.order

    def measure(self, head: str, target: HeadTarget, truth: Array, draws: BootstrapDraws) -> dict[str, dict[str, MeasuredValue]]:
        """`last_value`, and `season` where the window has one: their figures, as those of the model."""
        values = self.windows.known(head)
        steps = len(truth) // len(self.part) if truth.ndim == 2 and truth.shape[1] == values.shape[1] else truth.shape[1]
        found = {}
        last = self.part.at + self.window.span - 1
        first = last + self.window.delay
        wanted = read_numbers(truth.astype("float64"), target)
        places = {"last_value": numpy.repeat(last[:, None], steps, 1)}
        if self.window.season is not None:
            places["season"] = first[:, None] + numpy.arange(steps) - self.window.season
        for name, at in places.items():
            if at.min() < 0 or not self._is_same_group(at, first):
                continue
            guessed = values[self.order.rows[at]].reshape(wanted.shape)
            figures = draws.measure_figures(partial(measure_number_figures, wanted, guessed))
            found[name] = {key: make_value(each) for key, each in figures.items()}
        return found

    def _is_same_group(self, at: Array, first: Array) -> bool:
        """Whether each value is of the group of its sample."""
        return bool((self.order.groups[at] == self.order.groups[first][:, None]).all())


def make_baselines(part: Part) -> Baselines | None:
    """Those of a part; None where its samples are no windows."""
    return Baselines(part, part.windows) if isinstance(part, FilePart) and part.windows is not None else None
