"""`lsp`: the language server, over standard input and output. Imports no compiler before the editor has been answered."""

from __future__ import annotations

import os
import sys

import click


@click.command("lsp")
@click.option("--stdio", is_flag=True, hidden=True, help="What some editors add; there is no other way.")
def command(stdio: bool) -> int:
    """Serve editors: findings, fixes, shapes behind each line, completion, names. An editor starts it, and ends it.

    It speaks the Language Server Protocol over standard input and output. A spec's own modules are imported only where the
    person has set `allowImports` in the editor's own settings.
    """
    from ..editor.server.loop import serve

    # Whatever is printed by mistake must not come between two messages.
    with os.fdopen(os.dup(1), "wb") as out:
        os.dup2(2, 1)
        sys.stdout = sys.stderr
        return serve(sys.stdin.buffer, out)
