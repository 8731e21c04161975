"""The shards of a part: Parquet files, whose samples are read at random by row group, or a column of all at once.

Nothing is read before what `pack.json` says of the files holds: their sizes, digests, columns, rows and row groups.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from math import prod
from pathlib import Path
from typing import Any, get_args

import numpy

from ....text.files import PathError, digest, find_sort, measure_size
from ...samples import DataError
from ..libraries import import_needed
from ..sources.rows import Array
from .document import Column, Dtype, PackedPart, Shard

MOST = 1 << 31
"""Bytes of a row group, unpacked."""
LEAST_FIRST = {name: numpy.dtype(name).newbyteorder("<") for name in get_args(Dtype) if name != "text"}
"""How numbers lie in a shard."""


class _OpenFiles(threading.local):
    """The shards that a thread has opened, by number: each thread has its own."""

    def __init__(self) -> None:
        self.held: dict[int, Any] = {}


class Shards:
    """The samples of a part, by place."""

    def __init__(self, folder: Path, shown: str, part: PackedPart) -> None:
        """Raises DataError where a file is not as `pack.json` says."""
        self.folder, self.shown, self.part = folder, shown, part
        self.starts = numpy.cumsum([0, *(each.samples for each in part.shards)])
        if int(self.starts[-1]) != part.samples or any(each.samples % part.group for each in part.shards[:-1]):
            raise DataError([f"{shown}/pack.json: the numbers of its samples do not fit"])
        self._open = _OpenFiles()
        for number, shard in enumerate(part.shards):
            self._check(number, shard)

    def __len__(self) -> int:
        return self.part.samples

    def _check(self, number: int, shard: Shard) -> None:
        path, shown = self.folder / shard.file, f"{self.shown}/{shard.file}"
        try:
            if find_sort(path) is None:
                raise DataError([f"{shown}: there is no such file, and `pack.json` has one"])
            if find_sort(path) != "file" or measure_size(path) != shard.bytes or digest(path) != shard.sha256:
                raise DataError([f"{shown}: the file is not the one that was packed: its size or digest differs"])
        except PathError as error:
            raise DataError([f"{shown}: {error.reason}"]) from None
        try:
            found = self._open_file(number)
            metadata, schema = found.metadata, found.schema_arrow
            wanted = {name: str(each) for name, each in list_arrow_types(self.part.columns).items()}
            rows = [metadata.row_group(index).num_rows for index in range(metadata.num_row_groups)]
            sizes = [metadata.row_group(index).total_byte_size for index in range(metadata.num_row_groups)]
            # Parquet calls the numbers of a list otherwise.
            types = {each.name: str(each.type).replace("element", "item") for each in schema}
            fits = types == wanted and rows == list(self._count_rows(shard))
        except Exception:
            raise DataError([f"{shown}: it is no Parquet file"]) from None
        if not fits or any(not 0 <= size <= MOST for size in sizes):
            raise DataError([f"{shown}: its columns or rows are not as `pack.json` says"])

    def _count_rows(self, shard: Shard) -> Iterator[int]:
        """The rows of each row group."""
        for first in range(0, shard.samples, self.part.group):
            yield min(self.part.group, shard.samples - first)

    def _open_file(self, number: int) -> Any:
        """A shard, open for the thread that asks."""
        held = self._open.held
        if number not in held:
            parquet = import_needed("pyarrow.parquet", "a pack")
            held[number] = parquet.ParquetFile(self.folder / self.part.shards[number].file, pre_buffer=False)
        return held[number]

    def _read(self, name: str, number: int, group: int) -> Any:
        """The values of a row group, each an array of its own, or all in one; raises DataError where they cannot be read."""
        column, told = self.part.columns[name], f"{self.shown}/{self.part.shards[number].file}"
        alike = column.shape is not None or column.dtype == "text"
        try:
            table = self._open_file(number).read_row_group(
                group, [name] if alike else [name, name_shape_column(name)], use_threads=False
            )
            cells = table.column(name).combine_chunks()
            if cells.null_count:
                raise ValueError("a value is missing")
            if column.dtype == "text":
                return list(cells.to_pylist())
            if column.shape is not None:
                return _unpack(cells.buffers()[1], column, (len(cells), *column.shape))
            shapes = table.column(name_shape_column(name)).to_pylist()
            return [_unpack(cell.as_buffer(), column, tuple(shape)) for cell, shape in zip(cells, shapes, strict=True)]
        except Exception:
            raise DataError([f"{told}: `{name}` cannot be read, or is not as `pack.json` says"]) from None

    def read_cell(self, name: str, place: int) -> object:
        """The value of one sample: an array, or a text."""
        number = int(numpy.searchsorted(self.starts, place, side="right")) - 1
        group, row = divmod(place - int(self.starts[number]), self.part.group)
        return self._read(name, number, group)[row]

    def iterate_values(self, name: str) -> Iterator[Any]:
        """The values of all samples, in order, those of a row group together."""
        for number, shard in enumerate(self.part.shards):
            for group, _ in enumerate(self._count_rows(shard)):
                yield self._read(name, number, group)

    def read_matrix(self, name: str) -> Array:
        """The values of all samples, which have one shape, as one array."""
        return numpy.concatenate(list(self.iterate_values(name)))


def _unpack(data: Any, column: Column, shape: tuple[int, ...]) -> Array:
    """Bytes as numbers of a shape; raises ValueError where there are more or fewer."""
    dtype = LEAST_FIRST[column.dtype]
    if min(shape, default=0) < 0 or data.size != prod(shape) * numpy.dtype(dtype).itemsize:
        raise ValueError("it is longer or shorter than its shape says")
    return numpy.frombuffer(data, dtype).reshape(shape).astype(column.dtype, copy=False)


def name_shape_column(name: str) -> str:
    """The column that says the shapes of another."""
    return f"{name}/shape"


def list_arrow_types(columns: Mapping[str, Column]) -> dict[str, object]:
    """The columns of a shard, with their types."""
    pyarrow = import_needed("pyarrow", "a pack")
    found: dict[str, Any] = {}
    for name, column in columns.items():
        if column.dtype == "text":
            found[name] = pyarrow.string()
        elif column.shape is not None:
            found[name] = pyarrow.binary(prod(column.shape) * LEAST_FIRST[column.dtype].itemsize)
        else:
            found |= {name: pyarrow.binary(), name_shape_column(name): pyarrow.list_(pyarrow.int64())}
    return found
