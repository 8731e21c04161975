"""The forms in which `validate` tells what it found, on standard output and in files."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path as File

import click

from ..compiler.version import __version__
from ..emit.words.checked import Checked
from ..text.escape.terminal import make_lines_safe
from ..text.render import counts, render
from .options import write_file
from .terminal import write

FORMATS = ("text", "concise", "json", "sarif", "github", "junit", "gitlab")
PLAIN = (None, "text", "concise")
"""Those that a person reads, in lines that GitHub would look through for commands; None is text too."""
LINES = frozenset({"concise", "github"})
"""Those of a line for each finding, which can be written before the next is known."""
BY_VARIANT = frozenset({"json", "junit"})
"""Those that tell what was found in each variant."""
WITH_FIXES = frozenset({"json", "sarif"})
"""Those that tell of fixes, which are tried for them."""
ROOTS = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR")
"""What CI servers call the folder of the repository, to which the paths of a report are relative."""


def report(form: str, files: Sequence[Checked], strict: bool) -> str:
    """What was found, in one of the forms; text without colours."""
    # A run writes few of them.
    match form:
        case "concise":
            from ..emit.words.concise import write_concise

            return write_concise(files)
        case "json":
            from ..emit.words.findings import make_findings

            return make_findings([part for file in files for part in file.parts]).to_json() + "\n"
        case "sarif":
            from ..emit.words.sarif import write_sarif

            return write_sarif(files, _find_root(), __version__)
        case "github":
            from ..emit.words.github import write_github

            return write_github(files, _find_root())
        case "junit":
            from ..emit.words.junit import write_junit

            return write_junit(files, strict)
        case "gitlab":
            from ..emit.words.gitlab import write_gitlab

            return write_gitlab(files, _find_root())
    return make_lines_safe("".join(map(text_of, files)) + count(files))


def text_of(checked: Checked, color: bool = False, width: int | None = None) -> str:
    """The table of a file's variants, and what was found in it, as a terminal shows them; an empty line after each."""
    parts = [checked.table, render(checked.found, color, width) if checked.found else ""]
    return "".join(f"{part}\n\n" for part in parts if part)


def count(files: Sequence[Checked]) -> str:
    """`2 errors, 1 warning in 1 file`."""
    return counts([each for file in files for each in file.found], len(files)) + "\n"


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


def write_reports(outputs: dict[File, str], files: Sequence[Checked], strict: bool) -> None:
    """Writes each file whole; one that cannot be written ends the command."""
    for path, form in outputs.items():
        data = report(form, files, strict).encode("utf-8", "backslashreplace")
        write_file(path, data, f"`--format {form}` writes to standard output")
