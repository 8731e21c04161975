"""Pictures of a search by matplotlib: its history, what matters, and the values of each trial side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ...text.escape.json import write_readable
from ..report.drawing import COLORS, ReportFigure, shorten, shorten_path
from .document import SearchReport, Trial

HISTORY, IMPORTANCE, PARALLEL = "history.svg", "importance.svg", "parallel.svg"


def make_pictures(report: SearchReport) -> dict[str, bytes]:
    """The pictures that there is something to draw for, by the names of their files. Raises DataError without matplotlib."""
    done = [each for each in report.trials if each.state == "completed" and each.value is not None]
    found = {}
    if done:
        found[HISTORY] = draw_history(report, done)
        found[PARALLEL] = draw_parallel(report, done)
    if report.importance:
        found[IMPORTANCE] = draw_importance(report)
    return {name: text.encode() for name, text in found.items()}


def draw_history(report: SearchReport, done: Sequence[Trial]) -> str:
    """The value of each trial, and the best until then."""
    drawing = ReportFigure(width=6.0)
    axes, better = drawing.axes[0], max if report.direction == "maximize" else min
    numbers, values = [each.number for each in done], [each.value or 0.0 for each in done]
    axes.scatter(numbers, values, s=16, alpha=0.7, color=COLORS[0], linewidths=0, label="a trial")
    best = [better(values[: place + 1]) for place in range(len(values))]
    axes.step(numbers, best, where="post", color=COLORS[1], linewidth=1.4, label="the best so far")
    axes.set_xlabel("number of the draw")
    axes.set_ylabel(shorten(report.objective))
    axes.legend(frameon=False, fontsize=8)
    return drawing.to_svg()


def draw_importance(report: SearchReport) -> str:
    """How much each path accounts for."""
    drawing = ReportFigure(width=6.0, height=0.9 + 0.35 * len(report.importance))
    axes = drawing.axes[0]
    names = list(reversed(report.importance))
    axes.barh(range(len(names)), [report.importance[name] for name in names], color=COLORS[0])
    axes.set_yticks(range(len(names)), [shorten_path(name) for name in names])
    axes.set_xlabel(f"share of the differences in {shorten(report.objective)}")
    return drawing.to_svg()


def draw_parallel(report: SearchReport, done: Sequence[Trial]) -> str:
    """A line a trial through its values, the better the darker."""
    paths = list(dict.fromkeys(path for each in done for path in each.values))
    drawing = ReportFigure(width=max(4.2, 1.6 * (len(paths) + 1)), height=3.6)
    axes = drawing.axes[0]
    columns = [_Column([each.values.get(path) for each in done]) for path in paths]
    columns.append(_Column([each.value for each in done]))
    order = sorted(range(len(done)), key=lambda place: done[place].value or 0.0, reverse=report.direction == "minimize")
    for rank, place in enumerate(order):
        heights = [column.heights[place] for column in columns]
        axes.plot(range(len(columns)), heights, color=COLORS[0], alpha=0.1 + 0.8 * (rank + 1) / len(order), linewidth=1.2)
    axes.set_xticks(range(len(columns)), [*map(shorten_path, paths), shorten(report.objective)], rotation=20, ha="right")
    axes.set_yticks([])
    axes.set_ylim(-0.08, 1.08)
    for place, column in enumerate(columns):
        axes.axvline(place, color="black", linewidth=0.6)
        for height, text in column.marks:
            axes.text(place, height, shorten(text), fontsize=7, va="center", ha="left")
    return drawing.to_svg()


class _Column:
    """Values of a path as heights from 0 to 1: numbers by their size, or its logarithm; all else by their order."""

    def __init__(self, values: Sequence[object]) -> None:
        numbers = [each for each in values if isinstance(each, int | float) and not isinstance(each, bool)]
        if len(numbers) == len(values):
            low, high = min(numbers), max(numbers)
            is_wide = low > 0 and high / low > 50
            scaled = [math.log(each) if is_wide else float(each) for each in numbers]
            least, span = min(scaled), (max(scaled) - min(scaled)) or 1.0
            self.heights = [(each - least) / span for each in scaled]
            self.marks = [(0.0, f"{low:.3g}"), (1.0, f"{high:.3g}")] if low < high else [(0.0, f"{low:.3g}")]
            return
        texts = [each if isinstance(each, str) else write_readable(each) for each in values]
        names = sorted(set(texts))
        places = {name: place / max(1, len(names) - 1) for place, name in enumerate(names)}
        self.heights = [places[text] for text in texts]
        self.marks = [(height, name) for name, height in places.items()]
