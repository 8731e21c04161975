"""The forms in which `validate` tells what it found, on standard output and in files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path as File

import click

from ..compiler.version import __version__
from ..text.escape.terminal import make_lines_safe
from .options import tell_unwritable
from .telling import AsWhole, InFindings, InParts, InText, Put, Telling
from .terminal import write

FORMATS = ("text", "concise", "json", "sarif", "github", "junit", "gitlab")
PLAIN = (None, "text", "concise")
"""Those that a person reads, in lines that GitHub would look through for commands; None is text too."""
WITH_FIXES = frozenset({"json", "sarif"})
"""Those that tell of fixes, which are tried for them."""
ROOTS = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR")
"""What CI servers call the folder of the repository, to which the paths of a report are relative."""


def find_telling(form: str, put: Put, strict: bool, colored: bool = False, width: int | None = None) -> Telling:
    """How one of the forms is written; the text of it may be coloured, and of a width in columns."""
    # A run writes few of them.
    match form:
        case "concise":
            from ..emit.words.concise import ConciseWriter

            return InFindings(put, ConciseWriter())
        case "github":
            from ..emit.words.github import GithubWriter

            return InFindings(put, GithubWriter(_find_root()))
        case "gitlab":
            from ..emit.words.gitlab import GitlabWriter

            return InFindings(put, GitlabWriter(_find_root()))
        case "json":
            from ..emit.words.findings import FindingsWriter

            return InParts(put, FindingsWriter())
        case "junit":
            from ..emit.words.junit import JunitWriter

            return InParts(put, JunitWriter(strict))
        case "sarif":
            from ..emit.words.sarif import write_sarif

            # Its rules stand before its results, and fixes in it that are tried in every variant.
            return AsWhole(put, lambda files: write_sarif(files, _find_root(), __version__))
    return InText(put, colored, width)


def annotates() -> bool:
    """Whether GitHub runs the tool, and shows annotations that it writes."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


@contextmanager
def without_commands() -> Iterator[None]:
    """Lets GitHub obey nothing that is printed: a line that begins with what a spec says may look like a command."""
    from secrets import token_hex

    token = token_hex(16)
    write(f"::stop-commands::{token}\n")
    yield
    write(f"::{token}::\n")


def _find_root() -> str:
    return next(filter(None, map(os.environ.get, ROOTS)), os.curdir)


def read_output_files(ctx: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> dict[File, str]:
    """The form of each file that is to be written, from texts FORMAT=PATH."""
    found: dict[File, str] = {}
    for each in value:
        form, equals, path = each.partition("=")
        if form not in FORMATS or not equals or not path:
            raise click.BadParameter(f"`{each}` is not of the form FORMAT=PATH; the formats are {', '.join(FORMATS)}")
        if File(path) in found:
            raise click.BadParameter(f"`{path}` is named twice")
        found[File(path)] = form
    return found


@contextmanager
def open_files(outputs: dict[File, str], strict: bool) -> Iterator[list[Telling]]:
    """How the files are told; each lies at its place, whole, once all is told. One that cannot be written ends the command."""
    with ExitStack() as stack:
        yield [find_telling(form, stack.enter_context(_open_file(path, form)), strict) for path, form in outputs.items()]


@contextmanager
def _open_file(path: File, form: str) -> Iterator[Put]:
    from ..compiler.artifact.write import Replacement

    def fail() -> AbstractContextManager[None]:
        return tell_unwritable(path, f"`--format {form}` writes to standard output")

    def put(text: str) -> None:
        with fail():
            file.write(make_lines_safe(text).encode("utf-8", "backslashreplace"))

    with fail():
        file = Replacement(path)
    try:
        yield put
        with fail():
            file.put()
    finally:
        file.drop()
