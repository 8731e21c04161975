"""What `validate` does of each file: reads it, compiles it and its variants, and tells what was found in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path as File

import click

from ..compiler.compile import Compilation
from ..compiler.silence import apart
from ..compiler.variants import Distinct, Sweep, sweep
from ..emit.words.checked import Checked, fails
from ..text.diagnostic import Diagnostic
from ..text.discover import find_specs, is_spec
from ..text.files import PathError, sort_of
from ..text.frozen import dataclass
from ..text.read_source import Unread
from .formats import BY_VARIANT
from .mend import MENDS_NOTHING, Mending, mend_files, show_patch, tried
from .options import FOUND, UNREADABLE, read_source, shown
from .telling import Telling
from .terminal import note


@dataclass(frozen=True)
class Asked:
    """What the person who checks specs says of all of them."""

    overrides: tuple[str, ...]
    matrix: tuple[str, ...]
    rules: tuple[str, ...]
    strict: bool
    advice: bool
    allow_imports: bool
    allow_outside: bool
    max_variants: int | None
    stdin_filename: str
    mending: Mending = MENDS_NOTHING
    runtimes: tuple[str, ...] = ()
    """Those that the model is to be exported to."""
    printed: str = "text"
    """The form of what is printed."""
    written: frozenset[str] = frozenset()
    """The forms of the files that are written."""

    def wants(self, *forms: str) -> bool:
        """Whether what is found is told in one of these forms."""
        return not self.written.isdisjoint(forms) or self.printed in forms


def check_all(names: Sequence[str], asked: Asked, telling: Telling) -> list[Checked]:
    """Checks files, and tells of each as it is checked; what silences nothing in any of them is told with the last."""
    files: list[Checked] = []
    unused: list[Diagnostic] | None = None
    for name in names:
        checked, idle = _check(name, asked, telling)
        if not checked.missing:
            unused = idle if unused is None else [each for each in unused if each.facts in [other.facts for other in idle]]
        files.append(checked)
        telling.add_file(checked)
    if unused:
        last = files[-1]
        # Of each variant too, since those are what some formats tell.
        variants = tuple((label, (*found, *unused)) for label, found in last.variants)
        files[-1] = replace(last, found=(*last.found, *unused), variants=variants)
        telling.add_file(Checked(last.path, tuple(unused)))
    return files


def status_of(files: Iterable[Checked], strict: bool) -> int:
    """The exit status: 2 where a file could not be read, 1 with findings that count."""
    found = [FOUND for file in files for each in file.found if fails(each, strict)]
    return max([0, *found, *(UNREADABLE for file in files if file.missing)])


def _check(name: str, asked: Asked, telling: Telling) -> tuple[Checked, list[Diagnostic]]:
    """What was found in a file, and what silences nothing there of all that is said of all files."""
    path = asked.stdin_filename if name == "-" else name
    try:
        source, folder = read_source(name, asked.stdin_filename)
    except Unread as error:
        return Checked(path, (error.diagnostic,), missing=error.missing), []
    given = (asked.allow_imports, asked.allow_outside, asked.max_variants, asked.rules)
    prepared = sweep(source, asked.overrides, asked.matrix, folder, *given)
    if asked.mending.shows:
        show_patch(prepared, asked.mending.unsafe)
    elif asked.mending.writes and mend_files(prepared, asked.mending.unsafe):
        source, folder = read_source(name, asked.stdin_filename)
        prepared = sweep(source, asked.overrides, asked.matrix, folder, *given)
    if not prepared.variants:
        found, idle = apart(shown(_told(prepared.plain(), asked), asked.advice))
        if asked.mending.tries:
            found = tried(prepared, found)[0]
        return Checked(path, tuple(found)), idle
    return _check_variants(path, prepared, asked, telling)


def _check_variants(path: str, prepared: Sweep, asked: Asked, telling: Telling) -> tuple[Checked, list[Diagnostic]]:
    """The same of a spec with variants, each of which is told before the next one is looked at."""
    from ..compiler.variants_table import Table

    table = Table(path, [axis for axis, _ in prepared.variants[0].choices], asked.strict)
    distinct, rows = Distinct(), list[str]()
    parts: list[tuple[str, tuple[Diagnostic, ...]]] = []

    def add_row(row: str) -> None:
        telling.add_row(row)
        if "text" in asked.written:
            rows.append(row)

    add_row(table.write_head())
    for variant, each in prepared.all():
        own, new = distinct.add(shown(_told(each, asked), asked.advice))
        telling.add_found(path, new)
        add_row(table.write_row(variant, own))
        if asked.wants(*BY_VARIANT):
            parts.append((variant.label, own))
    add_row(table.write_end())
    of_spec, of_run = apart(distinct.idle)
    found = [*distinct.found, *of_spec]
    parts = [(label, (*own, *of_spec)) for label, own in parts]
    if asked.mending.tries:
        found, *owns = tried(prepared, found, *(list(own) for _, own in parts))
        parts = [(label, tuple(own)) for (label, _), own in zip(parts, owns, strict=True)]
    return Checked(path, tuple(found), tuple(parts), "\n".join(rows)), of_run


def _told(compilation: Compilation, asked: Asked) -> tuple[Diagnostic, ...]:
    """What was found in a spec; in a sound one also what the runtimes that it is meant for have no operation for."""
    if not asked.runtimes or not compilation.ok:
        return compilation.diagnostics
    from ..compiler.deploy import deploy
    from ..model.runtimes import BACKENDS, find_lacking

    inference, training = deploy(compilation).inference.typed, compilation.typed
    assert inference is not None and training is not None
    graphs = {format: training if format in BACKENDS else inference for format in asked.runtimes}
    return (*compilation.diagnostics, *(each for format, graph in graphs.items() for each in find_lacking(graph, format)))


def expanded(paths: tuple[str, ...], only_specs: bool) -> tuple[list[str], bool]:
    """The files that the arguments name, each once; and whether some folder could not be looked into, which is noted.

    With `only_specs`, files that are named and are none are passed over, and so are parts of others.
    """
    names: dict[str, None] = {}
    unread: list[PathError] = []

    def fail(error: PathError) -> None:
        unread.append(error)
        note(f"{error.path}: cannot be read: {error.reason}")

    for path in paths:
        if path != "-" and _is_folder(File(path)):
            below = find_specs(File(path), lambda other, why: note(f"{other}: skipped: {why}"), fail)
            names.update(dict.fromkeys(map(str, below)))
        elif path == "-" or not only_specs or (is_spec(File(path)) and not File(path).name.startswith("_")):
            names[path] = None
    if not names and not only_specs:
        raise click.UsageError(f"there is no spec in {', '.join(paths)}")
    return list(names), bool(unread)


def _is_folder(path: File) -> bool:
    """Whether a path is a folder; one that the system tells nothing of is read as a file, and so reported."""
    try:
        return sort_of(path) == "folder"
    except PathError:
        return False
