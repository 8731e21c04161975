"""`plot SPEC -o FILE`: a picture, of a spec with errors too."""

from __future__ import annotations

from pathlib import Path as File
from typing import Literal

import click

from ..text.missing import install
from .options import FOUND, color_option, imports_option, load_spec, set_option, spec_argument, write_file
from .terminal import note, write

DEEPEST = 64
"""No spec is nested deeper."""
NARROWEST, WIDEST = 64, 16_000
"""Pixels of a side; a PNG with more would need gigabytes of memory."""


@click.command("plot")
@spec_argument
@click.option("-o", "--output", metavar="FILE", required=True, help="FILE.svg or FILE.png; - writes SVG to standard output.")
@click.option(
    "--depth",
    type=click.IntRange(0, DEEPEST),
    metavar="N",
    help="How many levels of structure are opened; 0 is one box for each branch, fusion and head. Without it, as many as fit.",
)
@click.option("--direction", type=click.Choice(["down", "right"]), default="down", help="Which way it reads.")
@click.option("--width", type=click.IntRange(NARROWEST, WIDEST), metavar="PX", help="Scale the picture to PX pixels across.")
@color_option
@set_option
@imports_option
def command(
    spec: str,
    output: str,
    depth: int | None,
    direction: Literal["down", "right"],
    width: int | None,
    color: str,
    overrides: tuple[str, ...],
    allow_imports: bool,
) -> int:
    """Draw a spec as SVG or PNG, without Keras.

    A spec with errors is drawn as far as it could be read, with the failing layers marked; the status is then 1.
    """
    suffix = File(output).suffix.lower()
    if output != "-" and suffix not in (".svg", ".png"):
        raise click.UsageError(f"`{output}` must end in .svg or .png")
    compilation = load_spec(spec, overrides, color, allow_imports=allow_imports)
    svg = compilation.to_svg(depth, direction, width)
    if output == "-":
        write(svg)
    else:
        data = svg.encode() if suffix == ".svg" else _draw_png(svg, width)
        write_file(File(output), data, "`-o -` writes to standard output")
    if not compilation.ok and output != "-":
        note(f"drew `{output}` with the failing layers marked")
    return 0 if compilation.ok else FOUND


def _draw_png(svg: str, width: int | None) -> bytes:
    from ..compiler.artifact.write import has_png

    if not has_png():
        raise click.ClickException(f"PNG needs resvg-py: {install('plot')}, or write a .svg")
    from ..emit.picture.png import read_sides, to_png

    if width is None:
        return to_png(svg)
    high = read_sides(svg)[1]
    if high > WIDEST:
        most = width * WIDEST // high
        raise click.ClickException(f"a PNG {width} pixels wide would be {high} high: --width {most} is the most, or write a .svg")
    return to_png(svg, scale=1)
