"""A part of the samples, read batch by batch: padding, masks, buckets, windows, and what training alone draws."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import field

import numpy

from ...spec.data.window import Window
from ...text.frozen import dataclass
from ..open_sizes import OpenSizes, Shapes
from ..samples import Batch, DataError, HeadTarget, Part
from .branches.branch import BranchSamples
from .branches.cells import CellsBranch
from .problems import Broken, Problem
from .sources.rows import Array, Rows
from .windows import RowOrder

MOST_AT_ONCE = 1 << 27
"""Bytes of samples that are handed on at once; more are read batch by batch, and not held twice."""


@dataclass(frozen=True)
class Windows:
    """How samples are made of rows one after the other."""

    window: Window
    order: RowOrder
    known: Callable[[str], Array]
    """By head, the numbers of the columns of its target (rows, columns), which forecasts are compared with."""


@dataclass(frozen=True, eq=False)
class FilePart(Part):
    """Samples of a source: rows, or windows that begin at positions of an order."""

    source: Rows
    branches: Mapping[str, BranchSamples]
    at: Array
    """The row of each sample; with windows, the position in the order at which it begins."""
    targets: Mapping[str, HeadTarget]
    values: Mapping[str, Array | list[Array]]
    """By head, the targets of all samples."""
    weights: Mapping[str, Array]
    """By head, the weights of all samples."""
    seed: int = 0
    windows: Windows | None = None
    groups: Sequence[str] | None = None
    sizes: OpenSizes | None = None
    """What the model asks of sizes that are known only here; None where nobody asks."""
    left_out: int = 0
    _lengths: dict[int, int] = field(default_factory=dict, init=False)
    """Steps of the samples whose length has been asked for, by place: each is read once."""

    def __len__(self) -> int:
        return len(self.at)

    def find_row(self, place: int) -> int:
        """The row of a sample; of a window its last one."""
        return int(self._find_rows(self.at[place : place + 1])[0])

    def _find_rows(self, at: Array) -> Array:
        """The row of each of these, which are as in `at`."""
        return at if self.windows is None else self.windows.order.rows[at + self.windows.window.span - 1]

    def read(self, places: Sequence[int], epoch: int | None = None) -> Batch:
        at = numpy.asarray(places, dtype="int64")
        inputs, lengths = self._read_inputs(at, self.branches, epoch)
        self._need_fitting_targets(at, inputs, lengths)
        targets = {head: _take_targets(values, at) for head, values in self.values.items()}
        return Batch(inputs, targets, {head: weights[at] for head, weights in self.weights.items()})

    def read_inputs(self, places: Sequence[int], branches: Collection[str]) -> Mapping[str, Array]:
        """The inputs of some branches, without the others."""
        return self._read_inputs(numpy.asarray(places, dtype="int64"), branches, None)[0]

    def _read_inputs(self, at: Array, branches: Collection[str], epoch: int | None) -> tuple[dict[str, Array], dict[str, Array]]:
        """The inputs of samples, and by branch how many steps each of them has."""
        inputs: dict[str, Array] = {}
        lengths: dict[str, Array] = {}
        for index, (name, branch) in enumerate(self.branches.items()):
            if name not in branches:
                continue
            inputs[name], real, lengths[name] = self._read_values(branch, at, epoch, index)
            if branch.input.mask_input is not None:
                self._add_mask(inputs, branch.input.mask_input, real)
        if (why := self.refuse_sizes({name: inputs[name].shape[1:] for name in branches})) is not None:
            raise DataError([f"{self.source.name}: {why}"])
        return inputs, lengths

    def _need_fitting_targets(self, at: Array, inputs: Mapping[str, Array], lengths: Mapping[str, Array]) -> None:
        """Raises DataError where a target has another number of steps than the model gives for its sample."""
        if self.sizes is None or not self.sizes.open_heads:
            return
        for index, place in enumerate(at.tolist()):
            shapes = {name: (int(lengths[name][index]), *inputs[name].shape[2:]) for name in lengths}
            for head, told in self.explain_targets(place, shapes):
                file, number = self.source.locate(self.find_row(place))
                raise DataError([str(Problem("shape-differs", told, file, number, head))])

    def find_unfit_targets(self) -> Iterator[tuple[str, int, str, str]]:
        """File, row and head of each target that does not fit its sample, and why; what cannot be read is told elsewhere."""
        for place in range(len(self)):
            try:
                held = {name: self.sample(each, place, index)[0] for index, (name, each) in enumerate(self.branches.items())}
            except Broken:
                continue
            for head, told in self.explain_targets(place, {name: each.shape for name, each in held.items()}):
                yield *self.source.locate(self.find_row(place)), head, told

    def explain_targets(self, place: int, shapes: Shapes) -> Iterator[tuple[str, str]]:
        """The heads whose target of a sample has another shape than the model gives for inputs of these shapes, and why."""
        measured = self.sizes.measure_heads(shapes) if self.sizes is not None else {}
        for head, sizes in measured.items():
            # Where some could not be read, which is told, the others have not their places.
            if head in self.values and len(self.values[head]) == len(self):
                wanted = sizes[:-1] if self.targets[head].encoding == "integer" else sizes
                has = self.values[head][place].shape
                if len(has) == len(wanted) and any(size not in (None, held) for size, held in zip(wanted, has, strict=True)):
                    yield head, f"the target of `{head}` is {list(has)}; of this sample the model gives {list(wanted)}"

    def refuse_sizes(self, shapes: Shapes) -> str | None:
        """Why the model does not run on samples of these shapes, in words; None where it does."""
        return self.sizes.refuse(shapes) if self.sizes is not None else None

    def read_targets(self, places: Sequence[int]) -> Mapping[str, Array]:
        """The targets of some samples, without their inputs."""
        at = numpy.asarray(places, dtype="int64")
        return {head: _take_targets(values, at) for head, values in self.values.items()}

    def iterate_targets(self, head: str) -> Iterator[Array]:
        values = self.values[head]
        yield from values if isinstance(values, list) else [values]

    def _read_values(self, branch: BranchSamples, at: Array, epoch: int | None, index: int) -> tuple[Array, Array, Array]:
        """The samples of a branch, padded to one length; which steps are real, (samples, steps); and how many there are."""
        matrix = branch.read_matrix()
        if self.windows is not None and matrix is not None:
            values = self._cut_windows(branch, matrix, at)
            return values, numpy.ones(values.shape[:2], bool), numpy.full(len(at), values.shape[1] if values.ndim > 1 else 1)
        if matrix is not None:
            values, masks = matrix[self.at[at]].astype(branch.dtype, copy=False), branch.read_mask_matrix()
            real = masks[self.at[at]] if masks is not None else numpy.ones(values.shape[:2], bool)
            return values, real, numpy.full(len(at), values.shape[1] if values.ndim > 1 else 1)
        masked = [self._sample(branch, place, epoch, index) for place in at.tolist()]
        found = [values for values, _ in masked]
        if branch.input.kind == "text":
            texts = numpy.asarray([each.item() for each in found], dtype=object)
            return texts, numpy.ones((len(at), 1), bool), numpy.ones(len(at), "int64")
        lengths = numpy.asarray([len(each) if each.ndim else 1 for each in found])
        if branch.shape.timed and len(set(lengths.tolist())) > 1:
            self._need_padding(branch, at, lengths)
            found = _pad_samples(found, branch, int(lengths.max()))
        real = numpy.arange(max(lengths, default=0))[None, :] < lengths[:, None]
        for place, (_, each) in enumerate(masked):
            if each is not None:
                real[place, : len(each)] = each
        return numpy.stack(found), real, lengths

    def _need_padding(self, branch: BranchSamples, at: Array, lengths: Array) -> None:
        """Raises DataError where samples of different lengths meet in a branch that could not tell padding from steps."""
        if not branch.tells_padding:
            words = f"samples have {lengths.min()} to {lengths.max()} steps, and `{branch.name}` has neither padding nor mask"
            row = int(self.at[int(at[int(lengths.argmax())])])
            raise DataError([str(describe_problem(branch, row, Broken("lengths-differ", words)))])

    def _cut_windows(self, branch: BranchSamples, matrix: Array, at: Array) -> Array:
        assert self.windows is not None
        window, order = self.windows.window, self.windows.order
        first = self.at[at]
        if branch.input.kind == "vector" or not branch.shape.sizes:
            return numpy.asarray(matrix[order.rows[first + window.span - 1]])
        steps = numpy.arange(window.sequence_length) * window.sampling_rate
        values = matrix[order.rows[first[:, None] + steps]]
        return values[..., 0] if len(branch.shape.sizes) == 1 else values

    def sample(self, branch: BranchSamples, place: int, index: int, epoch: int | None = None) -> tuple[Array, Array | None]:
        """One sample of a branch, the `index`-th, and which of its steps are real, None where all are; raises Broken."""
        matrix = branch.read_matrix()
        if self.windows is not None and matrix is not None:
            return numpy.asarray(self._cut_windows(branch, matrix, numpy.asarray([place]))[0]), None
        drawn = None if epoch is None else numpy.random.default_rng([self.seed, epoch, place, index])
        return branch.read_masked(int(self.at[place]), drawn)

    def _sample(self, branch: BranchSamples, place: int, epoch: int | None, index: int) -> tuple[Array, Array | None]:
        try:
            return self.sample(branch, place, index, epoch)
        except Broken as error:
            raise DataError([str(describe_problem(branch, int(self.at[place]), error))]) from None

    def _add_mask(self, inputs: dict[str, Array], name: str, mask: Array) -> None:
        """The boolean input that says which steps are real; of branches that share one all have equal steps."""
        if name in inputs and not (inputs[name].shape == mask.shape and bool((inputs[name] == mask).all())):
            raise DataError([f"{self.source.name}: the branches that share `{name}` have different numbers of steps"])
        inputs[name] = mask

    def plan(self, order: Sequence[int], size: int) -> list[Sequence[int]]:
        bucketed = next(((b, b.source.source.length.bucket) for b in self.branches.values() if _has_buckets(b)), None)  # type: ignore[attr-defined]
        if bucketed is None:
            return super().plan(order, size)
        branch, bounds = bucketed
        open_: dict[int, list[int]] = {}
        batches: list[Sequence[int]] = []
        for place in order:
            bucket = int(numpy.searchsorted(bounds, self.count_steps(branch, int(place))))
            held = open_.setdefault(bucket, [])
            held.append(int(place))
            if len(held) == size:
                batches.append(open_.pop(bucket))
        return [*batches, *(open_[bucket] for bucket in sorted(open_))]

    def count_steps(self, branch: BranchSamples, place: int) -> int:
        """How many steps a sample has."""
        if place not in self._lengths:
            self._lengths[place] = len(self._sample(branch, place, None, 0)[0])
        return self._lengths[place]

    def read_arrays(self) -> Batch | None:
        matrices = [branch.read_matrix() for branch in self.branches.values()]
        if self.windows is not None or any(each is None for each in matrices):
            return None
        if sum(each.nbytes for each in matrices if each is not None) > MOST_AT_ONCE:
            return None
        if any(isinstance(values, list) for values in self.values.values()):
            return None
        return self.read(range(len(self)))

    def name_sample(self, place: int) -> str:
        return self._name_row(self.find_row(place))

    def _name_row(self, row: int) -> str:
        for branch in self.branches.values():
            if isinstance(branch, CellsBranch) and branch.paths:
                return str(self.source.read_cell(branch.column, row))
        return self.source.name_row(row)

    def read_rows(self) -> Mapping[str, Sequence[object]] | None:
        return self.source.read_whole()

    def list_kept(self) -> Sequence[int | None]:
        places = {row: place for place, row in enumerate(self._find_rows(self.at).tolist())}
        return [places.get(row) for row in range(len(self.source))]

    def explain_unkept(self) -> Iterator[tuple[int, str]]:
        yield from super().explain_unkept()
        if self.windows is not None and (count := len(self.source) - len(self) - self.left_out):
            yield count, f"no window of {self.windows.window.span:,} rows ends there"

    def name_kept(self) -> Sequence[str]:
        return [self._name_row(row) for row in range(len(self.source))]


def describe_problem(branch: BranchSamples, row: int, error: Broken) -> Problem:
    """What is amiss with a cell, with its file and row; the file that it names, where it names one that is there."""
    file, number = branch.rows.locate(row)
    return Problem(error.code, str(error), file, number, branch.column)


def _has_buckets(branch: BranchSamples) -> bool:
    length = getattr(branch.source.source, "length", None)
    return length is not None and length.bucket is not None


def _pad_samples(samples: list[Array], branch: BranchSamples, steps: int) -> list[Array]:
    """Samples of one length, filled up at the end; raises DataError where the branch could not tell padding."""
    found = []
    for each in samples:
        room = numpy.full((steps - len(each), *each.shape[1:]), branch.fill, dtype=each.dtype)
        found.append(numpy.concatenate([each, room]) if len(room) else each)
    return found


def _take_targets(values: Array | list[Array], at: Array) -> Array:
    """The targets of some samples; those of different lengths are filled up with 0."""
    if isinstance(values, numpy.ndarray):
        return values[at]
    held = [values[index] for index in at.tolist()]
    steps = max(len(each) for each in held)
    room = [[(0, steps - len(each)), *[(0, 0)] * (each.ndim - 1)] for each in held]
    return numpy.stack([numpy.pad(each, pad) for each, pad in zip(held, room, strict=True)])
