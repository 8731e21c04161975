"""Whose the files in an artifact's folder are, and what runs that were killed have left there."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Iterable
from pathlib import Path as File

from ...text.files import PathError, find_sort, list_entries, measure_age, read, resolve
from .manifest import Manifest

MODEL, MANIFEST = "model.keras", "manifest.json"
RANDOM = "[a-z0-9_]{8}"
"""What `tempfile` puts into a name."""
OLD = 3600
"""Seconds after which no run still writes a temporary file."""


def find_foreign(folder: File, names: Iterable[str], digest: Callable[[bytes], str]) -> list[str]:
    """Those of the files that lie there and are not ours: all where no manifest of ours is, else a model that it does not fit.

    A picture can be drawn again, a model that was trained cannot: a run's manifest is none of ours. Between the renames of an
    interrupted run, the manifest that was to come waits beside the old one, and counts too.
    """
    waiting = [path for path in _list_below(folder) if re.fullmatch(rf"\.{re.escape(MANIFEST)}\.{RANDOM}\.tmp", path.name)]
    described = [found.files for path in (folder / MANIFEST, *waiting) if (found := Manifest.read_file(path)) is not None]
    there = [name for name in names if find_sort(folder / name) is not None]
    if not described or MODEL not in there:
        return [] if described else there
    model = digest(read(folder / MODEL))
    return [] if any(MODEL in files and files[MODEL].sha256 == model for files in described) else [MODEL]


def hide_name(name: str) -> str:
    """What stands for a name in that of a temporary file, which is longer: a file system takes 255 bytes."""
    return name if len(name.encode("utf-8", "surrogateescape")) <= 200 else name[:50]


def is_temporary(path: File, names: Iterable[str]) -> bool:
    """Whether a file or folder is called as what waits for the place of one of these names, or was taken from it."""
    return re.fullmatch(rf"\.({'|'.join(re.escape(hide_name(name)) for name in names)})\.{RANDOM}\.tmp", path.name) is not None


def clear(folder: File, names: Iterable[str]) -> None:
    """Removes the temporary files of such names in a folder, and of such folders beside it, that are old."""
    names, folder = set(names), resolve(folder)
    for path in _list_below(folder):
        if is_temporary(path, names) and _is_old(path):
            path.unlink(missing_ok=True)
    for path in _list_below(folder.parent):
        if is_temporary(path, (folder.name,)) and _is_old(path) and {each.name for each in _list_below(path)} <= names:
            shutil.rmtree(path, ignore_errors=True)


def _list_below(folder: File) -> list[File]:
    try:
        return list_entries(folder)
    except PathError:
        return []


def _is_old(path: File) -> bool:
    seconds = measure_age(path, time.time())
    return seconds is not None and seconds > OLD
