"""`compare RUN ...`: runs and exported files side by side."""

from __future__ import annotations

from pathlib import Path as File

import click

from .options import imports_option
from .run_options import tell_people
from .terminal import write


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
    """Set runs and exported files side by side: metrics, parameters, multiply-adds, size, and speed on this machine.

    RUN is the folder of a run or of an export, or one that holds several.
    """

    with tell_people():
        from ..runs.compare import compare_runs, find_runs, to_csv, to_text

        found = compare_runs(find_runs([File(each) for each in runs]), allow_imports)
    write({"text": to_text, "csv": to_csv}[format_](found).rstrip("\n") + "\n" if format_ != "json" else found.to_json() + "\n")
    return 0
