"""`new [TEMPLATE]`: starter specs."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path as File

import click

from ..scope import nearest
from ..terminal import write
from .common import write_file


@click.command("new")
@click.argument("template", metavar="[TEMPLATE]", required=False)
@click.option("-o", "--output", metavar="FILE", type=click.Path(path_type=File), help="Write there; a file that exists is kept.")
def command(template: str | None, output: File | None) -> None:
    """Print a starter spec; list them without a name."""
    folder = files(__package__.rpartition(".")[0]).joinpath("data/templates")
    texts = {each.name.removesuffix(".yaml"): each.read_text("utf-8") for each in folder.iterdir() if each.name.endswith(".yaml")}
    if template is None:
        width = max(map(len, texts))
        for name in sorted(texts):
            write(f"{name:{width}}  {_description(texts[name])}\n")
        return
    if template not in texts:
        near = nearest(template, texts)
        raise click.ClickException(f"there is no template `{template}`" + (f"; did you mean `{near}`?" if near else ""))
    if output is None:
        write(texts[template])
    elif output.exists():
        raise click.ClickException(f"`{output}` exists already")
    else:
        write_file(output, texts[template].encode())


def _description(text: str) -> str:
    """The description in a template, which stands on one line."""
    line = next(line for line in text.splitlines() if line.startswith("description: "))
    return line.removeprefix("description: ")
