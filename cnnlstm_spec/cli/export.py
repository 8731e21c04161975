"""`export RUN -o DIR --format ...`: a trained model as files for other runtimes."""

from __future__ import annotations

from pathlib import Path as File
from typing import TYPE_CHECKING

import click

from ..model.runtimes import RUNTIMES
from ..text.escape.terminal import make_line_safe
from .evaluate import require_option
from .options import imports_option, read_folder
from .run_options import add_model_options, open_finished, outside_option, tell_people
from .terminal import Progress, note, write

if TYPE_CHECKING:
    from ..runs.require import Requirement

QUANTIZED = ("dynamic", "float16", "int8")


def _check_formats(ctx: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    return _read_listed(value, RUNTIMES)


def _read_quantized(ctx: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    return _read_listed(value, QUANTIZED)


def _read_listed(value: tuple[str, ...], known: tuple[str, ...]) -> tuple[str, ...]:
    """Names that are given one by one, or several with commas between."""
    names = [name for each in value for name in each.split(",")]
    for name in names:
        if name not in known:
            raise click.BadParameter(f"`{name}` is none of {', '.join(known)}")
    return tuple(dict.fromkeys(names))


def _read_sizes(ctx: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> dict[str, int]:
    found: dict[str, int] = {}
    for each in value:
        name, _, number = each.partition("=")
        if not name or not number.isascii() or not number.isdigit() or not 0 < int(number) < 2**31:
            raise click.BadParameter(f"`{each}` is not of the form NAME=N, such as frames=16")
        if found.setdefault(name, int(number)) != int(number):
            raise click.BadParameter(f"`{name}` is {found[name]} already")
    return found


@click.command("export")
@add_model_options
@click.option("-o", "--output", "folder", metavar="DIR", required=True, callback=read_folder, help="Where to write.")
@click.option(
    "--format",
    "formats",
    multiple=True,
    required=True,
    metavar="FORMAT",
    callback=_check_formats,
    help=f"{', '.join(RUNTIMES)}. May be given several times, or with commas.",
)
@click.option(
    "--quantize",
    multiple=True,
    metavar="KIND",
    callback=_read_quantized,
    help="Of litert: dynamic, float16 or int8, whose ranges are taken of the training data. May be given several times.",
)
@click.option(
    "--size",
    "sizes",
    multiple=True,
    metavar="NAME=N",
    callback=_read_sizes,
    help="Fix a size that is known only at run time: frames=16, or video.frames=16. May be given several times.",
)
@click.option("--batch-size", type=click.IntRange(1), metavar="N", help="Fix the batch; litert takes 1 unless it is given.")
@click.option("--opset", type=click.IntRange(13, 23), metavar="N", help="Of ONNX; 18 unless it is given.")
@click.option(
    "--tolerance",
    type=click.FloatRange(0, min_open=True),
    metavar="X",
    help="The greatest difference from Keras, relative to an output's spread; of int8 by how much a metric may fall.",
)
@require_option
@click.option("--explain", is_flag=True, help="Tell how far each layer's output differs, largest first.")
@click.option(
    "--keep-float",
    multiple=True,
    metavar="ADDRESS",
    help="Leave a branch, head or layer out of int8: branches.video.conv3. May be given several times.",
)
@click.option(
    "--time-limit",
    "seconds",
    type=click.FloatRange(1),
    default=1800.0,
    show_default=True,
    metavar="SECONDS",
    help="For each conversion, and for each thing that a file is asked afterwards.",
)
@click.option(
    "--without-data",
    is_flag=True,
    help="Leave the spec's data closed: files are compared on seeded samples, of which int8 takes its ranges, and not measured.",
)
@click.option("--force", is_flag=True, help="Write anew, whatever lies in DIR.")
@imports_option
@outside_option
def command(
    run: str,
    spec: str | None,
    folder: File,
    formats: tuple[str, ...],
    quantize: tuple[str, ...],
    sizes: dict[str, int],
    batch_size: int | None,
    opset: int | None,
    tolerance: float | None,
    required: tuple[Requirement, ...],
    explain: bool,
    keep_float: tuple[str, ...],
    seconds: float,
    without_data: bool,
    force: bool,
    allow_imports: bool,
    allow_outside: bool,
) -> int:
    """Write a trained model for other runtimes: a SavedModel, LiteRT, ONNX, OpenVINO.

    RUN is the folder of a run, or a .keras file together with --spec. Inputs have the names of the branches, outputs those of
    the heads. Each file is run in its own runtime beside Keras, on samples of the data where there are some, before it is put in
    place; one that differs by more than the tolerance is an error, and nothing is written. What was found stands in
    DIR/export.json. Where DIR holds what would be written already, of the same model, spec, data, options and versions,
    nothing is done, unless --force is given.
    """
    progress = Progress()
    try:
        with tell_people():
            from ..runs.export.wanted import Wanted

            given = (formats, quantize, sizes, batch_size, opset, tolerance, required, explain, keep_float, seconds, without_data)
            wanted = Wanted(*given)
            wanted.check()
            finished = open_finished(run, spec, allow_outside, allow_imports)
            from ..runs.export.words import render_export
            from ..runs.export.write import write_export

            found = write_export(finished, wanted, folder, force, progress.show_step, note)
    finally:
        progress.end()
    write(f"{make_line_safe(str(folder))} is up to date\n" if found is None else render_export(found, str(folder)) + "\n")
    return 0
