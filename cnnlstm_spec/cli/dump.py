"""`dump --stage STAGE SPEC`: a stage of the compiler as text."""

from __future__ import annotations

import click

from .options import FOUND, color_option, imports_option, load_spec, passes_option, set_option, spec_argument
from .terminal import note, write


@click.command("dump")
@click.option(
    "--stage",
    type=click.Choice(["document", "spec", "graph", "typed", "lowered", "program"]),
    default="typed",
    show_default=True,
    help="Which stage.",
)
@passes_option
@spec_argument
@color_option
@set_option
@imports_option
def command(stage: str, passes: str, spec: str, color: str, overrides: tuple[str, ...], allow_imports: bool) -> int:
    """Print a stage of the compiler, for bug reports; as far as a spec with errors goes.

    `lowered` is the typed graph after the passes, `program` what it calls in Keras.
    """
    from ..compiler.dump import dump

    compilation = load_spec(spec, overrides, color, allow_imports=allow_imports)
    text = dump(compilation, stage, passes)
    if text is None:
        note(f"the spec does not come as far as `{stage}`")
        return FOUND
    write(text)
    return 0 if compilation.ok else FOUND
