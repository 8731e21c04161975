"""How `validate` tells what it finds while it checks: what a form can write of a part is written as soon as that is judged."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import final

from ..emit.words.checked import Checked, FindingWriter, Key, PartWriter, find_spot, identify
from ..text.diagnostic import Diagnostic
from ..text.render import describe_counts, render

Put = Callable[[str], object]
"""Writes a text to where a form goes."""


class Telling(ABC):
    """Is told of files, and of their variants, in the order in which they are checked."""

    by_variant = False
    """Whether it tells what was found in each variant."""

    def add_row(self, row: str) -> None:
        """A line of the table of the variants of a file."""
        return

    def add_found(self, path: str, found: Sequence[Diagnostic]) -> None:
        """What was found in a variant of a file, and in none before it."""
        return

    def add_part(self, checked: Checked) -> None:
        """A variant of a file, or a file without any."""
        return

    def add_file(self, checked: Checked) -> None:
        """A file, once all of it is checked."""
        return

    @abstractmethod
    def end(self, files: Sequence[Checked]) -> None:
        """All of them."""


@final
class Together(Telling):
    """Several, each told of the same."""

    def __init__(self, tellings: Sequence[Telling]) -> None:
        self.tellings = tellings
        self.by_variant = any(each.by_variant for each in tellings)

    def add_row(self, row: str) -> None:
        for each in self.tellings:
            each.add_row(row)

    def add_found(self, path: str, found: Sequence[Diagnostic]) -> None:
        for each in self.tellings:
            each.add_found(path, found)

    def add_part(self, checked: Checked) -> None:
        for each in self.tellings:
            each.add_part(checked)

    def add_file(self, checked: Checked) -> None:
        for each in self.tellings:
            each.add_file(checked)

    def end(self, files: Sequence[Checked]) -> None:
        for each in self.tellings:
            each.end(files)


@final
class InText(Telling):
    """For a person: the table as it grows, then each finding once."""

    def __init__(self, put: Put, colored: bool = False, width: int | None = None) -> None:
        self.put, self.colored, self.width = put, colored, width
        self.in_table = False

    def add_row(self, row: str) -> None:
        self.in_table = True
        self.put(f"{row}\n")

    def add_file(self, checked: Checked) -> None:
        after_table = "\n" if self.in_table else ""
        self.in_table = False
        found = f"{render(checked.found, self.colored, self.width)}\n\n" if checked.found else ""
        self.put(after_table + found)

    def end(self, files: Sequence[Checked]) -> None:
        self.put(describe_counts([each for file in files for each in file.found], len(files)) + "\n")


@final
class InFindings(Telling):
    """Each finding once, as soon as it is found."""

    def __init__(self, put: Put, writer: FindingWriter) -> None:
        self.put, self.writer = put, writer
        self.told: set[Key] = set()

    def add_found(self, path: str, found: Sequence[Diagnostic]) -> None:
        for each in found:
            key = identify(each, path)
            if key not in self.told:
                self.told.add(key)
                self.put(self.writer.add(find_spot(each.place.span, path), each))

    def add_file(self, checked: Checked) -> None:
        self.add_found(checked.path, checked.found)

    def end(self, files: Sequence[Checked]) -> None:
        self.put(self.writer.end())


@final
class InParts(Telling):
    """Each file, or variant, with all that was found in it."""

    by_variant = True

    def __init__(self, put: Put, writer: PartWriter) -> None:
        self.put, self.writer = put, writer

    def add_part(self, checked: Checked) -> None:
        self.put(self.writer.add(checked))

    def end(self, files: Sequence[Checked]) -> None:
        self.put(self.writer.end())


@final
class AsWhole(Telling):
    """A document of which nothing can be written before all is known."""

    def __init__(self, put: Put, write_all: Callable[[Sequence[Checked]], str]) -> None:
        self.put, self.write_all = put, write_all

    def end(self, files: Sequence[Checked]) -> None:
        self.put(self.write_all(files))
