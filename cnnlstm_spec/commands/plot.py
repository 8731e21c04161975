"""`plot SPEC -o FILE`: a picture, of a spec with errors too."""

from __future__ import annotations

from pathlib import Path as File

import click

from ..missing import install
from ..terminal import note, write
from .common import FOUND, color_option, imports_option, load_spec, set_option, spec_argument, write_file


@click.command("plot")
@spec_argument
@click.option("-o", "--output", metavar="FILE", required=True, help="FILE.svg or FILE.png; - writes SVG to standard output.")
@color_option
@set_option
@imports_option
def command(spec: str, output: str, color: str, overrides: tuple[str, ...], allow_imports: bool) -> int:
    """Draw a spec as SVG or PNG, without Keras.

    A spec with errors is drawn as far as it could be read, with the failing layers marked; the status is then 1.
    """
    suffix = File(output).suffix.lower()
    if output != "-" and suffix not in (".svg", ".png"):
        raise click.UsageError(f"`{output}` must end in .svg or .png")
    compilation = load_spec(spec, overrides, color, allow_imports=allow_imports)
    svg = compilation.to_svg()
    if output == "-":
        write(svg)
    elif suffix == ".svg":
        write_file(File(output), svg.encode())
    else:
        write_file(File(output), _png(svg))
    if not compilation.ok and output != "-":
        note(f"drew `{output}` with the failing layers marked")
    return 0 if compilation.ok else FOUND


def _png(svg: str) -> bytes:
    from ..artifact import has_png

    if not has_png():
        raise click.ClickException(f"PNG needs resvg-py: {install('plot')}, or write a .svg")
    from ..emit.png import to_png

    return to_png(svg)
