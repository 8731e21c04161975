"""What several commands take: `--set`, `--color`, one spec; and how findings are shown."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path as File
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

import click

from ..compiler.compile import Compilation, compile_source
from ..compiler.silence import prepare
from ..text.diagnostic import Diagnostic
from ..text.files import PathError, find_sort
from ..text.read_source import UnreadFile, read_file, read_stream
from ..text.render import describe_counts, render
from ..text.source import Source
from .terminal import has_color, measure_columns, note, write

if TYPE_CHECKING:
    from ..compiler.variants import Sweep

Function = TypeVar("Function", bound=Callable[..., Any])

FOUND = 1
UNREADABLE = 2
STDIN = "<stdin>"


def _read_overrides(ctx: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    if value:
        from ..text.edits.overrides import is_override
    for each in value:
        if not is_override(each):
            raise click.BadParameter(f"`{each}` is not of the form PATH=VALUE, such as vars.width=64")
    return value


_set_option = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="PATH=VALUE",
    callback=_read_overrides,
    help="Set a value of the spec: vars.width=128, branches.video.layers[2].filters=64. May be given several times.",
)
OUTSIDE = "cnnlstm_spec.allow_outside"


def _allow_outside(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    ctx.meta[OUTSIDE] = value


_outside_option = click.option(
    "--allow-outside",
    is_flag=True,
    expose_value=False,
    callback=_allow_outside,
    help="Let specs extend files outside of their folder.",
)


RULES = "cnnlstm_spec.rules"


def _check_rules(ctx: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> None:
    found: list[Diagnostic] = []
    if value:
        prepare((Source(STDIN, ""),), value, found)
    for each in found:
        raise click.BadParameter("; ".join((each.message, *each.help)))
    ctx.meta[RULES] = value


_rule_option = click.option(
    "--rule",
    multiple=True,
    metavar="CODE=LEVEL",
    expose_value=False,
    callback=_check_rules,
    help="Ignore a finding, or make it advice, a warning or an error: mask-lost=ignore. May be given several times.",
)


def set_option(function: Function) -> Function:
    """`--set`, and `--allow-outside` and `--rule`, which stay in the context for `allow_outside` and `read_rules`."""
    return _set_option(_rule_option(_outside_option(function)))


def read_rules() -> tuple[str, ...]:
    """What the person who runs the command says of findings, as texts CODE=LEVEL."""
    said: tuple[str, ...] = click.get_current_context().meta.get(RULES, ())
    return said


def allow_outside() -> bool:
    """Whether the command that runs lets specs extend files outside of their folder."""
    return bool(click.get_current_context().meta.get(OUTSIDE, False))


MAX_VARIANTS = "cnnlstm_spec.max_variants"


def _read_max_variants(ctx: click.Context, parameter: click.Parameter, value: int | None) -> None:
    ctx.meta[MAX_VARIANTS] = value


_matrix_option = click.option(
    "--matrix",
    multiple=True,
    metavar="PATH=[A,B]",
    callback=_read_overrides,
    help="Check every combination of values: vars.width=[32,64]. May be given several times.",
)
_variants_option = click.option(
    "--max-variants",
    type=click.IntRange(1),
    metavar="N",
    expose_value=False,
    callback=_read_max_variants,
    help="Let a matrix have N variants, whatever their size; 10,000, with 1,000,000 layers together, are the most unasked.",
)


def add_matrix_option(function: Function) -> Function:
    """`--matrix`, and `--max-variants`, which stays in the context for `find_max_variants`."""
    return _matrix_option(_variants_option(function))


def find_max_variants() -> int | None:
    """How many variants a person allows; None where nothing is said."""
    given: int | None = click.get_current_context().meta.get(MAX_VARIANTS)
    return given


def _read_measured(ctx: click.Context, parameter: click.Parameter, value: str | None) -> tuple[str, ...]:
    if value is None:
        return ()
    from ..runs.adapted import read_adapted
    from ..runs.samples import DataError

    try:
        found = read_adapted(File(value))
    except DataError as error:
        raise click.BadParameter(str(error)) from None
    if not found:
        raise click.BadParameter(f"`{value}` holds nothing that was measured")
    return found


adapted_option = click.option(
    "--adapted", metavar="RUN", callback=_read_measured, help="Take what the layers of a run have measured of its data."
)
imports_option = click.option("--allow-imports", is_flag=True, help="Let specs import the modules of their `layers_from`.")
color_option = click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    help="Colour; auto goes by NO_COLOR, FORCE_COLOR and the terminal.",
)
format_option = click.option(
    "--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Form of the output."
)
passes_option = click.option(
    "--passes",
    type=click.Choice(["default", "none"]),
    default="default",
    show_default=True,
    help="What rewrites the model before it is built; `none` builds it as it is written.",
)
spec_argument = click.argument("spec", metavar="SPEC")
stdin_option = click.option("--stdin-filename", default=STDIN, metavar="NAME", help="What to call the spec read from `-`.")


def read_source(spec: str, stdin_filename: str = STDIN) -> tuple[Source, File | None]:
    """The source that an argument names, `-` for standard input, and the folder that its paths are relative to."""
    if spec != "-":
        return read_file(File(spec), spec), File(spec).parent
    folder = None if stdin_filename == STDIN else File(stdin_filename).parent
    return read_stream(sys.stdin.buffer if sys.stdin is not None else None, stdin_filename), folder


def load_spec(spec: str, overrides: tuple[str, ...], color: str, quiet: bool = False, allow_imports: bool = False) -> Compilation:
    """The compilation of the one spec that a command takes; its findings go to standard error.

    Ends the command where the file cannot be read.
    """
    try:
        source, folder = read_source(spec)
        compilation = compile_source(source, overrides, folder, allow_imports, allow_outside(), read_rules())
    except UnreadFile as error:
        show([error.diagnostic], color, sys.stderr)
        raise click.exceptions.Exit(UNREADABLE if error.missing else FOUND) from None
    if not quiet:
        show(compilation.diagnostics, color, sys.stderr)
    return compilation


def load_sweep(spec: str, overrides: tuple[str, ...], matrix: tuple[str, ...], color: str, allow_imports: bool = False) -> Sweep:
    """The spec that a command takes with its variants; ends the command where the file cannot be read."""
    from ..compiler.variants import sweep

    try:
        source, folder = read_source(spec)
    except UnreadFile as error:
        show([error.diagnostic], color, sys.stderr)
        raise click.exceptions.Exit(UNREADABLE if error.missing else FOUND) from None
    return sweep(source, overrides, matrix, folder, allow_imports, allow_outside(), find_max_variants(), read_rules())


def need_sound(compilation: Compilation) -> None:
    """Ends the command where the spec has errors."""
    if not compilation.ok:
        note(describe_counts(compilation.diagnostics, 1))
        raise click.exceptions.Exit(FOUND)


def keep_shown(diagnostics: Sequence[Diagnostic], advice: bool = False) -> list[Diagnostic]:
    """Those that are shown: advice where it is asked for."""
    return [each for each in diagnostics if advice or each.severity != "advice"]


def read_folder(ctx: click.Context, parameter: click.Parameter, value: str) -> File:
    """The folder that a command writes into."""
    if not value:
        raise click.BadParameter("the name is empty; `.` is this folder")
    return File(value)


def show(diagnostics: Sequence[Diagnostic], color: str, stream: TextIO, advice: bool = False) -> None:
    """Findings as text."""
    if found := keep_shown(diagnostics, advice):
        colored = has_color(color, stream)
        text = render(found, colored, measure_columns(stream)) + "\n"
        if stream is sys.stderr:
            note(text, colored)
        else:
            write(text + "\n", colored)


def write_file(path: File, data: bytes, instead: str) -> None:
    """A whole file or none; a path that cannot be written ends the command, which says what to do `instead` of a pipe."""
    from ..compiler.artifact.write import replace_file

    with tell_unwritable(path, instead):
        replace_file(path, data)


@contextmanager
def tell_unwritable(path: File, instead: str) -> Iterator[None]:
    """Ends the command where a file cannot be written, which says what to do `instead` of a pipe."""
    try:
        yield
    except PathError as error:
        way = f"; {instead}" if error.reason.startswith("it is a ") else ""
        raise click.ClickException(f"`{path}` cannot be written: {error.reason}{way}") from None


def lies_at(path: File) -> bool:
    """Whether something lies at a path that is to be written; one that the system tells nothing of ends the command."""
    try:
        return find_sort(path) is not None
    except PathError as error:
        raise click.ClickException(f"`{path}` cannot be written: {error.reason}") from None
