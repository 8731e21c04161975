"""What stands behind the lines of a spec while it is edited: the output of each layer, in the axes that `shapes` shows."""

from __future__ import annotations

from typing import NamedTuple

from ..compiler.compile import Compilation
from ..ir.graph import TypedNode
from ..text.escape.terminal import make_line_safe
from .repaired import find_line
from .standing import Standing, iterate_standing

MOST = 3
"""So many outputs of one layer, as a block has that is used several times."""


class Hint(NamedTuple):
    """The output, and the weights, of what stands on a 1-based line."""

    line: int
    output: str
    params: str


def find_hints(compilation: Compilation, half_written: int | None = None) -> tuple[Hint, ...]:
    """A hint for each line that holds a layer, or a use of a block, of which the output is known; none on a half-written line."""
    lines: dict[int, tuple[int, list[Standing]]] = {}
    own = compilation.source.name
    for each in iterate_standing(compilation):
        span = each.place.span
        if span.source.name != own:
            continue
        line = find_line(span.source, span.start)
        last, found = lines.get(line, (span.start, []))
        # Of several layers on a line, the last one gives what goes on.
        if span.start > last:
            found = []
        if span.start >= last:
            lines[line] = (span.start, [*found, each])
    found_all = ((line, standing) for line, (_, standing) in sorted(lines.items()) if line != half_written)
    return tuple(hint for line, standing in found_all if (hint := _make_hint(line, standing)) is not None)


def format_output(typed: TypedNode) -> str:
    """The axes of an output, as the table of `shapes` has them; `?` where they are not known."""
    if typed.type is None:
        return "?"
    axes = (*(axis for axis, _ in typed.type.outer), *typed.type.axes)
    return make_line_safe(f"({', '.join(str(axis) for axis in axes)})")


def _make_hint(line: int, standing: list[Standing]) -> Hint | None:
    known = [each for each in standing if each.output.type is not None]
    if not known:
        return None
    outputs = list(dict.fromkeys(format_output(each.output) for each in known))
    text = " | ".join(outputs[:MOST]) + (" | ..." if len(outputs) > MOST else "")
    params = sum(node.params for each in known for node in each.nodes)
    return Hint(line, text, f"{params:,}" if params else "")
