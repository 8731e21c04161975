"""How a branch reads its samples: numbers of columns at once, lists and files one by one, each held against its shape."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy

from ...ops.input import Input
from ...spec.data.inputs import BranchSource, ImageSource, OneHotColumn, SequenceSource, VectorSource, VideoSource
from ...spec.data.lengths import Length
from .augment import augment
from .formats.film import read_film
from .formats.image import need_size, read_image, size_of
from .formats.npy import open_npy
from .formats.series import read_series
from .formats.volume import read_volume
from .problems import Broken, Problems
from .seen import Seen
from .sources.rows import EMPTY, FINE, NO_NUMBER, NO_WORD, NOT_FINITE, NOT_WHOLE, Array, Rows

UNKNOWN_DTYPE = {"bfloat16": "float32"}
"""What stands for dtypes that NumPy does not have."""


class Shape(NamedTuple):
    """What a sample of a branch looks like."""

    sizes: tuple[int | None, ...]
    """None of a size that is known only at run time."""
    timed: bool
    """Whether the first axis is the steps, along which samples are padded."""


def shape_of(input: Input) -> Shape:
    """The shape of a branch's samples."""
    sizes = tuple(each if isinstance(each, int) else None for each in input.shape)
    first = input.kind in ("sequence", "video", "tokens") and len(sizes) > 0
    timed = first or (input.kind == "tensor" and input.time_axis is not None and (input.axes or ("",))[0] == input.time_axis)
    return Shape(sizes, timed)


class Branch(ABC):
    """The samples of a branch, by row."""

    def __init__(self, name: str, input: Input, source: BranchSource, rows: Rows) -> None:
        self.name, self.input, self.source, self.rows = name, input, source, rows
        self.shape = shape_of(input)
        self.dtype = UNKNOWN_DTYPE.get(input.data_type, input.data_type)

    tells_padding: bool = True
    """Whether the model can tell padded steps of it: by `padding_value`, `mask_input`, or a layer that masks."""

    @abstractmethod
    def read(self, row: int, generator: numpy.random.Generator | None = None) -> Array:
        """The sample of a row, in the branch's shape; raises Broken. With a generator it is drawn as in training."""

    def check(self, rows: Array, problems: Problems) -> Array:
        """Reports what is amiss with cells that are looked at before training; gives the rows that stay."""
        return rows

    def matrix(self) -> Array | None:
        """The samples of all rows, where they lie in memory; of a dtype that is cast when they are fed."""
        return None

    @property
    def column(self) -> str:
        """The column of cells, each of which is a sample."""
        return self.source.column


class ColumnsBranch(Branch):
    """A number for each of some columns: in memory, (rows, features)."""

    def __init__(self, name: str, input: Input, source: BranchSource, rows: Rows) -> None:
        super().__init__(name, input, source, rows)
        # Values of other dtypes are cast from float64, which holds what is empty.
        values, self.faults = _read_numbers(source, rows, "float32" if self.dtype == "float32" else "float64")
        missing = source.source.missing if isinstance(source.source, VectorSource) else None
        self.dropped: Array | None = None
        if missing is not None and self.faults is not None:
            empty = self.faults == EMPTY
            if missing == "drop":
                self.dropped = empty.any(axis=1)
            else:
                values[empty] = float(missing)
            self.faults[empty] = FINE
        if not self.shape.sizes:
            values = values[:, 0]
        if input.kind == "tokens" and not self.shape.sizes and bool((broken := values % 1 != 0).any()):
            faults = numpy.zeros((len(values), 1), "int8") if self.faults is None else self.faults
            self.faults = numpy.where(broken[:, None] & (faults == FINE), NOT_WHOLE, faults)
        self.values = values.astype(self.dtype, copy=False)

    def check(self, rows: Array, problems: Problems) -> Array:
        if self.dropped is not None:
            rows = rows[~self.dropped[rows]]
        if self.faults is None:
            return rows
        at, columns = numpy.nonzero(self.faults[rows])
        names = _list_names(self.source)
        for index, column in zip(at.tolist(), columns.tolist(), strict=True):
            row = int(rows[index])
            file, number = self.rows.where(row)
            problems.add(*FAULTS[int(self.faults[row, column])], file, number, names[column])
        return rows

    def matrix(self) -> Array | None:
        return self.values

    @property
    def column(self) -> str:
        """The first of the columns."""
        first = self.source.columns[0]
        return first if isinstance(first, str) else first.column

    def read(self, row: int, generator: numpy.random.Generator | None = None) -> Array:
        return numpy.asarray(self.values[row])


FAULTS = {
    EMPTY: ("cell-empty", "the cell is empty: fill it, or say `missing: drop` or a number"),
    NO_NUMBER: ("not-a-number", "the cell is no number"),
    NOT_FINITE: ("not-finite", "the number is NaN or infinite"),
    NOT_WHOLE: ("not-a-number", "the number is not whole, as a token is"),
    NO_WORD: ("not-a-class", "the cell is none of the words of `one_hot`"),
}


def _list_names(source: BranchSource) -> list[str]:
    """The column of each feature."""
    found = []
    for each in source.columns:
        found += [each] if isinstance(each, str) else [each.column] * each.width
    return found


def _read_numbers(source: BranchSource, rows: Rows, dtype: str) -> tuple[Array, Array | None]:
    """The features of all rows, and what is amiss with each; None where nothing is."""
    plain = [each for each in source.columns if isinstance(each, str)]
    if len(plain) == len(source.columns):
        return rows.read_matrix(plain, dtype)
    values: Array = numpy.empty((len(rows), len(_list_names(source))), dtype)
    faults: Array = numpy.zeros(values.shape, "int8")
    first = 0
    for each in source.columns:
        if isinstance(each, OneHotColumn):
            names, codes = rows.codes(each.column)
            known = [FINE if name in each.one_hot else NO_WORD if name else EMPTY for name in names]
            some = slice(first, first + each.width)
            values[:, some] = numpy.asarray([[name == word for word in each.one_hot] for name in names], dtype)[codes]
            faults[:, some] = numpy.asarray(known, "int8")[codes][:, None]
            first += each.width
            continue
        numbers, amiss = rows.read_matrix([each], dtype)
        values[:, first] = numbers[:, 0]
        if amiss is not None:
            faults[:, first] = amiss[:, 0]
        first += 1
    return values, faults if faults.any() else None


class CellsBranch(Branch):
    """A cell a sample: an array of a source of arrays, a list, a text, or the path of a file."""

    def __init__(self, name: str, input: Input, source: BranchSource, rows: Rows) -> None:
        super().__init__(name, input, source, rows)
        self.paths = input.kind != "text" and rows.is_text(self.column)
        self.rates: dict[int, int] = {}
        """The first row of each rate at which sound is recorded."""
        self.seen = Seen(None)
        """The files that are known to be sound."""
        self.reading = hashlib.sha256(f"{input!r} {source.source!r}".encode("utf-8", "surrogatepass")).hexdigest()[:16]
        """What tells this way of reading from others."""
        self.noted = numpy.zeros(len(rows) if self.paths else 0, dtype=bool)

    def matrix(self) -> Array | None:
        return self._matrix

    @cached_property
    def _matrix(self) -> Array | None:
        """The array of a source that is fed as it is, all of its numbers sound."""
        source: Any = self.source.source
        changed = any(getattr(source, key, None) for key in ("augment", "length")) or getattr(source, "stride", 1) != 1
        found = None if changed or self.paths else self.rows.read_array(self.column)
        if found is None or found.shape[1:] != self.shape.sizes:
            return None
        return found if found.dtype.kind != "f" or bool(numpy.isfinite(found).all()) else None

    def check(self, rows: Array, problems: Problems) -> Array:
        """Whether the file of each cell is there and its header says what the branch takes, or the cell itself does.

        Of an array, whose samples are all of one shape, the first is looked at.
        """
        looked_at = rows.tolist() if not self.rows.is_array(self.column) else rows[:1].tolist()
        for row in looked_at:
            try:
                if self.paths:
                    path = self.path(row)
                    if not self.seen.knows(path, self.reading):
                        self.check_header(path)
                else:
                    self.read(row)
            except Broken as error:
                file, number = self.rows.where(row)
                problems.add(error.code, str(error), file, number, self.column)
        return rows

    def check_header(self, path: Path) -> None:
        """Raises Broken for a file whose header says that it does not fit."""
        source, sizes = self.source.source, self.shape.sizes
        if self.input.kind == "image" and isinstance(source, ImageSource) and source.resize is None:
            need_size(size_of(path), sizes[0], sizes[1])
        elif path.suffix.lower() == ".npy" and self.input.kind in ("tensor", "tokens", "volume"):
            open_npy(path)

    def path(self, row: int) -> Path:
        """The file that a cell names; raises Broken."""
        cell, root = self.rows.cell(self.column, row), self.rows.root(row)
        if cell is None or cell == "":
            raise Broken("cell-empty", "the cell is empty")
        if root is None:
            raise Broken("not-a-kind", f"the branch reads {self.input.kind} data, not text")
        return root.find(str(cell))

    def read(self, row: int, generator: numpy.random.Generator | None = None) -> Array:
        if self.input.kind == "text":
            cell = self.rows.cell(self.column, row)
            if cell is None:
                raise Broken("cell-empty", "the cell is empty")
            return numpy.asarray(str(cell), dtype=object)
        values = self.fit_shape(self.require_finite(self.decoded(row, generator)), generator)
        if self.paths and not self.noted[row]:
            self.noted[row] = True
            self.seen.note(self.path(row), values.shape, self.reading)
        return values.astype(self.dtype, copy=False)

    def decoded(self, row: int, generator: numpy.random.Generator | None) -> Array:
        """What a cell or its file holds, of a film the frames that are taken."""
        return self.read_file(self.path(row), generator) if self.paths else self.cell(row)

    def undrawn(self, row: int) -> Array:
        """All that `read` draws a sample of in training: every frame of a film whose frames are drawn; raises Broken."""
        source = self.source.source
        whole = self.paths and isinstance(source, VideoSource) and source.frames == "random"
        return self.require_finite(self.read_file(self.path(row), None, whole) if whole else self.decoded(row, None))

    @staticmethod
    def require_finite(values: Array) -> Array:
        """The values; raises Broken where one is no number."""
        if values.dtype.kind == "f" and not bool(numpy.isfinite(values).all()):
            raise Broken("not-finite", "it holds NaN or infinity")
        return values

    def cell(self, row: int) -> Array:
        """What a cell holds that is no path."""
        value = self.rows.cell(self.column, row)
        if value is None:
            raise Broken("cell-empty", "the cell is empty")
        values = numpy.asarray(value)
        if values.dtype.kind not in "biuf":
            raise Broken("not-a-number", "the cell holds no numbers")
        if self.input.kind == "video" and values.ndim == 4:
            stride = self.source.source.stride if isinstance(self.source.source, VideoSource) else 1
            values = values[::stride]
        return values

    def read_file(self, path: Path, generator: numpy.random.Generator | None, whole: bool = False) -> Array:
        """What a file holds, by the branch's kind; of a film the frames that are taken, or the whole of it."""
        source, sizes = self.source.source, self.shape.sizes
        if self.input.kind == "image":
            assert isinstance(source, ImageSource)
            return read_image(path, source, *sizes)
        if self.input.kind == "video":
            assert isinstance(source, VideoSource)
            return read_film(path, source, sizes[1:], range if whole else self.chooser(source, generator))
        if self.input.kind == "sequence":
            assert isinstance(source, SequenceSource)
            values, rate = read_series(path, source)
            if rate is not None and source.sample_rate is None:
                self.rates.setdefault(rate, 1)
                if len(self.rates) > 1:
                    listed = " and ".join(map(str, sorted(self.rates)))
                    raise Broken("shape-differs", f"recordings have {listed} samples a second: give the branch `sample_rate`")
            return values
        if self.input.kind == "volume":
            return read_volume(path, sizes)
        return open_npy(path)

    def chooser(self, source: VideoSource, generator: numpy.random.Generator | None) -> Callable[[int], Sequence[int]]:
        """Which frames of a clip are taken: as many as the branch has steps, or `length.max`."""
        most = self.shape.sizes[0] or (source.length.max if source.length is not None else None)

        def choose(count: int) -> Sequence[int]:
            if most is None or count <= most:
                return range(count)
            if source.frames in ("first", "key"):
                return range(most)
            if source.frames == "random" and generator is not None:
                edges = numpy.linspace(0, count, most + 1).astype(int)
                return [int(generator.integers(low, max(high, low + 1))) for low, high in pairwise(edges)]
            return [int(each) for each in numpy.round(numpy.linspace(0, count - 1, most)).astype(int)]

        return choose

    def fit_shape(self, values: Array, generator: numpy.random.Generator | None) -> Array:
        """The values in the branch's shape: augmented, cut and filled up along the steps; raises Broken."""
        sizes = self.shape.sizes
        if values.ndim == len(sizes) - 1 and sizes[-1] == 1:
            values = values[..., None]
        if values.ndim != len(sizes):
            raise Broken("shape-differs", f"the sample is {list(values.shape)}; the branch takes {_show_sizes(sizes)}")
        source: Any = self.source.source
        if self.shape.timed:
            if generator is not None:
                values = augment(values, getattr(source, "augment", ()), generator, self.input.padding_value)
            values = self.fit_steps(values, getattr(source, "length", None))
        if any(want is not None and want != has for want, has in zip(sizes, values.shape, strict=True)):
            raise Broken("shape-differs", f"the sample is {list(values.shape)}; the branch takes {_show_sizes(sizes)}")
        return values

    @property
    def fill(self) -> float:
        """What stands where a sample has no step."""
        return self.input.padding_value if self.input.padding_value is not None else 0

    def fit_steps(self, values: Array, length: Length | None) -> Array:
        """Cut to `max`, and filled up to a fixed number of steps where `pad` says so."""
        steps, most = self.shape.sizes[0], length.max if length is not None else None
        if length is not None and most is not None and len(values) > most:
            values = values[:most] if length.truncate == "end" else values[len(values) - most :]
        if steps is not None and len(values) < steps:
            if length is None or length.pad is None:
                told = f"the sample has {len(values)} steps; the branch takes {steps}: `length: {{pad: end}}` fills it up"
                raise Broken("shape-differs", told)
            room = numpy.full((steps - len(values), *values.shape[1:]), self.fill, dtype=values.dtype)
            values = numpy.concatenate([values, room] if length.pad == "end" else [room, values])
        if len(values) == 0:
            raise Broken("shape-differs", "the sample has no steps")
        return values


def _show_sizes(sizes: tuple[int | None, ...]) -> str:
    return "[" + ", ".join("?" if each is None else str(each) for each in sizes) + "]"


def open_branch(name: str, input: Input, source: BranchSource, rows: Rows, window: bool) -> Branch:
    """The reader of a branch; raises KeyError with the column that is not there."""
    for column in dict.fromkeys(
        each if isinstance(each, str) else each.column for each in _list_columns(source, rows, input, window)
    ):
        if column not in rows.names():
            raise KeyError(column)
    one_token = input.kind == "tokens" and not input.shape
    source_columns = isinstance(source.source, VectorSource) or window or one_token
    if source_columns and (window or _are_numbers(source, rows)):
        return ColumnsBranch(name, input, source, rows)
    return CellsBranch(name, input, source, rows)


def _list_columns(source: BranchSource, rows: Rows, input: Input, window: bool) -> tuple[str | OneHotColumn, ...]:
    """The columns of the table that a branch reads: those of a series are of its files, unless there are windows."""
    if isinstance(source.source, SequenceSource) and not window:
        return (source.column,)
    return source.columns


def _are_numbers(source: BranchSource, rows: Rows) -> bool:
    """Whether a vector is numbers of columns, not a list in one."""
    if isinstance(source.source, VectorSource) and source.source.columns is not None:
        return True
    if not len(rows):
        return True
    for row in range(len(rows)):
        try:
            cell = rows.cell(source.column, row)
        except Broken:
            return False
        if cell is not None:
            return not (isinstance(cell, numpy.ndarray) and cell.ndim)
    return True
