"""`dump --stage STAGE SPEC`: a stage of the compiler as text."""

from __future__ import annotations

import click

from ..terminal import note, write
from .common import FOUND, color_option, load_spec, set_option, spec_argument


@click.command("dump")
@click.option(
    "--stage",
    type=click.Choice(["document", "spec", "graph", "typed", "program"]),
    default="typed",
    show_default=True,
    help="Which stage.",
)
@spec_argument
@color_option
@set_option
def command(stage: str, spec: str, color: str, overrides: tuple[str, ...]) -> int:
    """Print a stage of the compiler, for bug reports; as far as a spec with errors goes."""
    from ..render.dump import dump

    compilation = load_spec(spec, overrides, color)
    text = dump(compilation, stage)
    if text is None:
        note(f"the spec does not come as far as `{stage}`")
        return FOUND
    write(text)
    return 0 if compilation.ok else FOUND
