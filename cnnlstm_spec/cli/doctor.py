"""`doctor`: the rules against the installed Keras."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

from ..emit.keras.document import make_examination
from ..emit.keras.expectations import KerasDifference, count_expectations
from ..emit.keras.quiet import silence
from ..text.missing import explain_missing
from .options import FOUND, format_option
from .terminal import Progress, note, write


@click.command("doctor")
@format_option
def command(format_: str) -> int:
    """Compare the rules with the installed Keras: which layers, backbones, optimizers, losses and so on differ or are missing.

    Every layer's arguments, defaults, and what it gives for its examples are compared; of backbones and other objects,
    arguments and defaults. What is new in Keras is listed too, and is no difference.

    The status is 0 where nothing differs, 1 otherwise.
    """
    progress = Progress()
    progress.show_step("importing Keras")
    try:
        with silence():
            emitter: Any = import_module("cnnlstm_spec.emit.keras.run")
            progress.show_step("comparing")
            installed, made_from, found = emitter.examine()
    except ImportError as error:
        if (missing := explain_missing(error)) is None:
            raise
        raise click.ClickException(missing) from None
    finally:
        progress.end()
    differ = [each for each in found if each.sort != "new"]
    if format_ == "json":
        write(make_examination(installed, made_from, found).to_json() + "\n")
    else:
        write(_describe_doctor(installed, made_from, found))
        if differ:
            note("a spec that uses none of these compiles; `compile` refuses one that does")
    return FOUND if differ else 0


def _describe_doctor(installed: str, made_from: str, found: Sequence[KerasDifference]) -> str:
    lines = [f"Keras {installed} is installed; the rules were made from {made_from}."]
    for heading, sorts in (("differs:", ("missing", "differs")), ("new, and not known here:", ("new",))):
        listed = [each for each in found if each.sort in sorts]
        if listed:
            lines += ["", heading, *(f"  {each}" for each in listed)]
    number = count_expectations()
    names = len({each.name for each in found if each.sort != "new"})
    compared = f"{number['layers']} layers, {number['backbones']} backbones and {number['objects']} other classes"
    return "\n".join([*lines, "", f"{names or 'none'} of {compared} differ{'s' if names == 1 else ''}", ""])
