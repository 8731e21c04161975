"""`schema`: the JSON Schema of specs."""

from __future__ import annotations

import json

import click

from ..terminal import write


@click.command("schema")
def command() -> None:
    """Print the JSON Schema of specs (draft 2020-12), for editors."""
    from ..schema import spec_schema

    write(json.dumps(spec_schema(), indent=2, ensure_ascii=False) + "\n")
