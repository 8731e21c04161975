"""Reads everything there is, for `cnnlstm-spec data`: counts, classes, shapes and ranges of each part, and every problem."""

from __future__ import annotations

from collections.abc import Mapping

import numpy

from ...compiler.compile import Compilation
from ..counted import find_hints, list_unknown_classes
from ..data_report import DataReport, InputReport, PartReport, ProblemReport
from ..samples import DataError, Part
from ..unscaled import NumbersMet, find_deep_pixels, find_unscaled, measure_numbers
from .branches.branch import BranchSamples
from .open import DataReading
from .part import FilePart
from .problems import MANY, Broken, Problem
from .sources.rows import Array

SHAPES = 20
"""So many shapes that samples have are listed."""
SPREAD = 30.0
"""A number whose spread or mean is further than this from 1 is hard to learn unscaled."""


class BranchValues:
    """Gathers what is met in the samples of a branch, one after the other."""

    def __init__(self, features: int) -> None:
        """Numbers are of so many features, on the last axis; of 1 all are of it."""
        self._shapes: dict[str, int] = {}
        self._least, self._greatest = numpy.full(features, numpy.inf), numpy.full(features, -numpy.inf)
        self._total, self._squares, self._count = numpy.zeros(features), numpy.zeros(features), numpy.zeros(features)

    def add(self, values: Array) -> None:
        """Counts a sample in."""
        shape = str(list(values.shape))
        if shape in self._shapes or len(self._shapes) < SHAPES:
            self._shapes[shape] = self._shapes.get(shape, 0) + 1
        if not values.size or values.dtype.kind not in "biuf" or values.size % len(self._total):
            return
        rows = values.reshape(-1, len(self._total)).astype("float64")
        # What is no number is a problem of its own.
        sound: Array | bool = numpy.isfinite(rows)
        sound = True if numpy.all(sound) else sound
        self._least = numpy.minimum(self._least, rows.min(0, where=sound, initial=numpy.inf))
        self._greatest = numpy.maximum(self._greatest, rows.max(0, where=sound, initial=-numpy.inf))
        self._total += rows.sum(0, where=sound)
        self._squares += numpy.square(rows).sum(0, where=sound)
        self._count += numpy.broadcast_to(sound, rows.shape).sum(0)

    def report(self) -> InputReport:
        """What was met, as it is told."""
        if not self._count.any():
            return InputReport(shapes=self._shapes, min=None, max=None, mean=None)
        mean = float(self._total.sum() / self._count.sum())
        return InputReport(shapes=self._shapes, min=float(self._least.min()), max=float(self._greatest.max()), mean=mean)

    def list_features(self) -> list[NumbersMet]:
        """What was met of each feature that has a number."""
        each = zip(self._count, self._total, self._squares, self._least, self._greatest, strict=True)
        return [measure_numbers(*map(float, one)) for one in each if one[0]]


def check_all(compilation: Compilation, allow_outside: bool = False, allow_imports: bool = False) -> DataReport:
    """Reads every sample of every part, of folds those of the first."""
    reading = DataReading(compilation, allow_outside, allow_imports, most_problems=MANY)
    parts = reading.read()
    told = list(reading.problems)
    found = {name: measure_part(part, told) for name, part in parts.items()}
    reading.seen.save()
    keys = ("file", "row", "column", "code", "message")
    problems = [ProblemReport(**{key: getattr(each, key) for key in keys}) for each in sorted(told, key=_place)]
    hints = [f"{reading.problems.more:,} more problems are not listed"] if reading.problems.more else []
    if "train" in parts and compilation.spec is not None and compilation.typed is not None:
        problems += [
            ProblemReport(file="", row=None, column=None, code="not-a-class", message=message)
            for message in list_unknown_classes(compilation.spec, parts["train"].targets)
        ]
        try:
            hints += [
                *_find_hints(parts),
                *find_unscaled(compilation.typed, compilation.spec, found["train"][1]),
                *find_deep_pixels(compilation.typed, compilation.spec, found["train"][1]),
                *find_hints(compilation.spec, len(parts["train"])),
            ]
        except DataError as error:
            (message,) = error.problems
            problems.append(ProblemReport(file="", row=None, column=None, code="part-empty", message=message))
    return DataReport(version=1, parts={name: report for name, (report, _) in found.items()}, problems=problems, hints=hints)


def _place(problem: Problem) -> tuple[str, int]:
    """By which problems are sorted."""
    return problem.file, problem.row or 0


def measure_part(part: Part, told: list[Problem]) -> tuple[PartReport, dict[str, list[NumbersMet]]]:
    """What was met in a part, and of its branches by feature."""
    assert isinstance(part, FilePart)
    inputs = {name: BranchValues(_count_features(branch)) for name, branch in part.branches.items()}
    lengths: dict[str, dict[int, int]] = {}
    sizes: dict[str, dict[tuple[int, ...], int]] = {}
    known = set(told)
    for place in range(len(part)):
        met: dict[str, tuple[int, ...]] = {}
        for index, (name, branch) in enumerate(part.branches.items()):
            row = part.find_row(place)
            try:
                values, _ = part.sample(branch, place, index)
            except Broken as error:
                file, number = branch.rows.locate(row)
                problem = Problem(error.code, str(error), file, number, branch.column)
                if problem not in known:
                    told.append(problem)
                continue
            inputs[name].add(values)
            met[name] = values.shape
            sizes.setdefault(name, {}).setdefault(values.shape, row)
            if branch.shape.timed and branch.shape.sizes[0] is None:
                lengths.setdefault(name, {}).setdefault(len(values), row)
        for head, words in part.explain_targets(place, met):
            file, number = part.source.locate(part.find_row(place))
            problem = Problem("shape-differs", words, file, number, head)
            if problem not in known:
                told.append(problem)
    for name, shapes in sizes.items():
        # Shorter samples are filled up to the longest of their batch, which is not known here.
        by_size = sorted(shapes.items(), reverse=True)[: 1 if part.branches[name].tells_padding else None]
        refused = ((part.refuse_sizes({name: shape}), row) for shape, row in by_size)
        why, row = next(((why, row) for why, row in refused if why is not None), (None, 0))
        if why is not None:
            file, number = part.branches[name].rows.locate(row)
            told.append(Problem("does-not-run", why, file, number, part.branches[name].column))
    for name, held in lengths.items():
        branch = part.branches[name]
        if len(held) > 1 and not branch.tells_padding:
            file, number = branch.rows.locate(held[max(held)])
            words = f"samples have {min(held)} to {max(held)} steps, and `{name}` has neither `padding_value` nor `mask_input`"
            told.append(Problem("lengths-differ", words, file, number, branch.column))
    reports = {name: each.report() for name, each in inputs.items()}
    features = {name: each.list_features() for name, each in inputs.items()}
    more = {"left_out": part.left_out} if part.left_out else {}
    return PartReport(samples=len(part), **more, classes=_count_classes(part), inputs=reports), features


def _count_features(branch: BranchSamples) -> int:
    """How many features a branch has, each of which may have a scale of its own; 1 where all numbers are of one sort."""
    width = branch.shape.sizes[-1] if branch.shape.sizes and branch.input.kind in ("vector", "sequence") else 1
    return width or 1


def _count_classes(part: FilePart) -> dict[str, dict[str, int]]:
    """How many samples each class has, by head."""
    found: dict[str, dict[str, int]] = {}
    for head, target in part.targets.items():
        if target.sort == "numbers" or not target.names or head not in part.values:
            continue
        found[head] = dict(zip(target.names, part.count_classes(head).tolist(), strict=True))
    return found


def _find_hints(parts: Mapping[str, Part]) -> list[str]:
    """Numbers whose spread is far from 1 and that nothing scales."""
    found = []
    train = parts["train"]
    assert isinstance(train, FilePart)
    for head, target in train.targets.items():
        if target.sort != "numbers" or target.spread != 1.0 or head not in train.values:
            continue
        values = numpy.concatenate([numpy.zeros(0), *(each.ravel() for each in train.iterate_targets(head))])
        values = values[numpy.isfinite(values)]
        if not values.size:
            continue
        spread, mean = float(values.std()), abs(float(values.mean()))
        if spread > SPREAD or mean > SPREAD or 0 < spread < 1 / SPREAD:
            told = f"the target of `{head}` has a mean of {values.mean():.4g} and a spread of {spread:.4g}"
            found.append(f"{told}: `scale: standard` lets the loss see numbers near 1")
    return found
