"""Where things stand: a text, a span in it, a path to a value, and the three together. Imports nothing of ours."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property
from typing import NamedTuple

Path = tuple[str | int, ...]
"""The way to a value: `("branches", "video", "layers", 2, "kernel_size")`; class names are not part of it."""


LINE_END = re.compile(r"\r\n|\r|\n")


class Source:
    """A text with a name; lines end at LF, CR LF or CR, as editors count them."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text

    def __repr__(self) -> str:
        return f"Source({self.name!r})"

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(match.end() for match in LINE_END.finditer(self.text))]

    def find_position(self, offset: int) -> tuple[int, int]:
        """The 1-based line and column, in code points, of an offset."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def start(self, number: int) -> int:
        """The offset of a 1-based line."""
        return self._starts[number - 1]

    def read_line(self, number: int) -> str:
        """The text of a 1-based line, without its line break."""
        start = self._starts[number - 1]
        end = self._starts[number] if number < len(self._starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")


class Span(NamedTuple):
    """A half-open range of code points in a source."""

    source: Source
    start: int
    end: int

    def to(self, end: int) -> Span:
        """The same start, another end."""
        return Span(self.source, self.start, end)


class Place(NamedTuple):
    """A value's path and where it, or its key, is written."""

    path: Path
    span: Span


NOWHERE = Span(Source("<none>", ""), 0, 0)
"""The span of what no person wrote, such as a default."""


def format_path(path: Path) -> str:
    """`branches.video.layers[2].kernel_size`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text
