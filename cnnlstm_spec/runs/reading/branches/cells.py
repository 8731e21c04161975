"""Cells of which each is a sample: a list, a text, or the path of a file, read one by one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy

from ....spec.data.inputs import ImageSource, SequenceSource, VideoSource
from ....spec.data.lengths import Length
from ....text.files import find_sort
from ..augment import augment
from ..formats.film import read_film
from ..formats.image import check_image, read_image
from ..formats.npy import open_npy
from ..formats.series import read_series
from ..formats.text import read_text
from ..formats.volume import read_volume
from ..problems import Broken, Problems
from ..room import Room
from ..seen import Seen
from ..sources.rows import Array, Rows
from .branch import BranchFacts, BranchSamples, holds


class CellsBranch(BranchSamples):
    """A cell a sample: an array of a source of arrays, a list, a text, or the path of a file."""

    def __init__(self, branch: BranchFacts, rows: Rows, seen: Seen | None = None, room: Room | None = None) -> None:
        super().__init__(branch, rows)
        self.paths = rows.holds_files() or (self.input.kind != "text" and rows.is_text(self.column))
        self.rates: dict[int, int] = {}
        """The first row of each rate at which sound is recorded."""
        self.seen = seen or Seen(None)
        """The files that are known to be sound."""
        self.room = room or Room()
        """What there is for samples that are read again in a later epoch."""
        self.kept: dict[int, Array] = {}
        """By row, what was decoded and found sound, as far as there is room."""
        way = f"{self.input!r} {self.source.source!r} {self.tokens}"
        self.reading = hashlib.sha256(way.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        """What tells this way of reading from others."""
        self.noted = numpy.zeros(len(rows) if self.paths else 0, dtype=bool)

    def read_matrix(self) -> Array | None:
        return self._matrix

    @cached_property
    def _matrix(self) -> Array | None:
        """The array of a source that is fed as it is, all of its numbers sound."""
        source: Any = self.source.source
        changed = any(getattr(source, key, None) for key in ("augment", "length")) or getattr(source, "stride", 1) != 1
        found = None if changed or self.paths else self.rows.read_array(self.column)
        if found is None or found.shape[1:] != self.shape.sizes or (self.mask_column is not None and self._masks is None):
            return None
        sound = (found.dtype.kind != "f" or bool(numpy.isfinite(found).all())) and self.find_strange(found) is None
        return found if sound else None

    @cached_property
    def mask_column(self) -> str | None:
        """The array that says which steps are real, where a source of arrays has one by the name of the mask input."""
        name = self.input.mask_input
        return name if name is not None and name in self.rows.list_names() and self.rows.is_array(name) else None

    @cached_property
    def _masks(self) -> Array | None:
        """The masks of all samples, where they lie in memory and are sound."""
        found = self.rows.read_array(self.mask_column) if self.mask_column is not None else None
        if found is None or found.shape[1:] != self.shape.sizes[:1] or not bool(numpy.isin(found, (0, 1)).all()):
            return None
        return found.astype(bool)

    def read_mask_matrix(self) -> Array | None:
        return self._masks

    def check(self, rows: Array, problems: Problems) -> Array:
        """Whether the file of each cell is there and its header says what the branch takes, or the cell itself does.

        Of an array, whose samples are all of one shape, the first is looked at.
        """
        looked_at = rows.tolist() if not self.rows.is_array(self.column) else rows[:1].tolist()
        for row in looked_at:
            try:
                if self.paths:
                    if not self.is_known(row):
                        self.check_header(self.find_path(row))
                else:
                    self.read(row)
            except Broken as error:
                file, number = self.rows.locate(row)
                problems.add(error.code, str(error), file, number, self.column)
        return rows

    def is_known(self, row: int) -> bool:
        """Whether the file of a cell was read before, as it is now, and was sound; raises Broken."""
        return self.seen.knows(self.find_path(row), self.reading)

    def check_header(self, path: Path) -> None:
        """Raises Broken for a file whose header says that it does not fit."""
        source, sizes = self.source.source, self.shape.sizes
        if self.input.kind == "image" and isinstance(source, ImageSource) and source.resize is None:
            check_image(path, sizes[0], sizes[1])
        elif path.suffix.lower() == ".npy" and self.input.kind in ("tensor", "tokens", "volume"):
            open_npy(path)

    def find_path(self, row: int) -> Path:
        """The file that a cell names; raises Broken."""
        cell, root = self.rows.read_cell(self.column, row), self.rows.find_root(row)
        if cell is None or cell == "":
            raise Broken("cell-empty", "the cell is empty")
        if root is None:
            raise Broken("not-a-kind", f"the branch reads {self.input.kind} data, not text")
        path = root.find(str(cell))
        if self.input.kind != "video" and find_sort(path) == "folder":
            raise Broken("not-a-kind", "it is a folder, and no file")
        return path

    def read(self, row: int, generator: numpy.random.Generator | None = None) -> Array:
        return self.read_masked(row, generator)[0]

    def read_masked(self, row: int, generator: numpy.random.Generator | None = None) -> tuple[Array, Array | None]:
        if self.input.kind == "text":
            cell = read_text(self.find_path(row)) if self.paths else self.rows.read_cell(self.column, row)
            if cell is None:
                raise Broken("cell-empty", "the cell is empty")
            return numpy.asarray(str(cell), dtype=object), None
        decoded = self.decode_sound(row, generator)
        if self.find_strange(decoded) is not None:
            raise Broken("not-a-token", f"it holds a number that the embedding does not look up, 0 to {(self.tokens or 1) - 1}")
        values, real = self.fit_shape(decoded, self._read_mask(row, decoded), generator)
        if self.paths and not self.noted[row]:
            self.noted[row] = True
            self.seen.note(self.find_path(row), values.shape, self.reading)
        if self.input.kind == "tokens" and values.dtype.kind == "f" and bool((values % 1 != 0).any()):
            raise Broken("not-a-number", "it holds a number that is not whole, as a token is")
        if not holds(self.dtype, values):
            raise Broken("not-finite", f"it holds a number that is too large for {self.dtype}")
        return values.astype(self.dtype, copy=False), real

    def _read_mask(self, row: int, values: Array) -> Array | None:
        """Which steps of a sample are real, as the source says it; None where it does not. Raises Broken."""
        if self.mask_column is None:
            return None
        found = numpy.asarray(self.rows.read_cell(self.mask_column, row))
        if found.shape != values.shape[:1]:
            told = f"`{self.input.mask_input}` is {list(found.shape)}; the sample has {len(values)} steps"
            raise Broken("shape-differs", told)
        if not bool(numpy.isin(found, (0, 1)).all()):
            raise Broken("not-a-number", f"`{self.input.mask_input}` holds other values than true and false")
        return found.astype(bool)

    def decode_sound(self, row: int, generator: numpy.random.Generator | None) -> Array:
        """What was decoded, of whole numbers or finite ones, kept where every epoch takes the same; raises Broken."""
        if (held := self.kept.get(row)) is not None:
            return held
        values = self.require_finite(self.decode(row, generator))
        if self.stays and self.room.take(values.nbytes):
            values = numpy.array(values)
            values.setflags(write=False)
            self.kept[row] = values
        return values

    @cached_property
    def stays(self) -> bool:
        """Whether a sample is the same whenever it is read, and not in memory already."""
        return getattr(self.source.source, "frames", None) != "random" and self.rows.read_array(self.column) is None

    def decode(self, row: int, generator: numpy.random.Generator | None) -> Array:
        """What a cell or its file holds, of a film the frames that are taken."""
        return self.read_file(self.find_path(row), generator) if self.paths else self.decode_cell(row)

    def read_undrawn(self, row: int) -> Array:
        """All that `read` draws a sample of in training: every frame of a film whose frames are drawn; raises Broken."""
        source = self.source.source
        whole = self.paths and isinstance(source, VideoSource) and source.frames == "random"
        return self.require_finite(self.read_file(self.find_path(row), None, whole) if whole else self.decode(row, None))

    @staticmethod
    def require_finite(values: Array) -> Array:
        """The values; raises Broken where one is no number."""
        if values.dtype.kind == "f" and not bool(numpy.isfinite(values).all()):
            raise Broken("not-finite", "it holds NaN or infinity")
        return values

    def decode_cell(self, row: int) -> Array:
        """What a cell holds that is no path."""
        value = self.rows.read_cell(self.column, row)
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
            return read_film(path, source, sizes[1:], range if whole else self.make_chooser(source, generator))
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

    def make_chooser(self, source: VideoSource, generator: numpy.random.Generator | None) -> Callable[[int], Sequence[int]]:
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

    def fit_shape(
        self, values: Array, real: Array | None, generator: numpy.random.Generator | None
    ) -> tuple[Array, Array | None]:
        """The values in the branch's shape, augmented, cut and filled up along the steps, and which of these are real.

        Raises Broken.
        """
        sizes = self.shape.sizes
        if values.ndim == len(sizes) - 1 and sizes[-1] == 1:
            values = values[..., None]
        if values.ndim != len(sizes):
            raise Broken("shape-differs", f"the sample is {list(values.shape)}; the branch takes {_show_sizes(sizes)}")
        source: Any = self.source.source
        if self.shape.timed:
            if generator is not None:
                values, real = augment(values, real, getattr(source, "augment", ()), generator, self.padding)
            values, real = self.fit_steps(values, real, getattr(source, "length", None))
        if any(want is not None and want != has for want, has in zip(sizes, values.shape, strict=True)):
            raise Broken("shape-differs", f"the sample is {list(values.shape)}; the branch takes {_show_sizes(sizes)}")
        return values, real

    def fit_steps(self, values: Array, real: Array | None, length: Length | None) -> tuple[Array, Array | None]:
        """Cut to `max`, and filled up to a fixed number of steps where `pad` says so; what fills up is not real."""
        steps, most = self.shape.sizes[0], length.max if length is not None else None
        if length is not None and most is not None and len(values) > most:
            kept = slice(most) if length.truncate == "end" else slice(len(values) - most, None)
            values, real = values[kept], real[kept] if real is not None else None
        if steps is not None and len(values) < steps:
            if length is None or length.pad is None:
                told = f"the sample has {len(values)} steps; the branch takes {steps}: `length: {{pad: end}}` fills it up"
                raise Broken("shape-differs", told)
            room = numpy.full((steps - len(values), *values.shape[1:]), self.fill, dtype=values.dtype)
            there, filled = numpy.ones(len(values), bool) if real is None else real, numpy.zeros(len(room), bool)
            real = numpy.concatenate([there, filled] if length.pad == "end" else [filled, there])
            values = numpy.concatenate([values, room] if length.pad == "end" else [room, values])
        if len(values) == 0:
            raise Broken("shape-differs", "the sample has no steps")
        return values, real


def _show_sizes(sizes: tuple[int | None, ...]) -> str:
    return "[" + ", ".join("?" if each is None else str(each) for each in sizes) + "]"
