"""What the commands take that work on a run: its folder, or a model with its spec."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path as File
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..ir.program import Unbuildable
from ..text.files import PathError
from ..text.missing import explain_missing
from .options import FOUND, OUTSIDE, load_spec, need_sound, show
from .terminal import note

if TYPE_CHECKING:
    from ..runs.finished import Finished

Function = TypeVar("Function", bound=Callable[..., Any])


def _read_outside(ctx: click.Context, parameter: click.Parameter, value: bool) -> bool:
    ctx.meta[OUTSIDE] = value
    return value


outside_option = click.option(
    "--allow-outside", is_flag=True, callback=_read_outside, help="Let data lie outside of the spec's folder."
)
_spec_option = click.option("--spec", metavar="SPEC", help="The spec of a .keras file.")
_run_argument = click.argument("run", metavar="RUN")


def add_model_options(function: Function) -> Function:
    """RUN, and `--spec` for a model that is no run's."""
    return _run_argument(_spec_option(function))


def open_finished(run: str, spec: str | None, allow_outside: bool, allow_imports: bool) -> Finished:
    """The run or model that the arguments name. Raises DataError where there is none; ends the command at a spec with errors."""
    from ..runs.adapted import read_adapted_model
    from ..runs.finished import Finished, open_run

    if not run.endswith(".keras"):
        if spec is not None:
            raise click.UsageError("`--spec` is for a .keras file: a run knows its own")
        return open_run(File(run), allow_outside, allow_imports)
    if spec is None:
        raise click.UsageError("a .keras file needs `--spec SPEC`: it does not hold how its data are read")
    compilation = load_spec(spec, (), "auto", quiet=True, allow_imports=allow_imports)
    show([each for each in compilation.diagnostics if each.severity == "error"], "auto", sys.stderr)
    need_sound(compilation)
    if overrides := read_adapted_model(File(run), compilation):
        compilation = load_spec(spec, overrides, "auto", quiet=True, allow_imports=allow_imports)
        show([each for each in compilation.diagnostics if each.severity == "error"], "auto", sys.stderr)
        need_sound(compilation)
    return Finished(compilation, File(run), None, allow_outside, allow_imports)


@contextmanager
def tell_people() -> Iterator[None]:
    """Ends the command with a line for each thing that is amiss with data, paths, a model, or what is not installed."""
    from ..runs.samples import DataError

    try:
        yield
    except DataError as error:
        for line in error.problems:
            note(f"Error: {line}")
        raise click.exceptions.Exit(FOUND) from None
    except (PathError, Unbuildable) as error:
        raise click.ClickException(str(error)) from None
    except ImportError as error:
        if (missing := explain_missing(error)) is None:
            raise
        raise click.ClickException(missing) from None
