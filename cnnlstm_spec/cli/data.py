"""`data SPEC`: what the model will be fed, every file of it read."""

from __future__ import annotations

from pathlib import Path as File
from typing import TYPE_CHECKING

import click

from .options import FOUND, allow_outside, color_option, imports_option, load_spec, need_sound, set_option, spec_argument
from .run_options import tell_people
from .terminal import note, write

if TYPE_CHECKING:
    from ..compiler.compile import Compilation


@click.command("data")
@spec_argument
@click.option(
    "--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Form of the output."
)
@click.option("--pack", metavar="DIR", help="Also write the samples as the model is fed them to DIR, which `train` then reads.")
@click.option("--force", is_flag=True, help="Replace the pack that lies in DIR.")
@color_option
@set_option
@imports_option
def command(
    spec: str, format_: str, pack: str | None, force: bool, color: str, overrides: tuple[str, ...], allow_imports: bool
) -> int:
    """Read all data of the spec, and show what the model will be fed: samples, classes, shapes, values, and every problem.

    With --pack the samples of each part are written to shards. Where something is amiss, nothing is written.

    Status: 0 nothing is amiss, 1 findings in the spec or problems in the data.
    """
    if force and not pack:
        raise click.UsageError("`--force` replaces a pack: name it with `--pack DIR`")
    compilation = load_spec(spec, overrides, color, allow_imports=allow_imports)
    need_sound(compilation)
    if compilation.spec is None or compilation.spec.data is None:
        raise click.ClickException("the spec has no section `data`")
    from ..runs.data_report import DataReport
    from ..runs.reading.libraries import import_needed
    from ..runs.samples import DataError

    try:
        import_needed("numpy", "`data`")
        from ..runs.reading.check import check_all

        report: DataReport = check_all(compilation, allow_outside(), allow_imports)
    except DataError as error:
        raise click.ClickException(str(error)) from None
    write(report.to_json() + "\n" if format_ == "json" else report.to_text())
    if pack is not None and not report.problems:
        with tell_people():
            _pack(compilation, File(pack), force, allow_imports)
    return FOUND if report.problems else 0


def _pack(compilation: Compilation, folder: File, force: bool, allow_imports: bool) -> None:
    """Writes the samples to shards, and says what was written."""
    from ..runs.reading.open import DataReading
    from ..runs.reading.pack.write import write_pack

    pack = write_pack(DataReading(compilation, allow_outside(), allow_imports), folder, force)
    count = sum(len(each.shards) for each in pack.parts.values())
    size = sum(shard.bytes for each in pack.parts.values() for shard in each.shards)
    samples = sum(each.samples for each in pack.parts.values())
    kind = "samples" if pack.window is None else "rows"
    shards = f"{count} shard{'' if count == 1 else 's'}"
    note(f"packed {samples:,} {kind} in {shards} of {size:,} bytes in all: `--set data.train={folder}`")
