"""Layers whose output is their input: what a pass leaves out and others look past. Imports no pass and no rule."""

from __future__ import annotations

from dataclasses import replace

from ..ir.graph import TypedNode


def is_noop(typed: TypedNode) -> bool:
    """Whether a node's output is its input, in training too."""
    op, x, y = typed.node.op, typed.inputs[0] if typed.inputs else None, typed.type
    if op is None or x is None or y is None or not op.gives_its_input(x.rank):
        return False
    return x.sizes == y.sizes and replace(y, axes=x.axes) == x
