"""`schema`: the JSON Schema of specs."""

from __future__ import annotations

import click

from .terminal import write


@click.command("schema")
def command() -> None:
    """Print the JSON Schema of specs (draft 2020-12), for editors."""
    from ..spec.schema.whole import write_spec_schema

    write(write_spec_schema())
