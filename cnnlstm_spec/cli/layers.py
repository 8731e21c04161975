"""`layers [NAME]`: the reference of a layer, or of any other thing that a spec names, from what it declares."""

from __future__ import annotations

import click

from ..language.scope import find_nearest
from .terminal import write


def _explain_absence(name: str) -> str | None:
    """What stands for a name of Keras, or of another library, that is none here; or what has that name and no page."""
    from ..ops import explain_refusal, find_former
    from ..spec.model_spec import Top

    if (refused := explain_refusal(name)) is not None:
        reason, instead = refused
        return f"it cannot stand in a spec, since {reason}: {instead}"
    if (now := find_former(name)) is not None:
        return now
    if name in Top.arguments:
        return "it is a key of a spec, which `cnnlstm-spec schema` describes"
    return None


@click.command("layers")
@click.argument("name", metavar="[NAME]", required=False)
def command(name: str | None) -> None:
    """List what a spec can name, or show the reference of one thing.

    A layer, a backbone, a strategy of fusion, a structure, a kind of input, a loss, a metric, an optimizer, a schedule, a
    regularizer, an initializer, a constraint, an activation or a callback.
    """
    from ..emit.words.object_pages import find_similar, list_object_names, write_object_pages
    from ..emit.words.reference import find, list_names, write_page

    if name is None:
        for heading, listed in list_names().items():
            write(f"{heading}\n" + "".join(f"  {each}\n" for each in listed))
        for heading, listed in list_object_names().items():
            write(f"{heading}\n" + "".join(f"  {each}\n" for each in listed))
        return
    record = find(name)
    pages = ([write_page(name, record)] if record is not None else []) + write_object_pages(name)
    if not pages:
        of_layers = [each.split()[0] for listed in list_names().values() for each in listed]
        of_objects = [each for listed in list_object_names().values() for each in listed]
        near = find_similar(name) or find_nearest(name.rpartition(".")[2], (*of_layers, *of_objects))
        way = _explain_absence(name.rpartition(".")[2]) or (f"did you mean `{near}`?" if near else None)
        raise click.ClickException(f"nothing is called `{name}`" + (f"; {way}" if way else ""))
    write("\n".join(pages))
