"""How fast the files of an export run here, each in its own runtime. Imports NumPy."""

from __future__ import annotations

from pathlib import Path as File
from typing import TYPE_CHECKING

import numpy

from ..samples import DataError
from .child import Child, Failed
from .document import Export, ExportedFile
from .formats import Kind, need_installed
from .place import DOCUMENT
from .wanted import SECONDS, find_memory

if TYPE_CHECKING:
    from ..samples import Array

OPEN = 32
"""Stands for a size that is left open."""


def read_export(folder: File) -> Export:
    """What an export wrote into a folder. Raises DataError where it is none."""
    held = Export.read_file(folder / DOCUMENT)
    if held is None:
        raise DataError([f"`{folder / DOCUMENT}` is none that `export` has written"])
    return held


def measure_file_time(folder: File, file: ExportedFile, batch: int) -> tuple[int, list[float]]:
    """The size of the batches that a file was given, `batch` where it takes any, and the seconds of each of some runs.

    Of zeros, whose values cost as much as others. Raises DataError where the file does not run.
    """
    kind = Kind(file.format, file.quantize)
    need_installed((kind,))
    size = file.batch_size or batch
    with Child(SECONDS, find_memory()) as child:
        try:
            child.ask("open", format=file.format, path=str(folder / kind.path))
            head, _ = child.ask("time", make_zeros(file, size))
        except Failed as error:
            raise DataError([f"`{folder / kind.path}` does not run: {error.reason[:200]}"]) from None
    return size, head["seconds"]


def make_zeros(file: ExportedFile, batch: int) -> dict[str, Array]:
    """Inputs of zeros; steps are all real."""
    found: dict[str, Array] = {}
    for each in file.inputs:
        shape = (batch, *(OPEN if size is None else size for size in each.shape[1:]))
        if each.dtype == "string":
            found[each.name] = numpy.full(shape, "a text")
            continue
        dtype = "float32" if each.dtype == "bfloat16" else each.dtype
        found[each.name] = numpy.ones(shape, "bool") if dtype == "bool" else numpy.zeros(shape, dtype)
    return found
