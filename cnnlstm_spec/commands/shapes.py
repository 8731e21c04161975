"""`shapes SPEC`: every layer's output, dtype, mask and parameters."""

from __future__ import annotations

import click

from ..terminal import write
from .common import FOUND, color_option, format_option, load_spec, need_sound, set_option, spec_argument


@click.command("shapes")
@spec_argument
@format_option
@color_option
@set_option
def command(spec: str, format_: str, color: str, overrides: tuple[str, ...]) -> int:
    """Show every layer's output, dtype, mask and parameters.

    Of a spec with errors the table shows what is known, and JSON shows nothing.
    """
    compilation = load_spec(spec, overrides, color)
    if format_ == "json":
        from ..render.json import shapes

        need_sound(compilation)
        assert compilation.typed is not None
        write(shapes(compilation.typed) + "\n")
        return 0
    if compilation.typed is not None:
        from ..render.table import table

        write(table(compilation.typed) + "\n")
    need_sound(compilation)
    return 0 if compilation.ok else FOUND
