"""What stands behind the lines of a spec while it is edited: the output of each layer, in the axes that `shapes` shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..compiler.compile import Compilation
from ..ir.graph import Node, TypedNode
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
    own = compilation.source.name
    for span, typed in (*iterate_uses(compilation), *_list_layers(compilation)):
        if span.source.name != own:
            continue
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
    """The layers, where they are written."""
    typed = compilation.typed
    for each in typed.nodes.values() if typed is not None else ():
        if not each.node.hidden:
            yield each.node.origin.place.span, each


def iterate_uses(compilation: Compilation) -> Iterator[tuple[Span, TypedNode]]:
    """Where blocks are used, each with the layer that ends it there, in every round of a repetition."""
    typed = compilation.typed
    last: dict[int, tuple[Span, TypedNode]] = {}
    for each in typed.nodes.values() if typed is not None else ():
        if not each.node.hidden:
            last.update((frame, (span, each)) for span, frame in _iterate_frames(each.node))
    return iter(last.values())


def _iterate_frames(node: Node) -> Iterator[tuple[Span, int]]:
    """The uses of blocks that brought a layer there, each with the number of its frame in the model; rounds have frames too."""
    frames = iter(node.frames)
    for label in node.origin.uses:
        span = label.place.span
        name = span.source.text[span.start : span.end].strip("'\"")
        frame = next((each for each in frames if each.title == name), None)
        if frame is None:
            return
        yield span, frame.id
