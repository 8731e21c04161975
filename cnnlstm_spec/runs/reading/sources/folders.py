"""A folder of folders: the folders are the classes, the files in them the samples; or of files. Hidden ones are passed over."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy

from ....text.files import find_sort, list_entries
from ..places import Root
from .rows import Array, Rows


class FolderRows(Rows):
    """A row for each file: its path under the branch's name, its folder under the head's."""

    def __init__(self, path: Path, shown: str, branch: str, head: str, allow_outside: bool) -> None:
        self.path, self.name, self.branch, self.head = path, shown, branch, head
        self._root = Root(path, allow_outside)
        found = [each for each in list_entries(path) if not each.name.startswith(".")]
        self.classes = [each.name for each in found if find_sort(each) == "folder"]
        held = [(each, name) for name in self.classes for each in list_entries(path / name) if not each.name.startswith(".")]
        self.paths = [str(each.relative_to(path)) for each, _ in held]
        if not self.classes:
            # They have no class: a model can be asked about them.
            self.paths = [each.name for each in found]
        self.labels = [name for _, name in held]

    def __len__(self) -> int:
        return len(self.paths)

    def list_names(self) -> tuple[str, ...]:
        return (self.branch, self.head) if self.classes else (self.branch,)

    def suggest(self, column: str) -> str:
        return "; the files are in no folders, whose names would be the classes" if column == self.head else ""

    def holds_files(self) -> bool:
        return True

    def list_empty(self) -> list[str]:
        """The classes whose folder has no file."""
        return [name for name in self.classes if name not in self.labels]

    def read_texts(self, column: str) -> Sequence[str | None]:
        return self.paths if column == self.branch else self.labels

    def read_numbers(self, column: str) -> tuple[Array, Array]:
        return numpy.full(len(self), numpy.nan), numpy.ones(len(self), dtype=bool)

    def read_cell(self, column: str, row: int) -> str | None:
        return self.read_texts(column)[row]

    def is_text(self, column: str) -> bool:
        return True

    def iterate_keys(self) -> Sequence[bytes]:
        return [hashlib.blake2b(each.encode("utf-8", "surrogateescape"), digest_size=8).digest() for each in self.paths]

    def locate(self, row: int) -> tuple[str, int]:
        return f"{self.name}/{self.paths[row]}", row + 1

    def name_row(self, row: int) -> str:
        return self.paths[row]

    def find_root(self, row: int) -> Root | None:
        return self._root

    def describe_source(self) -> list[dict[str, object]]:
        listed = "\n".join(self.paths).encode("utf-8", "surrogateescape")
        return [{"path": self.name, "rows": len(self), "sha256": hashlib.sha256(listed).hexdigest()}]
