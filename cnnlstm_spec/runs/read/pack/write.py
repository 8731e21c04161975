"""Packs the parts of a spec's data: every sample read once more, in order, and written to shards."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy

from ....compiler.artifact.write import new_folder, replace_file
from ....compiler.version import __version__
from ....spec.data.splits import Split
from ....text.files import digest, size_of
from ...manifest import make_target_facts
from ...samples import DataError, Part
from ..branches import Branch, CellsBranch, ColumnsBranch
from ..libraries import need
from ..open import Reading
from ..part import FilePart, problem_of
from ..problems import Broken
from ..sources.rows import Array
from .describe import describe_input, describe_splits, differing, encoding_of, held_as
from .document import NAME, Column, Pack, PackedPart, PackedTarget, Shard
from .shards import LEAST_FIRST, arrow_types

GROUP, MOST_OF_GROUP = 1 << 16, 1024
"""Bytes that a row group has about, and samples that it has at most: it is what is read for one sample."""
SHARD = 1 << 26
"""Bytes that a shard has about."""


def write_pack(reading: Reading, folder: Path, force: bool = False) -> Pack:
    """Packs all parts into a folder that is new or empty; with `force` it may hold a pack, which goes.

    Raises DataError for samples that cannot be read or packed, and PathError where the folder cannot be written.
    """
    data = reading.data
    if isinstance(data.validation, Split) and data.validation.folds is not None:
        raise DataError(["`validation: {folds: ...}` has other parts in every fold, of which a pack could hold one alone"])
    if data.window is not None:
        raise DataError(["`window` makes samples of the rows of a table, which is read whole: there is nothing to pack"])
    parts = reading.read()
    reading.problems.stop()
    facts = reading.facts(parts)
    packed: dict[str, PackedPart] = {}
    with new_folder(folder, NAME if force else None) as scratch:
        for name, part in parts.items():
            assert isinstance(part, FilePart)
            packed[name] = _PartWriter(part, name, scratch).write()
        pack = _document(reading, parts, packed, facts)
        replace_file(scratch / NAME, (pack.to_json() + "\n").encode())
    return pack


def _document(reading: Reading, parts: dict[str, Part], packed: dict[str, PackedPart], facts: dict[str, Any]) -> Pack:
    train = parts["train"]
    assert isinstance(train, FilePart)
    heads = {head.name: head for head in reading.heads()}
    return Pack(
        version=1,
        made_by=__version__,
        inputs={
            name: describe_input(each.input, each.source.source, held_as(each), isinstance(each, ColumnsBranch))
            for name, each in train.branches.items()
        },
        targets={
            name: PackedTarget(
                source=differing(heads[name].source.source), encoding=encoding_of(heads[name]), target=make_target_facts(target)
            )
            for name, target in train.targets.items()
        },
        weights=tuple(train.weights),
        splits=describe_splits(reading.data),
        parts=packed,
        data=facts,
    )


@dataclass(frozen=True)
class _Column:
    """A column to be written, and where its values come from."""

    column: Column
    values: Callable[[int], str | Array]
    """Gives the value of a sample by its place."""


class _PartWriter:
    """Writes the shards of a part."""

    def __init__(self, part: FilePart, name: str, folder: Path) -> None:
        self.part, self.name, self.folder = part, name, folder
        self.columns = dict(self._columns())

    def _columns(self) -> Iterator[tuple[str, _Column]]:
        part = self.part
        for index, (name, branch) in enumerate(part.branches.items()):
            yield f"input/{name}", self._input(branch, index)
        for head, values in part.values.items():
            yield f"target/{head}", _of_arrays(values)
        for head, weights in part.weights.items():
            yield f"weight/{head}", _of_arrays(weights)
        yield "label", _Column(Column(dtype="text"), part.label)
        if part.groups is not None:
            yield "group", _Column(Column(dtype="text"), part.groups.__getitem__)

    def _input(self, branch: Branch, index: int) -> _Column:
        def read(place: int) -> Any:
            row = int(self.part.at[place])
            try:
                if files and isinstance(branch, CellsBranch):
                    return branch.undrawn(row)
                return self.part.sample(branch, place, index)
            except Broken as error:
                raise DataError([str(problem_of(branch, row, error))]) from None

        files = held_as(branch) == "files"
        first = read(0)
        if first.dtype.kind in "OU":
            return _Column(Column(dtype="text"), lambda place: str(read(place)))
        fixed = all(size is not None for size in branch.shape.sizes) and not files
        shape = {"shape": first.shape} if fixed else {}
        return _Column(Column(dtype=str(first.dtype), **shape), read)  # type: ignore[arg-type]

    def write(self) -> PackedPart:
        """Writes all samples; raises DataError for one that cannot be read."""
        size = sum(_bytes(each.values(0)) for each in self.columns.values())
        group = max(1, min(MOST_OF_GROUP, GROUP // max(size, 1)))
        per_shard = group * max(1, SHARD // (group * max(size, 1)))
        shards = []
        for number, first in enumerate(range(0, len(self.part), per_shard)):
            shards.append(self._shard(number, range(first, min(first + per_shard, len(self.part))), group))
        columns = {name: each.column for name, each in self.columns.items()}
        return PackedPart(samples=len(self.part), group=group, columns=columns, shards=tuple(shards))

    def _shard(self, number: int, places: range, group: int) -> Shard:
        pyarrow, parquet = need("pyarrow", "a pack"), need("pyarrow.parquet", "a pack")
        path = self.folder / f"{self.name}-{number:05}.parquet"
        schema = pyarrow.schema(list(arrow_types({name: each.column for name, each in self.columns.items()}).items()))
        options = {"compression": "lz4", "use_dictionary": False, "write_statistics": False}
        with parquet.ParquetWriter(path, schema, **options) as writer:
            for first in range(0, len(places), group):
                some = places[first : first + group]
                arrays = [cells for name, each in self.columns.items() for cells in _cells(name, each, some)]
                writer.write_table(pyarrow.table(arrays, schema=schema), row_group_size=group)
        return Shard(file=path.name, samples=len(places), bytes=size_of(path), sha256=digest(path))


def _of_arrays(values: Array | list[Array]) -> _Column:
    """A value a sample, all of one shape in an array, or each of its own."""
    if isinstance(values, numpy.ndarray):
        return _Column(Column(dtype=str(values.dtype), shape=values.shape[1:]), values.__getitem__)  # type: ignore[arg-type]
    return _Column(Column(dtype=str(values[0].dtype)), values.__getitem__)  # type: ignore[arg-type]


def _cells(name: str, column: _Column, places: Sequence[int]) -> list[Any]:
    """The values of some samples as columns of Arrow: one, or two where shapes differ."""
    pyarrow = need("pyarrow", "a pack")
    values = [column.values(place) for place in places]
    if column.column.dtype == "text":
        return [pyarrow.array(values, pyarrow.string())]
    dtype, shape = LEAST_FIRST[column.column.dtype], column.column.shape
    arrays = [numpy.asarray(each) for each in values]
    if any(each.dtype != numpy.dtype(column.column.dtype) for each in arrays):
        raise DataError([f"`{name}` has numbers of several types, of which a pack holds one"])
    if shape is None:
        shapes = pyarrow.array([list(each.shape) for each in arrays], pyarrow.list_(pyarrow.int64()))
        return [pyarrow.array([each.astype(dtype).tobytes() for each in arrays], pyarrow.binary()), shapes]
    data = numpy.stack(arrays).astype(dtype, copy=False).tobytes()
    return [
        pyarrow.Array.from_buffers(pyarrow.binary(prod(shape) * dtype.itemsize), len(values), [None, pyarrow.py_buffer(data)])
    ]


def _bytes(value: Any) -> int:
    return len(value) if isinstance(value, str) else int(numpy.asarray(value).nbytes)
