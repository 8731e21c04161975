"""Packs the parts of a spec's data: every sample read once more, in order, and written to shards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any

import numpy

from ....compiler.artifact.write import replace_file, write_new_folder
from ....compiler.version import __version__
from ....spec.data.splits import Split
from ....text.files import digest, measure_size
from ...manifest import make_target_facts
from ...samples import DataError, Part
from ..branches.columns import ColumnsBranch
from ..libraries import import_needed
from ..open import DataReading
from ..part import FilePart
from .columns import Cells, list_columns, list_rows
from .describe import choose_held, describe_input, describe_splits, find_encoding, list_differing
from .document import NAME, Pack, PackedPart, PackedTarget, Shard
from .shards import LEAST_FIRST, list_arrow_types

GROUP, MOST_OF_GROUP = 1 << 16, 1024
"""Bytes that a row group has about, and samples that it has at most: it is what is read for one sample."""
SHARD = 1 << 26
"""Bytes that a shard has about."""


def write_pack(reading: DataReading, folder: Path, force: bool = False) -> Pack:
    """Packs all parts into a folder that is new or empty; with `force` it may hold a pack, which goes.

    Raises DataError for samples that cannot be read or packed, and PathError where the folder cannot be written.
    """
    data = reading.data
    if isinstance(data.validation, Split) and data.validation.folds is not None:
        raise DataError(["`validation: {folds: ...}` has other parts in every fold, of which a pack could hold one alone"])
    parts = reading.read()
    reading.problems.stop()
    facts = reading.describe_parts(parts)
    packed: dict[str, PackedPart] = {}
    with write_new_folder(folder, NAME, force) as scratch:
        for name, part in parts.items():
            assert isinstance(part, FilePart)
            columns, count = list_columns(part) if part.windows is None else list_rows(part, part.windows, reading.count_steps())
            packed[name] = _PartWriter(columns, name, count, scratch).write()
        pack = _describe_pack(reading, parts, packed, facts)
        replace_file(scratch / NAME, (pack.to_json() + "\n").encode())
    return pack


def _describe_pack(reading: DataReading, parts: dict[str, Part], packed: dict[str, PackedPart], facts: dict[str, Any]) -> Pack:
    train = parts["train"]
    assert isinstance(train, FilePart)
    heads = {head.name: head for head in reading.list_heads()}
    return Pack(
        version=1,
        made_by=__version__,
        inputs={
            name: describe_input(each.input, each.source.source, choose_held(each), isinstance(each, ColumnsBranch))
            for name, each in train.branches.items()
        },
        targets={
            name: PackedTarget(
                source=list_differing(heads[name].source.source),
                encoding=find_encoding(heads[name]),
                target=make_target_facts(target),
            )
            for name, target in train.targets.items()
        },
        weights=tuple(train.weights),
        **({"window": list_differing(reading.data.window)} if reading.data.window is not None else {}),
        splits=describe_splits(reading.data),
        parts=packed,
        data=facts,
    )


class _PartWriter:
    """Writes the shards of a part."""

    def __init__(self, columns: Mapping[str, Cells], name: str, count: int, folder: Path) -> None:
        self.columns, self.name, self.count, self.folder = columns, name, count, folder

    def write(self) -> PackedPart:
        """Writes all samples; raises DataError for one that cannot be read."""
        size = sum(_count_bytes(each.values(0)) for each in self.columns.values())
        group = max(1, min(MOST_OF_GROUP, GROUP // max(size, 1)))
        per_shard = group * max(1, SHARD // (group * max(size, 1)))
        shards = []
        for number, first in enumerate(range(0, self.count, per_shard)):
            shards.append(self._write_shard(number, range(first, min(first + per_shard, self.count)), group))
        columns = {name: each.column for name, each in self.columns.items()}
        return PackedPart(samples=self.count, group=group, columns=columns, shards=tuple(shards))

    def _write_shard(self, number: int, places: range, group: int) -> Shard:
        pyarrow, parquet = import_needed("pyarrow", "a pack"), import_needed("pyarrow.parquet", "a pack")
        path = self.folder / f"{self.name}-{number:05}.parquet"
        schema = pyarrow.schema(list(list_arrow_types({name: each.column for name, each in self.columns.items()}).items()))
        options = {"compression": "lz4", "use_dictionary": False, "write_statistics": False}
        with parquet.ParquetWriter(path, schema, **options) as writer:
            for first in range(0, len(places), group):
                some = places[first : first + group]
                arrays = [cells for name, each in self.columns.items() for cells in _write_cells(name, each, some)]
                writer.write_table(pyarrow.table(arrays, schema=schema), row_group_size=group)
        return Shard(file=path.name, samples=len(places), bytes=measure_size(path), sha256=digest(path))


def _write_cells(name: str, column: Cells, places: Sequence[int]) -> list[object]:
    """The values of some samples as columns of Arrow: one, or two where shapes differ."""
    pyarrow = import_needed("pyarrow", "a pack")
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


def _count_bytes(value: object) -> int:
    return len(value) if isinstance(value, str) else int(numpy.asarray(value).nbytes)
