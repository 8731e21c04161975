"""`validate PATH...`: every finding of every spec."""

from __future__ import annotations

import sys
from pathlib import Path as File

import click

from ..compiler import compile_source
from ..diagnostic import Diagnostic
from ..folder import specs_below
from ..reading import Unread
from ..render.text import counts
from ..terminal import note, write
from .common import FOUND, UNREADABLE, color_option, format_option, read_source, set_option, show, shown, stdin_option


@click.command("validate")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@format_option
@click.option("--strict", is_flag=True, help="Warnings count as findings too.")
@color_option
@set_option
@stdin_option
def command(
    paths: tuple[str, ...], format_: str, strict: bool, color: str, overrides: tuple[str, ...], stdin_filename: str
) -> int:
    """Check specs, every shape and every mistake in them.

    PATH is a file, a folder, or - for standard input. Of a folder, every *.yaml and *.yml below that has `version` and
    `branches` is checked; files named _* are parts of others.

    The status is 0 where all is well, 1 with findings, 2 where a PATH could not be read (the others are checked all the same).
    """
    status = 0
    files: list[tuple[str, list[Diagnostic]]] = []
    for name in _expanded(paths):
        missing = False
        try:
            source, folder = read_source(name, stdin_filename)
            found = shown(compile_source(source, overrides, folder).diagnostics)
        except Unread as error:
            found, missing = [error.diagnostic], error.missing
        if missing:
            status = UNREADABLE
        elif any(strict or each.severity == "error" for each in found):
            status = max(status, FOUND)
        files.append((stdin_filename if name == "-" else name, found))
        if format_ == "text":
            show(found, color, sys.stdout)
    if format_ == "json":
        from ..render.json import findings

        write(findings(files) + "\n")
    else:
        write(counts([each for _, found in files for each in found], len(files)) + "\n")
    return status


def _expanded(paths: tuple[str, ...]) -> list[str]:
    """The files that the arguments name, each once."""
    names: dict[str, None] = {}
    for path in paths:
        if path == "-" or not File(path).is_dir():
            names[path] = None
            continue
        below = specs_below(File(path), lambda other, why: note(f"{other}: skipped: {why}"))
        names.update(dict.fromkeys(map(str, below)))
    if not names:
        raise click.UsageError(f"there is no spec in {', '.join(paths)}")
    return list(names)
