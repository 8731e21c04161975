"""`shapes SPEC`: every layer's output, dtype, mask and parameters; with costs where they are asked for."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from ..compiler.compile import Compilation
from ..compiler.variants import Sweep
from .options import (
    FOUND,
    add_matrix_option,
    color_option,
    imports_option,
    load_spec,
    load_sweep,
    need_sound,
    set_option,
    show,
    spec_argument,
)
from .terminal import write

if TYPE_CHECKING:
    from ..text.edits.matrix import Variant


def _read_sizes(ctx: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> dict[str, int]:
    sizes = {}
    for each in value:
        name, _, number = each.partition("=")
        if not name or not number.isdecimal() or int(number) < 1:
            raise click.BadParameter(f"`{each}` is not of the form NAME=NUMBER, such as frames=32")
        sizes[name] = int(number)
    return sizes


@click.command("shapes")
@spec_argument
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json", "csv"]),
    default="text",
    show_default=True,
    help="Form of the output; csv is a line of costs for each variant of the spec.",
)
@add_matrix_option
@click.option("--batch-size", type=click.IntRange(1), metavar="N", help="Show costs, memory for a batch of N samples.")
@click.option(
    "--size",
    "sizes",
    multiple=True,
    metavar="NAME=NUMBER",
    callback=_read_sizes,
    help="Show costs with a value for an open size.",
)
@click.option("--sort", type=click.Choice(["params", "macs", "memory"]), help="Show costs, the dearest layers first.")
@color_option
@set_option
@imports_option
def command(
    spec: str,
    format_: str,
    matrix: tuple[str, ...],
    batch_size: int | None,
    sizes: dict[str, int],
    sort: str | None,
    color: str,
    overrides: tuple[str, ...],
    allow_imports: bool,
) -> int:
    """Show every layer's output, dtype, mask and parameters.

    With a batch size, a size or an order it shows costs. Of a spec with errors the table shows what is known, and JSON
    shows nothing.
    """
    costly = batch_size is not None or bool(sizes) or sort is not None
    if costly and format_ == "json":
        raise click.UsageError("costs are shown as text or csv")
    if matrix and format_ != "csv":
        raise click.UsageError("variants are shown with `--format csv`")
    if format_ == "csv":
        return _print_csv(load_sweep(spec, overrides, matrix, color, allow_imports), batch_size, sizes, color)
    compilation = load_spec(spec, overrides, color, allow_imports=allow_imports)
    if format_ == "json":
        from ..emit.words.shapes import make_shapes

        need_sound(compilation)
        assert compilation.typed is not None
        write(make_shapes(compilation.typed).to_json() + "\n")
        return 0
    if compilation.typed is not None:
        if costly:
            write(_write_costs(compilation, batch_size, sizes, sort) + "\n")
        else:
            from ..emit.words.table import write_table

            write(write_table(compilation.typed) + "\n")
    need_sound(compilation)
    return 0 if compilation.ok else FOUND


def _print_csv(prepared: Sweep, batch_size: int | None, sizes: dict[str, int], color: str) -> int:
    from ..compiler.variants_table import write_costs

    found: Iterable[tuple[Variant | None, Compilation]] = prepared.find_all()
    if not prepared.variants:
        plain = prepared.compile_plain()
        show(plain.diagnostics, color, sys.stderr)
        found = [(None, plain)]
    text, sound = write_costs(found, batch_size, sizes)
    write(text)
    return 0 if sound else FOUND


def _write_costs(compilation: Compilation, batch_size: int | None, sizes: dict[str, int], sort: str | None) -> str:
    from ..emit.words.costs import write_costs_table
    from ..model.costs import count_costs, find_open_sizes

    assert compilation.typed is not None and compilation.spec is not None
    named = find_open_sizes(compilation.typed)
    for name in sizes:
        if name not in named:
            known = f"; there are {', '.join(sorted(named))}" if named else ": every size is fixed"
            raise click.UsageError(f"no size is named `{name}`{known}")
    batch = batch_size or compilation.spec.batch_size or 1
    return write_costs_table(compilation.typed, compilation.spec, count_costs(compilation.typed, batch, sizes), sort)
