"""Where files may lie: a source below the spec's folder, what a cell names below the table's folder or `root`, links followed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

from ...spec.paths import WrittenPath
from ...text.files import PathError, Sort, find_sort, open_regular, resolve
from ...text.frozen import dataclass
from ..samples import DataError
from .problems import Broken

ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")


@dataclass(frozen=True)
class Root:
    """A folder that paths in cells are relative to."""

    folder: Path
    allow_outside: bool = False

    @cached_property
    def real(self) -> Path:
        """The folder without links."""
        return resolve(self.folder)

    @cached_property
    def _folders(self) -> dict[str, Path]:
        """The folders below this one that cells have named files in, without links, by what cells call them."""
        return {}

    def find(self, cell: str) -> Path:
        """The file or folder that a cell names, without links; raises Broken where there is none, or it lies elsewhere."""
        if ADDRESS.match(cell):
            raise Broken("path-outside", "an address is not the path of a file")
        try:
            path, sort = self._follow(cell)
        except PathError as error:
            raise Broken("file-missing", f"the file that it names cannot be read: {error.reason}") from None
        if sort is None:
            raise Broken("file-missing", "the file that it names is not there")
        if sort not in ("file", "folder"):
            raise Broken("file-missing", f"the file that it names cannot be read: it is a {sort}")
        return path

    def _follow(self, cell: str) -> tuple[Path, Sort | None]:
        """Where a cell leads and what lies there; raises Broken where it leads out of the folder, PathError."""
        named, name = os.path.split(cell)
        if (folder := self._folders.get(named)) is not None and name not in ("", os.curdir, os.pardir):
            path = folder / name
            if (sort := find_sort(path, links=False)) != "link":
                return path, sort
        path = resolve(self.folder / cell)
        if not self.allow_outside and not path.is_relative_to(self.real):
            raise Broken("path-outside", "the path leads out of the folder; `--allow-outside` allows it")
        self._remember(named)
        return path, find_sort(path)

    def _remember(self, named: str) -> None:
        """Keeps where a folder leads that lies below this one."""
        folder = resolve(self.folder / named)
        if self.allow_outside or folder.is_relative_to(self.real):
            self._folders[named] = folder


@contextmanager
def open_named(path: Path) -> Iterator[BinaryIO]:
    """A regular file that a cell or a folder names, open for reading; raises Broken where it cannot be opened."""
    try:
        with open_regular(path) as stream:
            yield stream
    except PathError as error:
        raise Broken("file-missing", f"`{path.name}` cannot be read: {error.reason}") from None


def find_source(written: WrittenPath, base: Path | None, allow_outside: bool) -> Path:
    """The path of a source, without links, below the folder of the spec unless it comes from the command line."""
    path = written.path
    try:
        real = resolve(path)
        if not (allow_outside or written.by_hand or base is None) and not real.is_relative_to(resolve(base)):
            raise DataError([f"{path}: it lies outside of the spec's folder; `--allow-outside` allows it"])
        return real
    except PathError as error:
        raise DataError([f"{path}: {error.reason}"]) from None
