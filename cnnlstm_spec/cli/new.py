"""`new [TEMPLATE]`: starter specs."""

from __future__ import annotations

from pathlib import Path as File

import click

from ..language.scope import find_nearest
from ..text.files import list_own, read_own
from .options import lies_at, write_file
from .terminal import write


@click.command("new")
@click.argument("template", metavar="[TEMPLATE]", required=False)
@click.option("-o", "--output", metavar="FILE", help="Write there; a file that exists is kept.")
def command(template: str | None, output: str | None) -> None:
    """Print a starter spec; list them without a name."""
    names = [name for name in list_own("cli", "templates") if name.endswith(".yaml")]
    texts = {name.removesuffix(".yaml"): read_own("cli", "templates", name).decode("utf-8") for name in names}
    if template is None:
        width = max(map(len, texts))
        for name in sorted(texts):
            write(f"{name:{width}}  {_write_description(texts[name])}\n")
        return
    if template not in texts:
        near = find_nearest(template, texts)
        raise click.ClickException(f"there is no template `{template}`" + (f"; did you mean `{near}`?" if near else ""))
    if output is None:
        write(texts[template])
    elif lies_at(File(output)):
        raise click.ClickException(f"`{output}` exists already")
    else:
        write_file(File(output), texts[template].encode(), "without `-o` it goes to standard output")


def _write_description(text: str) -> str:
    """The description in a template, which stands on one line."""
    line = next(line for line in text.splitlines() if line.startswith("description: "))
    return line.removeprefix("description: ")
