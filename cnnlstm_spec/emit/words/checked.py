"""What came of checking a file, and where each finding stands, as every format of `validate` writes them. Imports no format."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path as File
from typing import NamedTuple

from ...text.diagnostic import Diagnostic
from ...text.files import PathError, resolve
from ...text.frozen import dataclass
from ...text.source import NOWHERE, Span

Key = tuple[object, ...]
LEVELS = ("error", "warning", "advice")


@dataclass(frozen=True)
class Checked:
    """A file, or one variant of it, and what was found there, each finding once."""

    path: str
    """As it was given."""
    found: tuple[Diagnostic, ...]
    label: str = ""
    """That of the variant."""
    missing: bool = False
    """Whether it could not be read at all."""

    @property
    def name(self) -> str:
        """What tells it from all others."""
        return f"{self.path}[{self.label}]" if self.label else self.path


class Spot(NamedTuple):
    """Where something stands in a file, from 1, its end excluded; without lines where no text is written."""

    path: str
    line: int | None = None
    column: int | None = None
    end_line: int | None = None
    end_column: int | None = None
    option: str | None = None
    """The text of the command line that it stands in; the path is then that of the file that was checked."""

    def __str__(self) -> str:
        return self.path if self.line is None else f"{self.path}:{self.line}:{self.column}"


class FindingWriter(ABC):
    """Writes a form in which findings stand one after another."""

    @abstractmethod
    def add(self, spot: Spot, found: Diagnostic) -> str:
        """The text of the next one."""

    def end(self) -> str:
        """What stands after the last one."""
        return ""


class PartWriter(ABC):
    """Writes a form in which files stand one after another, each variant of a matrix for itself."""

    @abstractmethod
    def add(self, checked: Checked) -> str:
        """The text of the next one."""

    @abstractmethod
    def end(self) -> str:
        """What stands after the last one."""


def find_spot(span: Span, path: str) -> Spot:
    """Where a span stands, of a finding in the file of that path."""
    source = span.source
    if source is NOWHERE.source:
        return Spot(path)
    if source.name.startswith("--") or source.name == "overrides":
        return Spot(path, option=source.text)
    if not source.text:
        return Spot(source.name)
    return Spot(source.name, *source.find_position(span.start), *source.find_position(span.end))


def fails(found: Diagnostic, strict: bool) -> bool:
    """Whether a finding makes a spec fail."""
    return found.severity == "error" or (strict and found.severity == "warning")


def make_relative(path: str, root: str) -> str:
    """A path from the root of a repository, with `/`; an absolute one that is not below it, and that of a stream, stay."""
    if path.startswith("<"):
        return path
    try:
        whole, base = resolve(File(path)), resolve(File(root))
        if not whole.is_relative_to(base):
            # A link that leads out of it stays one.
            whole = resolve(File(path).parent) / File(path).name
    except PathError:
        return File(path).as_posix()
    outside = File(path).is_absolute() and not whole.is_relative_to(base)
    return File(path).as_posix() if outside else File(os.path.relpath(whole, base)).as_posix()


def describe_finding(found: Diagnostic, spot: Spot | None = None) -> str:
    """A finding in a few lines: what is said, what is said at its place, and the ways out."""
    option = (f"in `{spot.option}`",) if spot is not None and spot.option is not None else ()
    return "\n".join([found.message, *option, *filter(None, (found.label,)), *(f"help: {each}" for each in found.help)])


def order_findings(files: Sequence[Checked]) -> list[tuple[Spot, Diagnostic]]:
    """Every finding of all files, each once, with where it stands."""
    once = {identify(each, file.path): (find_spot(each.place.span, file.path), each) for file in files for each in file.found}
    return list(once.values())


def identify(found: Diagnostic, path: str) -> Key:
    """What makes two findings of files one: where they stand, and what they say."""
    spot = find_spot(found.place.span, path)
    return str(spot), spot.option, found.code.name, found.message
