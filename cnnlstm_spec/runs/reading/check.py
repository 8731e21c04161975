"""Reads everything there is, for `cnnlstm-spec data`: counts, classes, shapes and ranges of each part, and every problem."""

from __future__ import annotations

from collections.abc import Mapping

import numpy

from ...compiler.compile import Compilation
from ..counted import find_hints, list_unknown_classes
from ..data_report import DataReport, InputReport, PartReport, ProblemReport
from ..samples import DataError, Part
from ..unscaled import find_unscaled
from .open import DataReading
from .part import FilePart
from .problems import Broken, Problem
from .sources.rows import Array

SHAPES = 20
"""So many shapes that samples have are listed."""
SPREAD = 30.0
"""A number whose spread or mean is further than this from 1 is hard to learn unscaled."""


class BranchValues:
    """Gathers what is met in the samples of a branch, one after the other."""

    def __init__(self) -> None:
        self._shapes: dict[str, int] = {}
        self._least, self._greatest = numpy.inf, -numpy.inf
        self._total, self._count = 0.0, 0

    def add(self, values: Array) -> None:
        """Counts a sample in."""
        shape = str(list(values.shape))
        if shape in self._shapes or len(self._shapes) < SHAPES:
            self._shapes[shape] = self._shapes.get(shape, 0) + 1
        if values.dtype.kind == "f":
            # What is no number is a problem of its own.
            values = values[numpy.isfinite(values)]
        if values.size and values.dtype.kind in "biuf":
            self._least, self._greatest = min(self._least, float(values.min())), max(self._greatest, float(values.max()))
            self._total, self._count = self._total + float(values.sum(dtype="float64")), self._count + values.size

    def report(self) -> InputReport:
        """What was met, as it is told."""
        if not self._count:
            return InputReport(shapes=self._shapes, min=None, max=None, mean=None)
        return InputReport(shapes=self._shapes, min=self._least, max=self._greatest, mean=self._total / self._count)


def check_all(compilation: Compilation, allow_outside: bool = False, allow_imports: bool = False) -> DataReport:
    """Reads every sample of every part, of folds those of the first."""
    reading = DataReading(compilation, allow_outside, allow_imports)
    parts = reading.read()
    told = list(reading.problems)
    rows = {name: _report_part(part, told) for name, part in parts.items()}
    reading.seen.save()
    keys = ("file", "row", "column", "code", "message")
    problems = [ProblemReport(**{key: getattr(each, key) for key in keys}) for each in sorted(told, key=_place)]
    hints: list[str] = []
    if "train" in parts and compilation.spec is not None and compilation.typed is not None:
        problems += [
            ProblemReport(file="", row=None, column=None, code="not-a-class", message=message)
            for message in list_unknown_classes(compilation.spec, parts["train"].targets)
        ]
        try:
            hints = [
                *_find_hints(parts),
                *find_unscaled(compilation.typed, compilation.spec, rows["train"].inputs),
                *find_hints(compilation.spec, len(parts["train"])),
            ]
        except DataError as error:
            (message,) = error.problems
            problems.append(ProblemReport(file="", row=None, column=None, code="part-empty", message=message))
    return DataReport(version=1, parts=rows, problems=problems, hints=hints)


def _place(problem: Problem) -> tuple[str, int]:
    """By which problems are sorted."""
    return problem.file, problem.row or 0


def _report_part(part: Part, told: list[Problem]) -> PartReport:
    assert isinstance(part, FilePart)
    inputs = {name: BranchValues() for name in part.branches}
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
    return PartReport(
        samples=len(part), classes=_count_classes(part), inputs={name: each.report() for name, each in inputs.items()}
    )


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
