"""`data SPEC`: what the model will be fed, every file of it read."""

from __future__ import annotations

import click

from .options import FOUND, allow_outside, color_option, imports_option, load_spec, need_sound, set_option, spec_argument
from .terminal import write


@click.command("data")
@spec_argument
@click.option(
    "--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Form of the output."
)
@color_option
@set_option
@imports_option
def command(spec: str, format_: str, color: str, overrides: tuple[str, ...], allow_imports: bool) -> int:
    """Read all data of the spec, and show what the model will be fed: samples, classes, shapes, values, and every problem.

    Status: 0 nothing is amiss, 1 findings in the spec or problems in the data.
    """
    compilation = load_spec(spec, overrides, color, allow_imports=allow_imports)
    need_sound(compilation)
    if compilation.spec is None or compilation.spec.data is None:
        raise click.ClickException("the spec has no section `data`")
    from ..runs.data_report import DataReport
    from ..runs.read.check import check_all
    from ..runs.samples import DataError

    try:
        report: DataReport = check_all(compilation, allow_outside(), allow_imports)
    except DataError as error:
        raise click.ClickException(str(error)) from None
    write(report.to_json() + "\n" if format_ == "json" else report.to_text())
    return FOUND if report.problems else 0
