"""`validate PATH...`: every finding of every spec."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from functools import partial
from pathlib import Path as File

import click

from ..model.runtimes import BACKENDS, RUNTIMES
from .checking import CheckOptions, check_all, expand_paths, find_status
from .formats import (
    FORMATS,
    PLAIN,
    WITH_FIXES,
    annotates,
    find_telling,
    open_files,
    read_output_files,
    without_commands,
)
from .mend import Mending, add_mending_options, check_mending
from .options import (
    UNREADABLE,
    add_matrix_option,
    allow_outside,
    color_option,
    find_max_variants,
    imports_option,
    read_rules,
    set_option,
    stdin_option,
)
from .telling import Together
from .terminal import has_color, measure_columns, write


@click.command("validate")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="Form of the output; text, and where GitHub Actions runs it annotations too, unless it is given.",
)
@click.option(
    "--output-file",
    "outputs",
    multiple=True,
    metavar="FORMAT=PATH",
    callback=read_output_files,
    help="Write a file in one of the forms too: sarif=findings.sarif. May be given several times.",
)
@add_mending_options
@click.option("--strict", is_flag=True, help="Warnings count as findings too.")
@click.option(
    "--for",
    "runtimes",
    multiple=True,
    type=click.Choice((*RUNTIMES, *BACKENDS)),
    help="Tell the layers that a runtime of `export`, or a backend, is known to lack. May be given several times.",
)
@click.option("--advice", is_flag=True, help="Show advice too, which counts as no finding.")
@click.option("--only-specs", is_flag=True, help="Pass over files that are no specs, or are parts of others.")
@click.option("--watch", is_flag=True, help="Check again whenever a file that was read changes, until Control-C.")
@color_option
@set_option
@add_matrix_option
@imports_option
@stdin_option
def command(
    paths: tuple[str, ...],
    form: str | None,
    outputs: dict[File, str],
    fix: bool,
    unsafe_fixes: bool,
    diff: bool,
    strict: bool,
    runtimes: tuple[str, ...],
    advice: bool,
    only_specs: bool,
    watch: bool,
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

    With --fix, files are mended: those that PATH names and those that they extend. A mend is made only where the spec was
    compiled with it, and it takes a finding away and brings no other. What is left is shown. With --diff the patch is printed
    instead.

    The status is 0 where all is well, 1 with findings, 2 where a PATH or a folder below it could not be read (all else is
    checked all the same).
    """
    given = (allow_imports, allow_outside(), find_max_variants(), stdin_filename)
    check_mending(paths, form, fix, unsafe_fixes, diff)
    tries = bool(WITH_FIXES.intersection((form, *outputs.values())))
    mending = Mending(fix and not diff, diff, unsafe_fixes, tries, form not in (None, "text"))
    asked = CheckOptions(overrides, matrix, read_rules(), strict, advice, *given, mending, runtimes)
    colored = has_color(color, sys.stdout)

    def check() -> int:
        names, unread = expand_paths(paths, only_specs)
        for path in outputs:
            if str(path) in names:
                raise click.UsageError(f"`{path}` is a spec, not a file to write")
        annotations: list[str] = []
        with open_files(outputs, strict) as tellings:
            if not diff:
                put = partial(write, colored=colored)
                tellings.append(find_telling(form or "text", put, strict, colored, measure_columns(sys.stdout)))
            if form is None and annotates():
                tellings.append(find_telling("github", annotations.append, strict))
            with without_commands() if annotates() and form in PLAIN else nullcontext():
                telling = Together(tellings)
                files = check_all(names, asked, telling)
                telling.end(files)
            write("".join(annotations))
        return max(find_status(files, strict), UNREADABLE if unread else 0)

    if not watch:
        return check()
    if "-" in paths:
        raise click.UsageError("standard input cannot be watched; name a file")
    from .repeating import repeat

    repeat(check)
    return 0
