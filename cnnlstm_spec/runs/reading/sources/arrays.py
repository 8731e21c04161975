"""Arrays: `.npz`, `.h5`, a folder of `NAME.npy`, or a mapping that a function gives; samples first, read in pieces."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy

from ....text.files import PathError, digest, find_sort, list_entries, need_regular, open_regular
from ...samples import DataError
from ..libraries import import_needed
from ..problems import Broken
from .rows import Array, Rows

NUMBERS = "biuf"


class ArrayRows(Rows):
    """Arrays of as many samples each, by name; those of another length that nothing needs are passed over."""

    def __init__(
        self, arrays: Mapping[str, Any], name: str, files: Sequence[Path] = (), needed: Sequence[str] | None = None
    ) -> None:
        """`needed` are the arrays that are read, where there are such; None for all."""
        self.name, self.files = name, files
        counts = {key: each.shape[0] if each.ndim else 0 for key, each in arrays.items()}
        if not counts:
            raise DataError([f"{name}: it holds no arrays"])
        read = {key: count for key, count in counts.items() if needed is None or key in needed} or counts
        if len(set(read.values())) > 1:
            raise DataError(
                [f"{name}: the arrays have as many samples each; here {', '.join(f'`{k}` {v}' for k, v in read.items())}"]
            )
        self.count = next(iter(read.values()))
        self.arrays = {key: each for key, each in arrays.items() if counts[key] == self.count}

    def __len__(self) -> int:
        return int(self.count)

    def list_names(self) -> tuple[str, ...]:
        return tuple(self.arrays)

    def _read_values(self, column: str, places: int | slice) -> object:
        """Some of an array; raises DataError for a part of a file that is damaged."""
        try:
            return _decode(self.arrays[column][places])
        except OSError:
            raise DataError([f"{self.name}: `{column}` is damaged"]) from None
        except UnicodeDecodeError:
            raise DataError([f"{self.name}: `{column}` holds text that is not UTF-8"]) from None

    def read_texts(self, column: str) -> Sequence[str | None]:
        values = numpy.asarray(self._read_values(column, slice(None)))
        if values.ndim == 2 and values.shape[1] == 1:
            values = values[:, 0]
        if values.dtype.kind == "f" and bool((values == numpy.round(values)).all()):
            values = values.astype("int64")
        return [str(each).lower() if values.dtype.kind == "b" else str(each) for each in values.tolist()]

    def read_numbers(self, column: str) -> tuple[Array, Array]:
        values = numpy.asarray(self._read_values(column, slice(None)))
        if values.dtype.kind not in NUMBERS or values.size != len(self):
            return numpy.full(len(self), numpy.nan), numpy.ones(len(self), dtype=bool)
        return values.reshape(len(self)).astype("float64"), numpy.zeros(len(self), dtype=bool)

    def read_cell(self, column: str, row: int) -> object:
        try:
            value = _decode(self.arrays[column][row])
        except OSError:
            raise Broken("not-readable", "this place of the file is damaged") from None
        except UnicodeDecodeError:
            raise Broken("not-readable", "the text is not UTF-8") from None
        return value if isinstance(value, numpy.ndarray) and value.ndim else numpy.asarray(value).item()

    def read_array(self, column: str) -> Array | None:
        held = self.arrays[column]
        return held if type(held) is numpy.ndarray and held.dtype.kind in NUMBERS else None

    def is_text(self, column: str) -> bool:
        return numpy.dtype(self.arrays[column].dtype).kind in "USO"

    def is_array(self, column: str) -> bool:
        return True

    def iterate_keys(self) -> Sequence[bytes]:
        found = [hashlib.blake2b(digest_size=8) for _ in range(len(self))]
        for name in sorted(self.arrays):
            for row, one in enumerate(found):
                one.update(numpy.ascontiguousarray(self._read_values(name, row)).tobytes())
        return [each.digest() for each in found]

    def describe_source(self) -> list[dict[str, object]]:
        held = {"path": self.name, "rows": len(self)}
        return [held | {"sha256": digest(each), "path": each.name} for each in self.files] or [held]


def _decode(values: object) -> object:
    """What an array holds, its bytes as the text that they are, as HDF5 and TensorFlow keep it."""
    if isinstance(values, bytes):
        return values.decode()
    if not isinstance(values, numpy.ndarray) or values.dtype.kind not in "SO":
        return values
    if values.dtype.kind == "S":
        return numpy.char.decode(values, "utf-8")
    texts = [each.decode() if isinstance(each, bytes) else each for each in values.ravel().tolist()]
    found = numpy.empty(len(texts), dtype=object)
    found[:] = texts
    return found.reshape(values.shape)


def read_arrays(path: Path, shown: str, needed: Sequence[str] | None = None) -> ArrayRows:
    """The arrays of a file or folder; nothing in it is run, and nothing outside it read."""
    try:
        if find_sort(path) == "folder":
            files = [each for each in list_entries(path) if each.suffix == ".npy" and not each.name.startswith(".")]
            for each in files:
                need_regular(each)
            return ArrayRows({each.stem: _map_array(each, shown) for each in files}, shown, files, needed)
        if path.suffix.lower() == ".npz":
            with open_regular(path) as stream, numpy.load(stream, allow_pickle=False) as held:
                return ArrayRows(_take_arrays(held, shown), shown, [path], needed)
        return ArrayRows(_open_hdf5(path, shown), shown, [path], needed)
    except PathError as error:
        raise DataError([f"{shown}/{Path(error.path).name}: {error.reason}"]) from None
    except DataError:
        raise
    except Exception as error:
        # Of damaged files NumPy, zipfile, zlib and h5py each raise their own.
        raise DataError([f"{shown}: {_explain(error, 'it is no file of arrays')}"]) from None


def _explain(error: Exception, otherwise: str) -> str:
    return "it needs pickle, which could run code" if "bject" in str(error) else otherwise


def _map_array(path: Path, shown: str) -> Array:
    """The array of a `.npy` file in a folder, read as it is asked for."""
    try:
        found: Array = numpy.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:
        raise DataError([f"{shown.rstrip('/')}/{path.name}: {_explain(error, 'it is no array')}"]) from None
    return found


def _take_arrays(held: numpy.lib.npyio.NpzFile, shown: str) -> dict[str, Array]:
    """The arrays of an `.npz` file."""
    found = {}
    for name in held.files:
        try:
            found[name] = held[name]
        except Exception as error:
            raise DataError([f"{shown}: `{name}`: {_explain(error, 'the array is damaged')}"]) from None
    return found


def _open_hdf5(path: Path, shown: str) -> dict[str, object]:
    """The datasets at the top of an HDF5 file; none that leads into another file, as links and external storage do."""
    h5py = import_needed("h5py", f"`{shown}`")
    file = h5py.File(path, "r", locking=False)
    found = {}
    for name in file:
        link = file.get(name, getlink=True)
        if not isinstance(link, h5py.HardLink):
            raise DataError([f"{shown}: `{name}` is a link, which may lead into another file"])
        held = file[name]
        if not isinstance(held, h5py.Dataset):
            continue
        if held.external or held.is_virtual:
            raise DataError([f"{shown}: `{name}` keeps its values in another file"])
        found[name] = held
    return found
