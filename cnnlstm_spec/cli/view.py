"""`view SPEC`: the picture beside the text in a browser, drawn again at each save; `-o` writes it as one file."""

from __future__ import annotations

import time
import webbrowser
from collections.abc import Callable, Iterator
from itertools import repeat
from pathlib import Path as File
from typing import TYPE_CHECKING

import click

from ..compiler import interrupts
from ..compiler.variants import Sweep, sweep
from ..text.memo import Memory
from ..text.read_source import UnreadFile
from ..text.texts import Texts
from .options import (
    FOUND,
    allow_outside,
    color_option,
    find_max_variants,
    imports_option,
    load_sweep,
    read_rules,
    read_source,
    set_option,
    spec_argument,
    write_file,
)
from .terminal import note

if TYPE_CHECKING:
    from ..editor.page.views import Views

PAUSE = 0.2
"""Seconds between two looks for an interrupt."""
AGE = 40
"""So many readings in a row share a memory."""


@click.command("view")
@spec_argument
@click.option("-o", "--output", metavar="FILE.html", help="Write the page as one file that needs no network, and serve nothing.")
@click.option("--other", metavar="B", help="Show B, with what differs from SPEC marked.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, metavar="N", help="The port; without it one that is free.")
@click.option("--no-browser", is_flag=True, help="Print the address, and open no browser.")
@color_option
@set_option
@imports_option
def command(
    spec: str,
    output: str | None,
    other: str | None,
    port: int,
    no_browser: bool,
    color: str,
    overrides: tuple[str, ...],
    allow_imports: bool,
) -> int:
    """Show a spec in a browser: its picture beside its text, drawn again whenever a file changes.

    The page is served to this machine alone, at an address that nobody can guess, until Control-C. What is set with --set is
    set in the spec that is shown. With -o the status is 1 where the spec has errors.
    """
    if output is not None and not output.lower().endswith((".html", ".htm")):
        raise click.UsageError(f"`{output}` must end in .html")
    if output is None and "-" in (spec, other):
        raise click.UsageError("standard input cannot be watched; name a file, or write one with -o")
    if spec == other == "-":
        raise click.UsageError("standard input is one spec; name a file for the other")
    from ..editor.page.views import Views

    shown = spec if other is None else other
    for each, sets in ((spec, overrides), (other, overrides)):
        if each is not None and each != "-":
            load_sweep(each, sets if each == shown else (), (), color, allow_imports)
    load = _make_loader(shown, overrides, allow_imports)
    views = Views(load, _make_loader(spec, (), allow_imports) if other is not None else None)
    if output is not None:
        from ..editor.page.assemble import make_file

        write_file(File(output), make_file(views).encode(), "name a file")
        return 0 if views.ok else FOUND
    return _serve(views, port, no_browser)


def _make_loader(spec: str, overrides: tuple[str, ...], allow_imports: bool) -> Callable[[], Sweep]:
    """Reads a spec, again and again; a file that cannot be read is a finding."""
    outside, most, said = allow_outside(), find_max_variants(), read_rules()
    memories = _make_memories()

    def load() -> Sweep:
        try:
            source, folder = read_source(spec)
        except UnreadFile as error:
            source = error.diagnostic.place.span.source
            return Sweep(source, None, (error.diagnostic,), (), None, False, ())
        given = (overrides, (), folder, allow_imports, outside, most, said, Texts(), next(memories))
        return sweep(source, *given, indexed=True)

    return load


def _make_memories() -> Iterator[Memory]:
    """A new one after each `AGE` readings, so that none grows for ever."""
    while True:
        yield from repeat(Memory(), AGE)


def _serve(views: Views, port: int, no_browser: bool) -> int:
    from ..editor.page.server import PageServer

    try:
        server = PageServer(views, port)
    except OSError as error:
        raise click.ClickException(f"port {port} cannot be listened at: {error.strerror}") from None
    server.start()
    note(f"{server.address}  (Control-C ends it)")
    if not no_browser:
        webbrowser.open_new_tab(server.address)
    try:
        while True:
            time.sleep(PAUSE)
            interrupts.check()
    finally:
        server.stop()
