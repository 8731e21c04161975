"""Numbers far from 1 that weights read as they are, though they learn best from numbers near 1. Imports no Keras."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from ..ir.graph import TypedGraph
from ..ir.op import Op
from ..ops.rescaling import Rescaling
from ..spec.data.inputs import OneHotColumn
from ..spec.model_spec import ModelSpec
from ..text.frozen import dataclass
from .readers import iterate_readers, keeps_numbers

FAR = 30.0
"""Numbers count as near 1 where their mean and their spread are below 30, and they do not all lie within 1 / 30."""
BYTE = 255.0
"""The greatest number of 8 bits."""
MOST = 3
"""So many columns are named."""


@dataclass(frozen=True)
class NumbersMet:
    """What was met of a feature, or of all numbers of a branch."""

    min: float
    max: float
    mean: float
    spread: float

    @property
    def is_far(self) -> bool:
        """Whether weights learn badly of such numbers."""
        width = self.max - self.min
        return self.spread > FAR or abs(self.mean) > FAR or 0 < width < 1 / FAR or 0 < max(self.max, -self.min) < 1 / FAR


def find_unscaled(typed: TypedGraph, spec: ModelSpec, met: Mapping[str, Sequence[NumbersMet]]) -> Iterator[str]:
    """The branches whose numbers nothing scales, in words; `met` is what was met of the features of each."""
    images = {each.name for each in spec.branches if each.input is not None and each.input.kind in ("image", "video")}
    for branch, features in met.items():
        far = [(place, each) for place, each in enumerate(features) if each.is_far]
        reader = _find_reader(typed, branch) if far else None
        if reader is None:
            continue
        least, greatest = min(each.min for each in features), max(each.max for each in features)
        are_pixels = branch in images and least >= 0 and FAR < greatest <= 255
        scaling = "Rescaling: {scale: 1/255}" if are_pixels else "Normalization"
        told = f"the numbers of `{branch}` go from {least:.4g} to {greatest:.4g}"
        if len(far) < len(features):
            names = _name_features(spec, branch, len(features))
            some = [f"{names[place]} {each.mean:.4g} ± {each.spread:.4g}" for place, each in far[:MOST]]
            told += f" ({', '.join(some)}{', ...' if len(far) > MOST else ''})"
        yield f"{told}, and `{reader.title()}` reads them so: `{scaling}` before it brings them near 1"


def _name_features(spec: ModelSpec, branch: str, count: int) -> list[str]:
    """What each feature is called: its column, else its place, from 1 on."""
    read = spec.data.inputs.get(branch) if spec.data is not None else None
    columns = getattr(read.source, "columns", None) if read is not None else None
    found: list[str] = []
    for each in columns or ():
        found += [f"`{each.column}`"] * each.width if isinstance(each, OneHotColumn) else [f"`{each}`"]
    return found if len(found) == count else [f"feature {place + 1}" for place in range(count)]


def measure_numbers(count: float, total: float, squares: float, least: float, greatest: float) -> NumbersMet:
    """Of a count of numbers, their sum, the sum of their squares, and the ends between which they lie."""
    mean = total / count
    return NumbersMet(least, greatest, mean, math.sqrt(max(squares / count - mean**2, 0.0)))


def find_deep_pixels(typed: TypedGraph, spec: ModelSpec, met: Mapping[str, Sequence[NumbersMet]]) -> Iterator[str]:
    """The branches of images of 16 bits whose numbers are scaled as if they had 8, in words."""
    for branch in spec.branches:
        greatest = max((each.max for each in met.get(branch.name, ())), default=0.0)
        if branch.input is None or branch.input.kind not in ("image", "video") or greatest <= BYTE:
            continue
        scaling = next((op for op in iterate_readers(typed, branch.name) if isinstance(op, Rescaling)), None)
        if scaling is None:
            continue
        scales = scaling.scale if isinstance(scaling.scale, tuple) else (scaling.scale,)
        if any(abs(each) * greatest > FAR for each in scales):
            told = f"the numbers of `{branch.name}` go up to {greatest:.4g}, as 16 bits do; `Rescaling` leaves them far from 1"
            yield f"{told}: `scale: 1/65535` brings them to 0 to 1"


def _find_reader(typed: TypedGraph, branch: str) -> Op | None:
    """The first of them with weights that does not scale what it reads."""
    weighted = {id(node.node.op) for node in typed.nodes.values() if node.weights}
    keep = (op for op in iterate_readers(typed, branch) if id(op) in weighted and not keeps_numbers(op) and not _scales(op))
    return next(keep, None)


def _scales(op: Op) -> bool:
    """Whether it takes means and spreads away, looks up what it reads, or is a whole model, which may do so inside."""
    return op.is_batch_norm or op.statistics is not None or op.looks_up is not None or op.find_preprocessing() is not None
