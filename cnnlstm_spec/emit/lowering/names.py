"""Names of layers, inputs and outputs kept free of the names that Keras gives to operations by itself."""

from __future__ import annotations

from ...ir.graph import TypedGraph
from ...ir.program import Call, Comment, Do, Statement
from ...model.names import operations_among
from ...ops.functions.op import Function
from ...ops.input import InputOp


def names_kept_free(graph: TypedGraph) -> list[Statement]:
    """Calls after which Keras names no operation as a layer, an input or an output is named."""
    nodes = [typed.node for typed in graph.nodes.values()]
    inputs = [node.op.input for node in nodes if isinstance(node.op, InputOp)]
    masks = [each.mask_input for each in inputs if each.mask_input is not None]
    layers = [node.layer + part for node in nodes for part in ("", *(node.op.parts(len(node.inputs)) if node.op else ()))]
    written = (node.op.fact.operations for node in nodes if isinstance(node.op, Function))
    counts = operations_among((*layers, *masks), frozenset(name for each in written for name in each))
    if not counts:
        return []
    calls = [Do(Call("keras.backend.get_uid", (name,)), count) for name, count in counts.items()]
    return [Comment("Keras numbers the operations of a name; these numbers are taken"), *calls]
