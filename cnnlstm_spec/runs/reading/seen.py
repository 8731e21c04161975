"""What has been read of files: the digest and the shape of each that was sound, kept in the user's cache for a later run.

It holds for a file of the very size, time and place on the disk alone; of any other nothing is known, and a cache that is none
is passed over. Nothing of what files hold is kept.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path as File
from typing import Literal

from pydantic import ConfigDict

from ...compiler.artifact.manifest import Sha256
from ...compiler.artifact.write import make_folder, replace_file
from ...text.document import Document
from ...text.escape.json import to_json
from ...text.files import PathError, digest, find_sort, list_entries, resolve, stamp

CACHE = "CNNLSTM_SPEC_CACHE"
"""The variable of the environment that names another folder for the cache."""
MOST = 500_000
"""So many files are kept of one folder's specs."""


class SeenFile(Document):
    """What is known of a file."""

    stamp: tuple[tuple[int, int, int], ...]
    """Time, size and place on the disk; of a folder, of each file in it."""
    sha256: Sha256
    shape: tuple[int, ...]
    readings: tuple[str, ...]
    """The ways of reading, each as a digest, in which it was sound."""


class SeenFiles(Document):
    """The files that the specs of a folder have read."""

    model_config = ConfigDict(title="cnnlstm-spec data: what is known of files")

    version: Literal[1]
    files: dict[str, SeenFile]
    """By path."""


class Seen:
    """The files that the specs of a folder read."""

    def __init__(self, folder: File | None) -> None:
        """Without a folder nothing is kept."""
        named = hashlib.sha256(str(resolve(folder)).encode("utf-8", "surrogateescape")).hexdigest() if folder is not None else ""
        self.path = _find_cache() / f"{named[:32]}.json" if named else None
        self._entries: dict[str, SeenFile] | None = None
        self.is_changed = False

    @property
    def entries(self) -> dict[str, SeenFile]:
        """What is known, by path."""
        if self._entries is None:
            held = SeenFiles.read_file(self.path) if self.path is not None else None
            self._entries = dict(held.files) if held is not None else {}
        return self._entries

    def find(self, path: File) -> SeenFile | None:
        """What is known of a file as it is now."""
        entry = self.entries.get(str(path))
        return entry if entry is not None and entry.stamp == _stamp_path(path) else None

    def knows(self, path: File, reading: str) -> bool:
        """Whether the file was sound, as it is now, in that way of reading."""
        entry = self.find(path)
        return entry is not None and reading in entry.readings

    def note(self, path: File, shape: Sequence[int], reading: str) -> None:
        """Keeps that a file was sound; what changes meanwhile, or cannot be read again, is not kept."""
        entry = self.find(path)
        if entry is not None and reading in entry.readings:
            return
        if entry is None:
            before = _stamp_path(path)
            if before is None or len(self.entries) >= MOST:
                return
            try:
                entry = SeenFile(stamp=before, sha256=_digest(path), shape=tuple(map(int, shape)), readings=())
            except PathError:
                return
        kept = entry.model_copy(update={"readings": (*entry.readings, reading)})
        self.entries[str(path)] = kept
        self.is_changed = True

    def digest(self, path: File, anew: bool) -> str | None:
        """The digest of a file; one that is not known is taken `anew`, or is None. Raises PathError."""
        entry = self.find(path)
        if entry is not None:
            return entry.sha256
        return _digest(path) if anew else None

    def save(self) -> None:
        """Writes what is known; a cache that cannot be written is none."""
        if self.path is None or not self.is_changed:
            return
        try:
            make_folder(self.path.parent)
            held = SeenFiles(version=1, files=self.entries)
            replace_file(self.path, (to_json(held.to_data(), None) + "\n").encode())
            self.is_changed = False
        except PathError:
            return


def _find_cache() -> File:
    """The folder of the cache: the user's, as systems have it."""
    named = os.environ.get(CACHE)
    if named:
        return File(named)
    home = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or str(File.home() / ".cache")
    return File(home, "cnnlstm-spec")


def _stamp_path(path: File) -> tuple[tuple[int, int, int], ...] | None:
    """The stamp of a file, or of each file in a folder; None where nothing lies."""
    try:
        files = _list_files(path)
    except PathError:
        return None
    found = [stamp(each) for each in files]
    return tuple(each for each in found if each is not None) if None not in found else None


def _list_files(path: File) -> list[File]:
    if find_sort(path) != "folder":
        return [path]
    return [each for each in list_entries(path) if find_sort(each) == "file"]


def _digest(path: File) -> str:
    files = _list_files(path)
    if files == [path]:
        return digest(path)
    listed = "".join(f"{each.name}\0{digest(each)}\n" for each in files)
    return hashlib.sha256(listed.encode("utf-8", "surrogateescape")).hexdigest()
