"""`import MODEL`: the spec of a Keras model, and the proof that it is the same."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path as File
from typing import TYPE_CHECKING

import click

from ..text.files import PathError
from ..text.render import render
from .options import FOUND, UNREADABLE, write_file
from .terminal import note, write

if TYPE_CHECKING:
    from ..compiler.from_keras.write import Draft


@click.command("import")
@click.argument("model", metavar="MODEL")
@click.option("-o", "--output", metavar="FILE", help="Write the spec there, not to standard output.")
@click.option("--no-proof", is_flag=True, help="Do not build the model to compare predictions.")
def command(model: str, output: str | None, no_proof: bool) -> None:
    """Write the spec of a model: a `.keras` file, or Keras's JSON."""
    from ..compiler.from_keras.convert import convert_file
    from ..compiler.from_keras.read import NotAModel

    try:
        draft = convert_file(File(model))
    except PathError as error:
        note(f"Error: {error}")
        raise click.exceptions.Exit(UNREADABLE) from None
    except NotAModel as error:
        note(f"Error: `{model}`: {error}")
        raise click.exceptions.Exit(UNREADABLE) from None
    if output is None:
        write(draft.text)
    else:
        write_file(File(output), draft.text.encode(), "without `-o` it goes to standard output")
    for where, why in draft.problems.items():
        note(f"not written: `{where}`: {why}")
    if draft.problems:
        raise click.exceptions.Exit(FOUND)
    _prove(draft, File(model), no_proof)


def _prove(draft: Draft, model: File, no_proof: bool) -> None:
    """Says in how far the spec is the model; ends with status 1 where it is not."""
    from ..compiler.api import load
    from ..compiler.from_keras.prove import Unequal, compare_predictions, compare_shapes
    from ..emit.keras.quiet import silence
    from ..ir.program import Unbuildable

    compilation = load(draft.text)
    if not compilation.ok:
        note(render([each for each in compilation.diagnostics if each.severity == "error"]))
        note("Error: the spec of this model has errors")
        raise click.exceptions.Exit(FOUND)
    try:
        count = compare_shapes(draft, compilation)
        note(f"shapes: those of {count} layers are equal")
        if no_proof or model.suffix == ".json" or find_spec("keras") is None:
            return
        with silence():
            compared = compare_predictions(draft, compilation, model)
    except (Unequal, Unbuildable) as error:
        note(f"Error: {error}")
        raise click.exceptions.Exit(FOUND) from None
    note(str(compared))
    if not compared.equal:
        raise click.exceptions.Exit(FOUND)
