"""What came of checking a file, and where each finding stands, as every format of `validate` writes them. Imports no format."""

from __future__ import annotations

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
    """A file and what was found in it, each finding once; of one with a matrix, also what was found in each variant."""

    path: str
    """As it was given."""
    found: tuple[Diagnostic, ...]
    variants: tuple[tuple[str, tuple[Diagnostic, ...]], ...] = ()
    """By the labels of the variants, where what is written has each of them."""
    table: str = ""
    """Which variants fail and why, as a text, where one is written whole."""
    missing: bool = False
    """Whether it could not be read at all."""

    @property
    def parts(self) -> tuple[tuple[str, tuple[Diagnostic, ...]], ...]:
        """The file, or each of its variants, with what was found in it."""
        named = tuple((f"{self.path}[{label}]", found) for label, found in self.variants)
        return named or ((self.path, self.found),)


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


def find_spot(span: Span, path: str) -> Spot:
    """Where a span stands, of a finding in the file of that path."""
    source = span.source
    if source is NOWHERE.source:
        return Spot(path)
    if source.name.startswith("--") or source.name == "overrides":
        return Spot(path, option=source.text)
    if not source.text:
        return Spot(source.name)
    return Spot(source.name, *source.position(span.start), *source.position(span.end))


def fails(found: Diagnostic, strict: bool) -> bool:
    """Whether a finding makes a spec fail."""
    return found.severity == "error" or (strict and found.severity == "warning")


def make_relative(path: str, root: str) -> str:
    """A path as it is below the root of a repository, with `/`; one that is not below it, and that of a stream, stay."""
    if path.startswith("<"):
        return path
    try:
        inner = resolve(File(path)).relative_to(resolve(File(root)))
    except (PathError, ValueError):
        return File(path).as_posix()
    return inner.as_posix()


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
