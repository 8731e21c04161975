"""Positions that are added to an input which has them already."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ...ir.graph import TypedGraph, find_readers
from ...ops.stand_in import stand_for
from ...spec.model_spec import ModelSpec
from ...text.diagnostic import Code, Diagnostic, Label

if TYPE_CHECKING:
    from ...ops.fusions.elementwise import AddStrategy
    from ...ops.merge import Add
    from ...ops.positional import Positions
else:
    AddStrategy = stand_for("fusions.elementwise", "AddStrategy")
    Add = stand_for("merge", "Add")
    Positions = stand_for("positional", "Positions")

TWICE = Code("positions-added-twice", "warning", "`{layer}` adds the positions to its input; this adds the input once more")


def check_positions(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """Each sum of a layer of positions and its own input."""
    found = [node for node in typed.nodes.values() if isinstance(node.node.op, Positions)]
    readers = find_readers(typed) if found else {}
    for node in found:
        for sum in readers[node.node.id]:
            if isinstance(sum.node.op, Add | AddStrategy) and node.node.inputs[0] in sum.node.inputs:
                assert node.node.op is not None
                labels = (Label(node.node.origin.place, "the positions are added here"), *sum.node.origin.uses)
                help = ("leave out the sum, or the input in it",)
                facts: dict[str, object] = {"layer": node.node.op.title()}
                yield Diagnostic(TWICE, sum.node.origin.place, facts, labels=labels, help=help)
