"""How `validate` tells what it finds while it checks: what a form can write of a part is written as soon as that is judged."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import final

from ..emit.words.checked import Checked, Key, identify
from ..text.diagnostic import Diagnostic
from .formats import LINES, count, report, text_of
from .terminal import write


class Telling(ABC):
    """Is told of files, and of their variants, in the order in which they are checked."""

    def add_row(self, row: str) -> None:
        """A line of the table of the variants of a file."""
        return

    def add_found(self, path: str, found: Sequence[Diagnostic]) -> None:
        """What was found in a variant of a file, and in none before it."""
        return

    @abstractmethod
    def add_file(self, checked: Checked) -> None:
        """A file, once all of it is checked."""

    @abstractmethod
    def end(self, files: Sequence[Checked]) -> None:
        """All of them."""


@final
class Nothing(Telling):
    """Where something else is printed."""

    def add_file(self, checked: Checked) -> None:
        return

    def end(self, files: Sequence[Checked]) -> None:
        return


@final
class InText(Telling):
    """For a person: the table as it grows, then each finding once."""

    def __init__(self, colored: bool, width: int | None) -> None:
        self.colored, self.width = colored, width
        self.in_table = False

    def add_row(self, row: str) -> None:
        self.in_table = True
        write(f"{row}\n")

    def add_file(self, checked: Checked) -> None:
        if self.in_table:
            write("\n")
        self.in_table = False
        write(text_of(replace(checked, table=""), self.colored, self.width), self.colored)

    def end(self, files: Sequence[Checked]) -> None:
        write(count(files))


@final
class InLines(Telling):
    """Each finding once, as a line that says all of it."""

    def __init__(self, form: str, strict: bool) -> None:
        self.form, self.strict = form, strict
        self.told: set[Key] = set()

    def add_found(self, path: str, found: Sequence[Diagnostic]) -> None:
        new = tuple(each for each in found if identify(each, path) not in self.told)
        self.told.update(identify(each, path) for each in new)
        if new:
            write(report(self.form, [Checked(path, new)], self.strict))

    def add_file(self, checked: Checked) -> None:
        self.add_found(checked.path, checked.found)

    def end(self, files: Sequence[Checked]) -> None:
        return


@final
class AsWhole(Telling):
    """A document, of which nothing can be written before all is known."""

    def __init__(self, form: str, strict: bool) -> None:
        self.form, self.strict = form, strict

    def add_file(self, checked: Checked) -> None:
        return

    def end(self, files: Sequence[Checked]) -> None:
        write(report(self.form, files, self.strict))


def find_telling(form: str, strict: bool, colored: bool, width: int | None) -> Telling:
    """How a form is written to standard output."""
    if form == "text":
        return InText(colored, width)
    return InLines(form, strict) if form in LINES else AsWhole(form, strict)
