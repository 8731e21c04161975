"""What `validate` does of each file: reads it, compiles it and its variants, and tells what was found in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path as File

import click

from ..compiler.compile import Compilation
from ..compiler.silence import apart
from ..compiler.variants import agreed, sweep
from ..emit.words.checked import Checked, fails
from ..text.diagnostic import Diagnostic
from ..text.discover import find_specs, is_spec
from ..text.files import PathError, sort_of
from ..text.frozen import dataclass
from ..text.read_source import Unread
from .mend import MENDS_NOTHING, Mending, mend_files, show_patch, tried
from .options import FOUND, UNREADABLE, read_source, shown
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


def check_all(names: Sequence[str], asked: Asked, tell: Callable[[Checked], None]) -> list[Checked]:
    """Checks files, and tells of each as soon as it is checked; what silences nothing in any of them is told with the last."""
    files: list[Checked] = []
    unused: list[Diagnostic] | None = None
    for name in names:
        checked, idle = _check(name, asked)
        if not checked.missing:
            unused = idle if unused is None else [each for each in unused if each.facts in [other.facts for other in idle]]
        files.append(checked)
        tell(checked)
    if unused:
        last = files[-1]
        # Of each variant too, since those are what some formats tell.
        variants = tuple((label, (*found, *unused)) for label, found in last.variants)
        files[-1] = replace(last, found=(*last.found, *unused), variants=variants)
        tell(Checked(last.path, tuple(unused)))
    return files


def status_of(files: Iterable[Checked], strict: bool) -> int:
    """The exit status: 2 where a file could not be read, 1 with findings that count."""
    found = [FOUND for file in files for each in file.found if fails(each, strict)]
    return max([0, *found, *(UNREADABLE for file in files if file.missing)])


def _check(name: str, asked: Asked) -> tuple[Checked, list[Diagnostic]]:
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
    from ..compiler.variants_table import table

    pairs = [(variant, shown(_told(each, asked), asked.advice)) for variant, each in prepared.all()]
    whole = agreed([each for _, each in pairs])
    own = [apart(each)[0] for each in whole]
    if asked.mending.tries:
        own = tried(prepared, *own)
    text = table(path, list(zip(prepared.variants, own, strict=True)), asked.strict)
    variants = tuple((variant.label, tuple(each)) for variant, each in zip(prepared.variants, own, strict=True))
    return Checked(path, tuple(_unique(own)), variants, text), apart(_unique(whole))[1]


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


def _unique(variants: Iterable[list[Diagnostic]]) -> list[Diagnostic]:
    """What was found in any variant, each finding once."""
    unique = {(each.code.name, each.place.span, each.message): each for found in variants for each in found}
    return list(unique.values())


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
