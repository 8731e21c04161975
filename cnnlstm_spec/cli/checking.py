"""What `validate` does of each file: reads it, compiles it and its variants, and tells what was found in it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path as File

import click

from ..compiler.compile import Compilation
from ..compiler.silence import separate_advice
from ..compiler.variants import Distinct, Sweep, sweep
from ..emit.words.checked import Checked, fails
from ..text.diagnostic import Diagnostic
from ..text.discover import find_specs, is_spec
from ..text.files import PathError, find_sort
from ..text.frozen import dataclass
from ..text.read_source import UnreadFile
from .mend import MENDS_NOTHING, Mending, Patches, find_settling, mend_files
from .options import FOUND, UNREADABLE, keep_shown, read_source, show
from .telling import Telling
from .terminal import note


@dataclass(frozen=True)
class CheckOptions:
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


class Unused:
    """What silences nothing in any file, of what the person who runs the tool says of all of them."""

    def __init__(self) -> None:
        self._left: list[Diagnostic] | None = None

    def narrow(self, idle: Sequence[Diagnostic]) -> None:
        """Takes what silences nothing in the next file."""
        known = [each.facts for each in idle]
        self._left = list(idle) if self._left is None else [each for each in self._left if each.facts in known]

    def tell(self, is_last: bool) -> tuple[Diagnostic, ...]:
        """What is found so; told with the last file, of each variant too, since those are what some forms tell."""
        return tuple(self._left or ()) if is_last else ()


def check_all(names: Sequence[str], asked: CheckOptions, telling: Telling) -> list[Checked]:
    """Checks files, and tells of each as it is checked; what silences nothing in any of them is told with the last."""
    unused, patches = Unused(), Patches()
    files = [_check(name, asked, telling, unused, patches, name == names[-1]) for name in names]
    if asked.mending.shows and any(each.severity != "advice" for file in files for each in file.found):
        patches.end()
    return files


def find_status(files: Iterable[Checked], strict: bool) -> int:
    """The exit status: 2 where a file could not be read, 1 with findings that count."""
    found = [FOUND for file in files for each in file.found if fails(each, strict)]
    return max([0, *found, *(UNREADABLE for file in files if file.missing)])


def _check(name: str, asked: CheckOptions, telling: Telling, unused: Unused, patches: Patches, is_last: bool) -> Checked:
    """What was found in a file."""
    path = asked.stdin_filename if name == "-" else name
    try:
        source, folder = read_source(name, asked.stdin_filename)
    except UnreadFile as error:
        if not error.missing:
            unused.narrow(())
        if asked.mending.shows:
            # Standard output has the patch alone.
            show([error.diagnostic], "auto", sys.stderr)
        return _tell_file(Checked(path, (error.diagnostic, *unused.tell(is_last)), missing=error.missing), telling)
    given = (asked.allow_imports, asked.allow_outside, asked.max_variants, asked.rules)
    prepared = sweep(source, asked.overrides, asked.matrix, folder, *given)
    if asked.mending.shows:
        patches.show(prepared, asked.mending.unsafe)
    elif asked.mending.writes and mend_files(prepared, asked.mending):
        source, folder = read_source(name, asked.stdin_filename)
        prepared = sweep(source, asked.overrides, asked.matrix, folder, *given)
    if prepared.variants:
        return _check_variants(path, prepared, asked, telling, unused, is_last)
    compilation = prepared.compile_plain(keeps=asked.mending.tries)
    found, idle = separate_advice(keep_shown(_list_findings(compilation, asked), asked.advice))
    unused.narrow(idle)
    settle = find_settling(prepared, found, asked.mending)
    return _tell_file(Checked(path, (*map(settle, found), *unused.tell(is_last))), telling)


def _tell_file(checked: Checked, telling: Telling) -> Checked:
    telling.add_part(checked)
    telling.add_file(checked)
    return checked


def _check_variants(path: str, prepared: Sweep, asked: CheckOptions, telling: Telling, unused: Unused, is_last: bool) -> Checked:
    """The same of a spec with variants, each of which is told before the next one is looked at.

    What is to be told of a variant beside its table may be known only after the last one: how fixes turn out in all of them, and
    what silences nothing in any. Nothing is kept for that: from the first such variant on they are compiled again.
    """
    from ..compiler.variants_table import Table

    table = Table(path, [axis for axis, _ in prepared.variants[0].choices], asked.strict)
    distinct, waiting = Distinct(), None
    telling.add_row(table.write_head())
    for number, (variant, each) in enumerate(prepared.find_all()):
        own, new = distinct.add(keep_shown(_list_findings(each, asked), asked.advice))
        telling.add_found(path, new)
        telling.add_row(table.write_row(variant, own))
        if not telling.by_variant or waiting is not None:
            continue
        if distinct.idle or (asked.mending.tries and any(one.fixes for one in own)):
            waiting = number
        else:
            telling.add_part(Checked(path, own, variant.label))
    telling.add_row(table.write_end())
    of_spec, of_run = separate_advice(distinct.idle)
    unused.narrow(of_run)
    settle = find_settling(prepared, distinct.places, asked.mending)
    late = (*map(settle, of_spec), *unused.tell(is_last))
    checked = Checked(path, (*map(settle, distinct.found), *late))
    telling.add_file(checked)
    for variant in islice(prepared.variants, waiting, None) if waiting is not None else ():
        own, _ = distinct.add(keep_shown(_list_findings(prepared.compile(variant), asked), asked.advice))
        telling.add_part(Checked(path, (*map(settle, own), *late), variant.label))
    return checked


def _list_findings(compilation: Compilation, asked: CheckOptions) -> tuple[Diagnostic, ...]:
    """What was found in a spec; in a sound one also what the runtimes that it is meant for have no operation for."""
    if not asked.runtimes or not compilation.ok:
        return compilation.diagnostics
    from ..compiler.deploy import deploy
    from ..model.runtimes import BACKENDS, find_lacking

    inference, training = deploy(compilation).inference.typed, compilation.typed
    assert inference is not None and training is not None
    graphs = {format: training if format in BACKENDS else inference for format in asked.runtimes}
    return (*compilation.diagnostics, *(each for format, graph in graphs.items() for each in find_lacking(graph, format)))


def expand_paths(paths: tuple[str, ...], only_specs: bool) -> tuple[list[str], bool]:
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
        return find_sort(path) == "folder"
    except PathError:
        return False
