"""`emit python SPEC`: source that builds the same model."""

from __future__ import annotations

import click

from .options import adapted_option, color_option, imports_option, load_spec, need_sound, set_option, spec_argument
from .terminal import write


@click.group("emit")
def command() -> None:
    """Print the model as source of another language."""


@command.command("python")
@spec_argument
@adapted_option
@color_option
@set_option
@imports_option
def python(spec: str, adapted: tuple[str, ...], color: str, overrides: tuple[str, ...], allow_imports: bool) -> None:
    """Print Keras source; running it gives the same model."""
    compilation = load_spec(spec, (*overrides, *adapted), color, allow_imports=allow_imports)
    need_sound(compilation)
    write(compilation.to_python())
