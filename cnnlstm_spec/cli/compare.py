"""`compare RUN ...`: runs side by side."""

from __future__ import annotations

from pathlib import Path as File

import click

from ..ir.program import Unbuildable
from ..text.files import PathError
from ..text.missing import what_to_install
from .options import FOUND, imports_option
from .terminal import note, write


@click.command("compare")
@click.argument("runs", metavar="RUN...", nargs=-1, required=True)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "csv", "json"]),
    default="text",
    show_default=True,
    help="Form of the output.",
)
@imports_option
def command(runs: tuple[str, ...], format_: str, allow_imports: bool) -> int:
    """Set runs side by side: metrics with intervals, parameters, multiply-adds, size, and speed on this machine.

    RUN is the folder of a run, or one that holds several.
    """
    from ..runs.samples import DataError

    try:
        from ..runs.compare import compare_runs, find_runs, to_csv, to_text

        found = compare_runs(find_runs([File(each) for each in runs]), allow_imports)
    except DataError as error:
        for line in error.problems:
            note(f"Error: {line}")
        return FOUND
    except (PathError, Unbuildable) as error:
        raise click.ClickException(str(error)) from None
    except ImportError as error:
        if (missing := what_to_install(error)) is None:
            raise
        raise click.ClickException(missing) from None
    write({"text": to_text, "csv": to_csv}[format_](found).rstrip("\n") + "\n" if format_ != "json" else found.to_json() + "\n")
    return 0
