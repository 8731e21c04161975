"""`explain CODE`: the manual page of a diagnostic."""

from __future__ import annotations

from importlib.resources import files

import click

from ..scope import nearest
from ..terminal import write


@click.command("explain")
@click.argument("code", metavar="[CODE]", required=False)
def command(code: str | None) -> None:
    """Show the manual page of a diagnostic; list the codes without one."""
    pages = files(__package__.rpartition(".")[0]).joinpath("codes")
    names = sorted(each.name.removesuffix(".md") for each in pages.iterdir() if each.name.endswith(".md"))
    if code is None:
        write("".join(f"{name}\n" for name in names))
        return
    code = code.rpartition("[")[2].rstrip("]")
    if code not in names:
        near = nearest(code, names)
        raise click.ClickException(f"there is no diagnostic `{code}`" + (f"; did you mean `{near}`?" if near else ""))
    write(pages.joinpath(f"{code}.md").read_text("utf-8"))
