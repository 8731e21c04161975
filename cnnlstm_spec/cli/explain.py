"""`explain CODE`: the manual page of a diagnostic."""

from __future__ import annotations

import click

from ..language.scope import nearest
from ..text.files import own, own_names
from .terminal import write


@click.command("explain")
@click.argument("code", metavar="[CODE]", required=False)
def command(code: str | None) -> None:
    """Show the manual page of a diagnostic; list the codes without one."""
    names = [name.removesuffix(".md") for name in own_names("text", "codes") if name.endswith(".md")]
    if code is None:
        write("".join(f"{name}\n" for name in names))
        return
    code = code.rpartition("[")[2].rstrip("]")
    if code not in names:
        near = nearest(code, names)
        raise click.ClickException(f"there is no diagnostic `{code}`" + (f"; did you mean `{near}`?" if near else ""))
    write(own("text", "codes", f"{code}.md").decode("utf-8"))
