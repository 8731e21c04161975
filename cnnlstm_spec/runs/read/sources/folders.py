"""A folder of folders: the folders are the classes, the files in them the samples. Hidden files are passed over."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy

from ....text.files import entries, sort_of
from ..places import Root
from .rows import Array, Rows


class FolderRows(Rows):
    """A row for each file: its path under the branch's name, its folder under the head's."""

    def __init__(self, path: Path, shown: str, branch: str, head: str, allow_outside: bool) -> None:
        self.path, self.name, self.branch, self.head = path, shown, branch, head
        self._root = Root(path, allow_outside)
        self.classes = [each.name for each in entries(path) if sort_of(each) == "folder" and not each.name.startswith(".")]
        held = [(each, name) for name in self.classes for each in entries(path / name) if not each.name.startswith(".")]
        self.paths = [str(each.relative_to(path)) for each, _ in held]
        self.labels = [name for _, name in held]

    def __len__(self) -> int:
        return len(self.paths)

    def names(self) -> tuple[str, ...]:
        return (self.branch, self.head)

    def texts(self, column: str) -> Sequence[str | None]:
        return self.paths if column == self.branch else self.labels

    def numbers(self, column: str) -> tuple[Array, Array]:
        return numpy.full(len(self), numpy.nan), numpy.ones(len(self), dtype=bool)

    def cell(self, column: str, row: int) -> Any:
        return self.texts(column)[row]

    def is_text(self, column: str) -> bool:
        return True

    def keys(self) -> Sequence[bytes]:
        return [hashlib.blake2b(each.encode("utf-8", "surrogateescape"), digest_size=8).digest() for each in self.paths]

    def where(self, row: int) -> tuple[str, int]:
        return f"{self.name}/{self.paths[row]}", row + 1

    def label(self, row: int) -> str:
        return self.paths[row]

    def root(self, row: int) -> Root | None:
        return self._root

    def facts(self) -> list[dict[str, Any]]:
        listed = "\n".join(self.paths).encode("utf-8", "surrogateescape")
        return [{"path": self.name, "rows": len(self), "sha256": hashlib.sha256(listed).hexdigest()}]
