"""The folder of an export: whose it is, and how files get there. Imports nothing heavy."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path as File

from ...compiler.artifact.manifest import WrittenFile
from ...compiler.artifact.ownership import hide_name
from ...compiler.artifact.write import make_folder, remove_folder, replace_file
from ...text.files import PathError, digest, find_sort, list_entries, stamp, tell_system_errors
from ..samples import DataError
from .document import Export
from .formats import FORMS, Kind

DOCUMENT = "export.json"
VOCABULARY = ".vocabulary.txt"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
"""A branch's, and so part of no path."""


@contextmanager
def make_scratch_beside(folder: File) -> Iterator[File]:
    """A folder for work in progress on the same disk, gone afterwards."""
    make_folder(folder.parent)
    with tell_system_errors(folder.parent):
        scratch = File(tempfile.mkdtemp(prefix=f".{hide_name(folder.name)}.", suffix=".tmp", dir=folder.parent))
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


@contextmanager
def make_scratch_folder() -> Iterator[File]:
    """A folder for what is of no use afterwards."""
    with tempfile.TemporaryDirectory() as name:
        yield File(name)


def copy_folder(source: File, target: File) -> None:
    """A folder with all that is in it."""
    with tell_system_errors(source):
        shutil.copytree(source, target)


def check_folder(folder: File, kinds: tuple[Kind, ...], force: bool) -> None:
    """Raises DataError where files lie there that `export` did not write."""
    sort = find_sort(folder)
    if sort not in (None, "folder"):
        raise PathError(folder, f"it is a {sort}, not a folder")
    if force or Export.read_file(folder / DOCUMENT) is not None:
        return
    names = (*(kind.path.split("/")[0] for kind in kinds), DOCUMENT)
    there = [name for name in names if find_sort(folder / name) is not None]
    if there:
        named = " and ".join(f"`{name}`" for name in dict.fromkeys(there))
        raise DataError([f"`{folder}` holds {named}, not written by `export`: name another folder, or `--force`"])


def describe_files(folder: File, kind: Kind) -> dict[str, WrittenFile]:
    """The files of a format by path below the folder."""
    path = folder / kind.path
    found = sorted(_list_files_below(path))
    if kind.format == "openvino":
        found.append(path.with_suffix(".bin"))
    return {each.relative_to(folder).as_posix(): WrittenFile(sha256=digest(each), bytes=_measure_size(each)) for each in found}


def _list_files_below(path: File) -> Iterator[File]:
    if find_sort(path) != "folder":
        yield path
        return
    for each in list_entries(path):
        yield from _list_files_below(each)


def _measure_size(path: File) -> int:
    found = stamp(path)
    assert found is not None
    return found[1]


def put_in_place(scratch: File, folder: File, export: Export) -> None:
    """Moves the files into the folder, `export.json` last; what an export before has written, and this one has not, goes."""
    make_folder(folder)
    before = _list_vocabularies(folder)
    with tell_system_errors(folder):
        (folder / DOCUMENT).unlink(missing_ok=True)
    for name in (*_list_tops(), *before):
        path = folder / name
        sort = find_sort(path)
        if sort == "folder":
            remove_folder(path)
        elif sort is not None:
            with tell_system_errors(path):
                path.unlink()
    for each in list_entries(scratch):
        with tell_system_errors(folder / each.name):
            each.replace(folder / each.name)
    replace_file(folder / DOCUMENT, (export.to_json() + "\n").encode())


def _list_vocabularies(folder: File) -> list[str]:
    """The files of vocabularies that an export before has written."""
    held = Export.read_file(folder / DOCUMENT)
    texts = held.texts if held is not None else None
    return [f"{branch}{VOCABULARY}" for branch in texts or {} if NAME.fullmatch(branch)]


def _list_tops() -> tuple[str, ...]:
    """What an export may have written, at the top of its folder."""
    from .formats import QUANTIZED

    kinds = [Kind(format) for format in FORMS] + [Kind("litert", each) for each in QUANTIZED]
    names = [kind.path.split("/")[0] for kind in kinds]
    return (*names, *(f"{File(name).stem}.bin" for name in names if name.endswith(".xml")))
