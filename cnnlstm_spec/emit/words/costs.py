"""The table of `shapes` with costs: parameters, multiply-adds and memory of every layer, dearest first where asked for."""

from __future__ import annotations

from ...ir.graph import TypedGraph
from ...ir.size import Size
from ...model.costs import Costs, Row, estimate_training_bytes
from ...spec.model_spec import ModelSpec
from ...text.escape.terminal import make_line_safe, measure_width

HEADINGS = ("layer", "name", "output", "params", "macs", "memory")
SORTS = ("params", "macs", "memory")

Line = tuple[str, ...]


def write_costs_table(graph: TypedGraph, spec: ModelSpec, costs: Costs, sort: str | None) -> str:
    """A row for each layer, and the sums; a cost that rests on a size known only at run time is an expression."""
    rows = sorted(costs.rows, key=lambda row: _rank_row(row, sort)) if sort is not None else costs.rows
    lines = [HEADINGS, *(tuple(map(make_line_safe, _make_line(row))) for row in rows)]
    widths = [max(measure_width(line[column]) for line in lines) for column in range(len(HEADINGS))]
    text = [("  " + "  ".join(map(_pad_text, line, widths, HEADINGS))).rstrip() for line in lines]
    return "\n".join([make_line_safe(graph.graph.name), "", *text, "", *_describe_sums(graph, spec, costs)])


def describe_memory(bytes: Size) -> str:
    """Bytes in words."""
    if not isinstance(bytes, int):
        return f"{bytes} bytes"
    for power, unit in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if bytes >= power:
            return f"{bytes / power:,.1f} {unit}"
    return f"{bytes} bytes"


def _rank_row(row: Row, sort: str | None) -> tuple[bool, int]:
    """Dearest first; a cost that is not known comes before all."""
    value = {"params": row.params, "macs": row.macs, "memory": row.activation_bytes}[sort or "params"]
    return (isinstance(value, int), -value if isinstance(value, int) else 0)


def _make_line(row: Row) -> Line:
    node, type = row.node.node, row.node.type
    assert node.op is not None and type is not None
    axes = ", ".join(str(axis) for axis in (*(axis for axis, _ in type.outer), *type.axes))
    shared = "" if row.node.owns_weights or not row.node.weights else "shared"
    params = f"{row.params:,}" if row.params else shared
    return (node.op.title(), node.layer, f"({axes})", params, _count(row.macs), describe_memory(row.activation_bytes))


def _count(value: Size) -> str:
    return (f"{value:,}" if value else "") if isinstance(value, int) else str(value)


def _pad_text(text: str, size: int, heading: str) -> str:
    space = " " * (size - measure_width(text))
    return space + text if heading in SORTS else text + space


def _describe_sums(graph: TypedGraph, spec: ModelSpec, costs: Costs) -> list[str]:
    if any(typed.type is None for typed in graph.nodes.values()):
        return ["costs: unknown"]
    samples = "1 sample" if costs.batch_size == 1 else f"{costs.batch_size} samples"
    return [
        f"parameters: {costs.params:,} ({costs.trainable:,} trainable), {describe_memory(costs.weight_bytes)}",
        f"multiply-adds for a sample: {_count(costs.macs) or 0}",
        f"outputs of all layers for {samples}: {describe_memory(costs.activation_bytes)}",
        f"training, estimated: {describe_memory(estimate_training_bytes(graph, spec, costs))}",
    ]
