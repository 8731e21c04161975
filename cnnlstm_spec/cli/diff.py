"""`diff A B`: what changed between two specs, in the model's terms."""

from __future__ import annotations

import click

from ..compiler.compile import Compilation
from ..text.render import describe_counts
from .options import FOUND, UNREADABLE, color_option, format_option, imports_option, load_spec, set_option
from .terminal import note, write


@click.command("diff")
@click.argument("old", metavar="A")
@click.argument("new", metavar="B")
@format_option
@click.option("--batch-size", type=click.IntRange(1), metavar="N", help="Compare memory for a batch of N samples.")
@color_option
@set_option
@imports_option
def command(
    old: str,
    new: str,
    format_: str,
    batch_size: int | None,
    color: str,
    overrides: tuple[str, ...],
    allow_imports: bool,
) -> int:
    """Compare two specs: layers, shapes, parameters, costs, and which trained weights would still load.

    Weights load where a layer has the same name in Keras and the same shapes. What is set with --set is set in B alone. The
    status is 0 where both are the same model, 1 where they differ, 2 where one of them has errors.
    """
    from ..compiler.diff.differ import compare
    from ..compiler.diff.words import describe_differences

    a = _require_sound(load_spec(old, (), color, allow_imports=allow_imports))
    b = _require_sound(load_spec(new, overrides, color, allow_imports=allow_imports))
    found = compare(a, b, batch_size, (old, new))
    write(found.to_json() + "\n" if format_ == "json" else describe_differences(found))
    return 0 if found.equal else FOUND


def _require_sound(compilation: Compilation) -> Compilation:
    if not compilation.ok:
        note(describe_counts(compilation.diagnostics, 1))
        raise click.exceptions.Exit(UNREADABLE)
    return compilation
