"""`explain CODE`: the manual page of a diagnostic."""

from __future__ import annotations

import re

import click

from ..language.scope import nearest
from ..text.files import own, own_names
from .terminal import write

LONGEST = 110
"""Columns of a title."""


@click.command("explain")
@click.argument("code", metavar="[CODE]", required=False)
def command(code: str | None) -> None:
    """Show the manual page of a diagnostic; list the codes with what they say without one."""
    names = [name.removesuffix(".md") for name in own_names("text", "codes") if name.endswith(".md")]
    if code is None:
        widest = max(map(len, names))
        write("".join(f"{name:{widest}}  {_title(name)}\n" for name in names))
        return
    code = code.rpartition("[")[2].rstrip("]")
    if code not in names:
        near = nearest(code, names)
        raise click.ClickException(f"there is no diagnostic `{code}`" + (f"; did you mean `{near}`?" if near else ""))
    write(own("text", "codes", f"{code}.md").decode("utf-8"))


def _title(code: str) -> str:
    """The first sentence of a page."""
    words = " ".join(own("text", "codes", f"{code}.md").decode("utf-8").partition("\n\n")[0].split())
    first = re.match(r".+?[.:](?= [A-Z`]|$)", words)
    text = (first[0] if first else words).rstrip(":")
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3].rpartition(' ')[0]} ..."
