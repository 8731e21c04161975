"""Figures by matplotlib as SVG inside a page: no text in them is read as mathematics, and none needs a font."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from ..reading.libraries import import_needed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..samples import Array

COLORS = ("#1f6fb2", "#d1603d", "#3c8d5a", "#8a5aa8", "#b08a2e", "#4a9aa8", "#a84a6b", "#6b6b6b")
SETTINGS = {
    "text.parse_math": False,
    "svg.fonttype": "path",
    "svg.hashsalt": "report",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
}
MOST_POINTS = 2000
"""Points of a cloud: more are thinned out evenly."""


class ReportFigure:
    """A row of axes, drawn into and then made into SVG."""

    def __init__(self, columns: int = 1, width: float = 4.2, height: float = 3.2) -> None:
        import_needed("matplotlib", "`report.html`")
        import matplotlib
        from matplotlib.figure import Figure

        self.settings = matplotlib.rc_context(SETTINGS)
        self.settings.__enter__()
        self.figure = Figure(figsize=(width * columns, height), layout="constrained")
        made = self.figure.subplots(1, columns, squeeze=False)
        self.axes: list[Axes] = list(made[0])

    def to_svg(self) -> str:
        """The drawing as an element of a page."""
        stream = io.StringIO()
        self.figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
        self.settings.__exit__(None, None, None)
        text = stream.getvalue()
        body = text[text.index("<svg") :]
        # The references of several drawings in one page must not meet.
        return re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.S)


def draw_lines(axes: Axes, lines: Mapping[str, tuple[Sequence[float], Sequence[float]]], title: str, x: str) -> None:
    """Lines by name, each as its x and y."""
    for place, (name, (xs, ys)) in enumerate(lines.items()):
        axes.plot(xs, ys, label=name, color=COLORS[place % len(COLORS)], linewidth=1.4, marker="." if len(xs) < 30 else None)
    axes.set_title(title)
    axes.set_xlabel(x)
    if len(lines) > 1:
        axes.legend(frameon=False, fontsize=8)


def mark_whole_numbers(axes: Axes, axis: Literal["x", "y"] = "x") -> None:
    """Marks whole numbers alone on an axis: there is no half epoch, and no half sample."""
    axes.locator_params(axis=axis, integer=True)


def draw_matrix(axes: Axes, matrix: Sequence[Sequence[int]], names: Sequence[str]) -> None:
    """Counts of classes: rows are what is true."""
    import numpy

    shares = numpy.asarray(matrix, "float64")
    shares = shares / numpy.maximum(1, shares.sum(1, keepdims=True))
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.grid(False)
    axes.set_xticks(range(len(names)), [shorten(each) for each in names], rotation=45, ha="right")
    axes.set_yticks(range(len(names)), [shorten(each) for each in names])
    if len(names) <= 20:
        for row, column in numpy.ndindex(*shares.shape):
            color = "white" if shares[row, column] > 0.5 else "black"
            axes.text(column, row, str(matrix[row][column]), ha="center", va="center", color=color, fontsize=8)
    axes.set_xlabel("taken for")
    axes.set_ylabel("is")
    axes.set_title("confusion")


def draw_cloud(axes: Axes, points: Array, of: Array, names: Sequence[str], title: str) -> None:
    """Points in the plane, by class; without names all alike."""
    step = max(1, len(points) // MOST_POINTS)
    points = points[::step]
    if not names:
        axes.scatter(points[:, 0], points[:, 1], s=16, alpha=0.7, color=COLORS[0], linewidths=0)
    for place, name in enumerate(names):
        across, up = points[of[::step] == place].T
        axes.scatter(across, up, s=16, alpha=0.7, label=shorten(name), color=COLORS[place % len(COLORS)], linewidths=0)
    if 0 < len(names) <= 12:
        axes.legend(frameon=False, fontsize=8)
    axes.set_title(title)


MOST = 24
"""So many characters of a name fit beside an axis."""


def shorten(text: str) -> str:
    """A name that fits beside an axis."""
    text = " ".join(text.split())
    return text if len(text) <= MOST else text[: MOST - 1] + "…"


def shorten_path(path: str) -> str:
    """The end of a path, which tells it from others."""
    return path if len(path) <= MOST else "…" + path[1 - MOST :]
