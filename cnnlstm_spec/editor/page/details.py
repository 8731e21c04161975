"""What a click on a box shows of a layer: arguments, arithmetic, mask and weights."""

from __future__ import annotations

from ...compiler.compile import Compilation
from ...compiler.resolved import make_plain
from ...emit.words.arithmetic import explain_layer
from ...emit.words.mask_origin import find_mask_origin
from ...ir.op import Op
from ...text.escape.json import write_readable
from ...text.escape.terminal import make_line_safe as clean
from .describe import Json


def describe_node(compilation: Compilation, number: int) -> Json | None:
    """The details of the layer of that number; None where there is none."""
    typed = compilation.typed
    if typed is None or not 0 <= number < len(typed.nodes):
        return None
    node = list(typed.nodes.values())[number]
    title, *told = explain_layer(node, typed)
    mask = find_mask_origin(node.type, typed) if node.type is not None else None
    op = node.node.op
    return {
        "title": title,
        "arguments": _list_arguments(op) if op is not None and not node.node.hidden else [],
        "arithmetic": [line.strip() for line in told],
        "output": clean(f"{node.type} {node.type.dtype}") if node.type is not None else "unknown",
        "mask": clean(mask) if mask is not None else "",
        "weights": [[clean(each.name), clean(str(each.shape)), each.trainable] for each in node.weights],
        "shared": bool(node.weights) and not node.owns_weights,
    }


def _list_arguments(op: Op) -> list[list[str | bool]]:
    """Each argument with its value as JSON, and whether it is written; those that are written come first."""
    written = op.list_values()
    names = [*written, *(name for name in op.arguments if name not in written)]
    return [[clean(name), clean(write_readable(make_plain(op.get_value(name)))), name in written] for name in names]
