"""The table of `shapes`: a row a layer, its output with named axes, dtype, mask, parameters and their sums."""

from __future__ import annotations

from ...ir.graph import TypedGraph, TypedNode
from ...ir.op import Op
from ...ops.input import InputOp
from ...text.escape.terminal import make_line_safe, measure_width
from .mask_origin import find_mask_origin

HEADINGS = ("layer", "name", "output", "dtype", "mask", "params")
NUMBERS = frozenset({HEADINGS.index("params")})

Row = tuple[str, ...]


def write_table(graph: TypedGraph) -> str:
    """The table of a graph; what is unknown, for a mistake before it, is `?`."""
    rows: list[Row | str] = [HEADINGS]
    area = None
    for typed in graph.nodes.values():
        if typed.node.hidden and not isinstance(typed.node.op, InputOp):
            continue
        if typed.node.area != area:
            area = typed.node.area
            rows.append(make_line_safe(area))
        rows.append(tuple(map(make_line_safe, _make_row(typed, graph))))
    cells = [row for row in rows if not isinstance(row, str)]
    empty = {column for column in range(len(HEADINGS)) if not any(row[column] for row in cells[1:])}
    kept = [column for column in range(len(HEADINGS)) if column not in empty]
    widths = {column: max(measure_width(row[column]) for row in cells) for column in kept}
    lines = [row if isinstance(row, str) else _write_line(row, kept, widths) for row in rows]
    return "\n".join([make_line_safe(graph.graph.name), "", *lines, "", *_list_outputs(graph), _write_total(graph)])


def _write_line(row: Row, kept: list[int], widths: dict[int, int]) -> str:
    parts = []
    for column in kept:
        space = " " * (widths[column] - measure_width(row[column]))
        parts.append(space + row[column] if column in NUMBERS else row[column] + space)
    return ("  " + "  ".join(parts)).rstrip()


def _make_row(typed: TypedNode, graph: TypedGraph) -> Row:
    node, type = typed.node, typed.type
    title = node.op.title() if isinstance(node.op, Op) else "?"
    if type is None:
        return (title, node.layer, "?", "?", "", "?")
    axes = ", ".join(str(axis) for axis in (*(axis for axis, _ in type.outer), *type.axes))
    mask = find_mask_origin(type, graph) or ""
    shared = "" if typed.owns_weights or not typed.weights else "shared"
    params = f"{typed.params:,}" if typed.params else shared
    return (title, node.layer, f"({axes})", type.dtype, mask, params)


def _list_outputs(graph: TypedGraph) -> list[str]:
    types = {head: graph.nodes[id].type for head, id in graph.graph.outputs.items()}
    return [f"output {make_line_safe(head)}: {type or '?'}{f' {type.dtype}' if type else ''}" for head, type in types.items()]


def _write_total(graph: TypedGraph) -> str:
    if any(typed.type is None for typed in graph.nodes.values()):
        return "parameters: unknown"
    fixed = graph.params - graph.trainable_params
    return f"parameters: {graph.params:,}" + (f" ({graph.trainable_params:,} trainable, {fixed:,} not)" if fixed else "")
