"""`layers [NAME]`: the reference of a layer, from what its op declares."""

from __future__ import annotations

import click

from ..language.scope import nearest
from .terminal import write


@click.command("layers")
@click.argument("name", metavar="[NAME]", required=False)
def command(name: str | None) -> None:
    """List the layers, or show the reference of one: a layer, a backbone, a strategy of fusion or a structure."""
    from ..emit.words.reference import find, names, page

    if name is None:
        for heading, listed in names().items():
            write(f"{heading}\n" + "".join(f"  {each}\n" for each in listed))
        return
    record = find(name)
    if record is None:
        near = nearest(name, [each.split()[0] for listed in names().values() for each in listed])
        raise click.ClickException(f"there is no layer `{name}`" + (f"; did you mean `{near}`?" if near else ""))
    write(page(name, record))
