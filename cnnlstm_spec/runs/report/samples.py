"""The samples of which a model was most wrong, shown: pictures as pictures, series as lines, numbers as numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy

from ...spec.data.inputs import VectorSource
from ...spec.model_spec import ModelSpec
from ...text.frozen import dataclass
from ..measure.measure import HALF, number_truth
from ..measure.predict import Predicted, compute_probabilities, decide_classes, read_numbers
from ..samples import HeadTarget, Part
from .drawing import COLORS, ReportFigure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..samples import Array

WORST = 8
STEPS = 2
"""Axes of what a head gives of a sample that has steps, each with its classes or numbers."""
MOST_NUMBERS, MOST_CHARACTERS = 12, 200
"""Of a sample's numbers, and of its text, how much is shown."""


@dataclass(frozen=True)
class Wrong:
    """A sample, and what is said of it."""

    place: int
    label: str
    words: str


def find_worst(part: Part, predicted: Predicted, target: HeadTarget, is_logits: bool, threshold: float) -> list[Wrong]:
    """Of those that are wrong the ones whose true class was least probable, or whose number was farthest off; the worst first."""
    values, truth, owners = predicted.list_flat(target)
    if target.sort == "numbers":
        found, true = read_numbers(values.astype("float64"), target), read_numbers(truth.astype("float64"), target)
        errors = numpy.abs(found - true).mean(1)
        wrong = errors > 0
        words = [f"{true[row, 0]:.4g}, predicted {found[row, 0]:.4g}" for row in range(len(errors))]
    else:
        scores = compute_probabilities(values, is_logits).astype("float64")
        if target.sort == "labels":
            missed = (scores >= threshold) != (truth > HALF)
            far = numpy.where(missed, numpy.abs(scores - truth), 0)
            errors, place, wrong = far.max(1), far.argmax(1), missed.any(1)
            words = [f"{target.names[at]}: {scores[row, at]:.3f}" for row, at in enumerate(place)]
        else:
            both = numpy.concatenate([1 - scores, scores], 1) if scores.shape[1] == 1 else scores
            true = number_truth(truth, target)
            chosen = decide_classes(scores, target, threshold)
            errors, wrong = 1 - both[numpy.arange(len(both)), true], chosen != true
            words = [
                f"{target.names[one]}, taken for {target.names[other]} ({both[row, other]:.0%})"
                for row, (one, other) in enumerate(zip(true, chosen, strict=True))
            ]
    order = numpy.argsort(-errors, kind="stable")
    kept: dict[int, Wrong] = {}
    for row in order[wrong[order]]:
        place = int(owners[row])
        if place not in kept:
            step = f"step {row - numpy.searchsorted(owners, place) + 1}: " if predicted.values[place].ndim == STEPS else ""
            kept[place] = Wrong(place, part.name_sample(place), step + words[row])
        if len(kept) == WORST:
            break
    return list(kept.values())


def draw_sample(part: Part, place: int, kinds: Mapping[str, str]) -> str:
    """A sample's branches that can be shown, side by side, as SVG; empty where none can be."""
    batch = part.read([place])
    shown = [(name, batch.inputs[name][0]) for name, kind in kinds.items() if kind in ("image", "video", "sequence", "volume")]
    if not shown:
        return ""
    drawing = ReportFigure(len(shown), 1.8, 1.5)
    for axes, (name, values) in zip(drawing.axes, shown, strict=True):
        _draw(axes, numpy.asarray(values, "float64"), kinds[name])
        axes.set_title(name, fontsize=7)
        axes.tick_params(labelsize=6)
    return drawing.to_svg()


def describe_sample(part: Part, place: int, spec: ModelSpec) -> list[str]:
    """A sample's branches of numbers or text, a line each; a number beside the column that it is of."""
    batch = part.read([place])
    lines = []
    for branch in spec.branches:
        if branch.input is None or branch.input.kind not in ("vector", "tokens", "text"):
            continue
        values = batch.inputs[branch.name][0]
        if branch.input.kind == "text":
            words = values.decode("utf-8", "replace") if isinstance(values, bytes) else str(values)
            told = words if len(words) <= MOST_CHARACTERS else words[: MOST_CHARACTERS - 1] + "…"
        else:
            numbers = numpy.asarray(values).reshape(-1).tolist()
            names = _name_numbers(spec, branch.name)
            named = zip(names if len(names) == len(numbers) else [""] * len(numbers), numbers, strict=True)
            shown = [f"{name} {number:.4g}".strip() for name, number in named]
            told = ", ".join(shown[:MOST_NUMBERS] + ["…"] * (len(shown) > MOST_NUMBERS))
        lines.append(f"{branch.name}: {told}")
    return lines


def _name_numbers(spec: ModelSpec, branch: str) -> list[str]:
    """What the numbers of a vector are called; empty where the spec has no words for them."""
    read = spec.data.inputs.get(branch) if spec.data is not None else None
    source = read.source if read is not None else None
    if not isinstance(source, VectorSource) or source.columns is None:
        return []
    return [
        name
        for each in source.columns
        for name in ([each] if isinstance(each, str) else [f"{each.column}={label}" for label in each.one_hot])
    ]


def _draw(axes: Axes, values: Array, kind: str) -> None:
    if kind == "sequence":
        for column in range(min(values.shape[-1], 6)):
            axes.plot(values[..., column].reshape(len(values), -1)[:, 0], linewidth=0.8, color=COLORS[column])
        return
    # Of a film or a volume the middle.
    picture = values if kind == "image" else values[len(values) // 2]
    low, high = float(picture.min()), float(picture.max())
    picture = (picture - low) / (high - low) if high > low else picture * 0
    step = max(1, max(picture.shape[:2]) // 128)
    picture = picture[::step, ::step]
    axes.imshow(picture if picture.shape[-1] == 3 else picture[..., 0], cmap="gray", vmin=0, vmax=1)
    axes.axis("off")
