"""`validate PATH...`: every finding of every spec."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path as File
from typing import TYPE_CHECKING

import click

from ..compiler.silence import apart
from ..compiler.variants import agreed, sweep
from ..emit.words.diagnostics import counts
from ..text.diagnostic import Diagnostic
from ..text.discover import specs_below
from ..text.files import PathError, sort_of
from ..text.read_source import Unread
from .options import (
    FOUND,
    UNREADABLE,
    allow_outside,
    color_option,
    format_option,
    imports_option,
    matrix_option,
    max_variants,
    read_source,
    rules,
    set_option,
    show,
    shown,
    stdin_option,
)
from .terminal import note, write

if TYPE_CHECKING:
    from ..text.edits.matrix import Variant


@click.command("validate")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@format_option
@click.option("--strict", is_flag=True, help="Warnings count as findings too.")
@click.option("--advice", is_flag=True, help="Show advice too, which counts as no finding.")
@color_option
@set_option
@matrix_option
@imports_option
@stdin_option
def command(
    paths: tuple[str, ...],
    format_: str,
    strict: bool,
    advice: bool,
    color: str,
    overrides: tuple[str, ...],
    matrix: tuple[str, ...],
    allow_imports: bool,
    stdin_filename: str,
) -> int:
    """Check specs, every shape and every mistake in them.

    PATH is a file, a folder, or - for standard input. Of a folder, every *.yaml and *.yml below that has `version` and
    `branches`, or `extends`, is checked; files named _* are parts of others. Of a spec with a `matrix`, every variant is
    checked, and a table says which of them fail and why.

    The status is 0 where all is well, 1 with findings, 2 where a PATH or a folder below it could not be read (all else is
    checked all the same).
    """
    names, unread = _expanded(paths)
    status = UNREADABLE if unread else 0
    files: list[tuple[str, list[Diagnostic]]] = []
    total: list[list[Diagnostic]] = []
    unused: list[Diagnostic] | None = None
    for name in names:
        missing, shown_name = False, stdin_filename if name == "-" else name
        variants: list[tuple[Variant, list[Diagnostic]]] = []
        try:
            source, folder = read_source(name, stdin_filename)
            prepared = sweep(source, overrides, matrix, folder, allow_imports, allow_outside(), max_variants(), rules())
            pairs = [(variant, shown(each.diagnostics, advice)) for variant, each in prepared.all()]
            variants = list(zip((variant for variant, _ in pairs), agreed([each for _, each in pairs]), strict=True))
            found = _unique(each for _, each in variants) if variants else shown(prepared.plain().diagnostics, advice)
            found, idle = apart(found)
            variants = [(variant, apart(each)[0]) for variant, each in variants]
            unused = idle if unused is None else [each for each in unused if each.facts in [other.facts for other in idle]]
        except Unread as error:
            found, missing = [error.diagnostic], error.missing
        if missing:
            status = UNREADABLE
        elif any(_counts(each, strict) for each in found):
            status = max(status, FOUND)
        files += [(f"{shown_name}[{variant.label}]", each) for variant, each in variants] or [(shown_name, found)]
        total.append(found)
        if format_ == "text":
            show(found, color, sys.stdout, advice)
            if variants:
                from ..compiler.variants_table import table

                write(table(shown_name, variants, strict) + "\n\n")
    if unused:
        total.append(unused)
        files[-1] = (files[-1][0], [*files[-1][1], *unused])
        status = max(status, FOUND if strict else status)
        if format_ == "text":
            show(unused, color, sys.stdout)
    if format_ == "json":
        from ..emit.words.findings import make_findings

        write(make_findings(files).to_json() + "\n")
    else:
        write(counts([each for found in total for each in found], len(names)) + "\n")
    return status


def _counts(found: Diagnostic, strict: bool) -> bool:
    """Whether it makes the status 1."""
    return found.severity == "error" or (strict and found.severity == "warning")


def _is_folder(path: File) -> bool:
    """Whether a path is a folder; one that the system tells nothing of is read as a file, and so reported."""
    try:
        return sort_of(path) == "folder"
    except PathError:
        return False


def _unique(variants: Iterable[list[Diagnostic]]) -> list[Diagnostic]:
    """What was found in any variant, each finding once."""
    unique = {(each.code.name, each.place.span, each.message): each for found in variants for each in found}
    return list(unique.values())


def _expanded(paths: tuple[str, ...]) -> tuple[list[str], bool]:
    """The files that the arguments name, each once; and whether some folder could not be looked into, which is noted."""
    names: dict[str, None] = {}
    unread: list[PathError] = []

    def fail(error: PathError) -> None:
        unread.append(error)
        note(f"{error.path}: cannot be read: {error.reason}")

    for path in paths:
        if path == "-" or not _is_folder(File(path)):
            names[path] = None
            continue
        below = specs_below(File(path), lambda other, why: note(f"{other}: skipped: {why}"), fail)
        names.update(dict.fromkeys(map(str, below)))
    if not names:
        raise click.UsageError(f"there is no spec in {', '.join(paths)}")
    return list(names), bool(unread)
