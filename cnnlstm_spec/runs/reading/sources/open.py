"""A source of a spec to its rows, by what lies there: a table, arrays, a folder of folders, or a function's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ....spec.data.sources import TABLES, DataSource
from ....text.files import PathError, find_matching, find_sort, is_pattern, list_entries, resolve
from ....text.frozen import dataclass
from ...samples import DataError
from ..places import Root, find_source
from .arrays import read_arrays
from .folders import FolderRows
from .functions import call_function
from .rows import Rows
from .table import TableFile, TableRows

ARRAYS = (".npz", ".h5", ".hdf5")


@dataclass(frozen=True)
class SourceSetting:
    """What opening a source needs to know besides it."""

    base: Path | None
    """The folder of the spec, below which sources lie."""
    root: Path | None
    """`root` of the section `data`."""
    branches: tuple[str, ...]
    heads: tuple[str, ...]
    allow_outside: bool = False
    allow_imports: bool = False
    needed: tuple[str, ...] | None = None
    """The columns that are read of a table or of arrays; None for all."""
    streamed: tuple[str, ...] = ()
    """Those of them that branches read as numbers, and nothing else does."""


def open_source(sources: Sequence[DataSource], setting: SourceSetting) -> Rows:
    """The rows of a source, or of several tables that are one. Raises DataError."""
    files: list[TableFile] = []
    for source in sources:
        if source.function is not None:
            if not setting.allow_imports:
                raise DataError([f"{source.function}: it is Python, which runs with `--allow-imports` alone"])
            return call_function(source.function, setting.branches, setting.heads, setting.needed)
        for path, shown in _find_paths(source, setting):
            sort = _sort(path, shown)
            if sort == "table":
                files.append(TableFile(path, shown, source.separator, _find_root(source, path, setting)))
            elif sort == "arrays":
                return read_arrays(path, shown, setting.needed)
            else:
                return _open_folders(path, shown, setting)
    return TableRows(files, setting.needed, setting.streamed)


def _find_paths(source: DataSource, setting: SourceSetting) -> list[tuple[Path, str]]:
    """The files of a path, or of a pattern in order, each as it is shown."""
    assert source.path is not None
    path = find_source(source.path, setting.base, setting.allow_outside)
    if _lies(path) or not is_pattern(str(source.path.path)):
        return [(path, source.path.text)]
    found = find_matching(source.path.path)
    if not found:
        raise DataError([f"{source.path.text}: no file is of this pattern"])
    held = []
    for each in found:
        real = resolve(each)
        outside = setting.base is not None and not real.is_relative_to(resolve(setting.base))
        if outside and not (setting.allow_outside or source.path.by_hand):
            raise DataError([f"{each.name}: it lies outside of the spec's folder; `--allow-outside` allows it"])
        held.append((real, str(Path(source.path.text).parent / each.name)))
    return held


def _lies(path: Path) -> bool:
    try:
        return find_sort(path) is not None
    except PathError:
        return False


def _sort(path: Path, shown: str) -> str:
    """`table`, `arrays` or `folders`; raises DataError where nothing lies there, or something else."""
    try:
        found = find_sort(path)
        if found is None:
            raise DataError([f"{shown}: there is no such file"])
        if found == "folder":
            return (
                "arrays"
                if any(each.suffix == ".npy" and not each.name.startswith(".") for each in list_entries(path))
                else "folders"
            )
    except PathError as error:
        raise DataError([f"{shown}: {error.reason}"]) from None
    if found != "file":
        raise DataError([f"{shown}: it is a {found}"])
    ending = path.suffix.lower()
    if ending in TABLES:
        return "table"
    if ending in ARRAYS:
        return "arrays"
    known = ", ".join(f"`{each}`" for each in (*TABLES, ".npz", ".h5"))
    raise DataError([f"{shown}: a source ends in {known}, or is a folder"])


def _find_root(source: DataSource, path: Path, setting: SourceSetting) -> Root:
    """What the cells of a table are relative to: the source's `root`, that of `data`, or the table's folder."""
    if source.root is not None:
        return Root(find_source(source.root, setting.base, setting.allow_outside), setting.allow_outside)
    return Root(setting.root or path.parent, setting.allow_outside)


def _open_folders(path: Path, shown: str, setting: SourceSetting) -> Rows:
    if len(setting.branches) != 1 or len(setting.heads) != 1:
        raise DataError([f"{shown}: a folder of folders is read into one branch and one head; use a table for several"])
    rows = FolderRows(path, shown, setting.branches[0], setting.heads[0], setting.allow_outside)
    if not rows.paths and not rows.classes:
        raise DataError([f"{shown}: the folder has neither `NAME.npy` nor folders, which are the classes"])
    return rows
