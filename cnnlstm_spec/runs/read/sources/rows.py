"""Rows of a source: what its columns hold, where each row stands, and where the paths in its cells lead."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy

from ..places import Root

Array = numpy.ndarray[Any, Any]


class Rows(ABC):
    """The rows of a source, a sample each, or a step each where `window` makes samples of them."""

    name: str
    """What the source is called."""

    @abstractmethod
    def __len__(self) -> int:
        """How many rows there are."""

    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """The columns."""

    @abstractmethod
    def texts(self, column: str) -> Sequence[str | None]:
        """The cells as text; None of an empty one."""

    @abstractmethod
    def numbers(self, column: str) -> tuple[Array, Array]:
        """The cells as float64, NaN where there is none; and of each whether it holds something that is no number."""

    @abstractmethod
    def cell(self, column: str, row: int) -> Any:
        """One cell: a text, a number, or an array of a list's numbers; None of an empty one."""

    @abstractmethod
    def is_text(self, column: str) -> bool:
        """Whether the cells are texts that may be paths or labels."""

    @abstractmethod
    def keys(self) -> Sequence[bytes]:
        """Of each row what the split hangs on: its cells."""

    def where(self, row: int) -> tuple[str, int]:
        """The file of a row, and its number there, from 1 on."""
        return self.name, row + 1

    def label(self, row: int) -> str:
        """What a person knows the row by."""
        return str(row + 1)

    def root(self, row: int) -> Root | None:
        """What paths in the row are relative to; None where cells are no paths."""
        return None

    def facts(self) -> list[dict[str, Any]]:
        """What a manifest says: path, rows and digest of each file."""
        return [{"path": self.name, "rows": len(self)}]

    def whole(self) -> dict[str, Sequence[Any]] | None:
        """All columns as a person wrote them; None of a source without any."""
        return None
