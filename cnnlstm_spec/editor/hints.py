"""What stands behind the lines of a spec while it is edited: the output of each layer, in the axes that `shapes` shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..compiler.compile import Compilation
from ..ir.graph import TypedNode
from ..text.escape.terminal import make_line_safe
from ..text.source import Span
from .repaired import find_line

MOST = 3
"""So many outputs of one layer, as a block has that is used several times."""


class Hint(NamedTuple):
    """The output, and the weights, of what stands on a 1-based line."""

    line: int
    output: str
    params: str


def find_hints(compilation: Compilation, half_written: int | None = None) -> tuple[Hint, ...]:
    """A hint for each line that holds a layer, or a use of a block, of which the output is known; none on a half-written line."""
    lines: dict[int, tuple[int, list[TypedNode]]] = {}
    for span, typed in (*_iterate_uses(compilation), *_list_layers(compilation)):
        line = find_line(span.source, span.start)
        last, found = lines.get(line, (span.start, []))
        # Of several layers on a line, the last one gives what goes on.
        if span.start > last:
            found = []
        if span.start >= last:
            lines[line] = (span.start, [*found, typed])
    found_all = ((line, nodes) for line, (_, nodes) in sorted(lines.items()) if line != half_written)
    return tuple(hint for line, nodes in found_all if (hint := _make_hint(line, nodes)) is not None)


def format_output(typed: TypedNode) -> str:
    """The axes of an output, as the table of `shapes` has them; `?` where they are not known."""
    if typed.type is None:
        return "?"
    axes = (*(axis for axis, _ in typed.type.outer), *typed.type.axes)
    return make_line_safe(f"({', '.join(str(axis) for axis in axes)})")


def _make_hint(line: int, nodes: list[TypedNode]) -> Hint | None:
    known = [each for each in nodes if each.type is not None]
    if not known:
        return None
    outputs = list(dict.fromkeys(map(format_output, known)))
    text = " | ".join(outputs[:MOST]) + (" | ..." if len(outputs) > MOST else "")
    params = sum(each.params for each in known)
    return Hint(line, text, f"{params:,}" if params else "")


def _list_layers(compilation: Compilation) -> Iterator[tuple[Span, TypedNode]]:
    """The layers that are written in the text of the spec itself."""
    typed, name = compilation.typed, compilation.source.name
    for each in typed.nodes.values() if typed is not None else ():
        span = each.node.origin.place.span
        if not each.node.hidden and span.source.name == name:
            yield span, each


def _iterate_uses(compilation: Compilation) -> Iterator[tuple[Span, TypedNode]]:
    """Where blocks are used, each with the layer that ends it there."""
    typed, name = compilation.typed, compilation.source.name
    last: dict[tuple[Span, ...], TypedNode] = {}
    for each in typed.nodes.values() if typed is not None else ():
        spans = tuple(label.place.span for label in each.node.origin.uses)
        for depth in range(1, len(spans) + 1):
            if not each.node.hidden:
                last[spans[:depth]] = each
    return ((spans[-1], typed) for spans, typed in last.items() if spans[-1].source.name == name)
