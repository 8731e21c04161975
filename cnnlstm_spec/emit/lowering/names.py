"""Names in a program: of variables, and those that are kept free of what Keras calls operations by itself."""

from __future__ import annotations

import builtins
import keyword
import re

from ...ir.graph import TypedGraph
from ...ir.program import Call, Comment, Do, Statement
from ...model.names import find_operations
from ...ops.functions.op import Function
from ...ops.input import InputOp


def write_names_kept_free(graph: TypedGraph) -> list[Statement]:
    """Calls after which Keras names no operation as a layer, an input or an output is named."""
    nodes = [typed.node for typed in graph.nodes.values()]
    inputs = [node.op.input for node in nodes if isinstance(node.op, InputOp)]
    masks = [each.mask_input for each in inputs if each.mask_input is not None]
    layers = [node.layer + part for node in nodes for part in ("", *(node.op.list_parts(len(node.inputs)) if node.op else ()))]
    written = (node.op.fact.operations for node in nodes if isinstance(node.op, Function))
    counts = find_operations((*layers, *masks), frozenset(name for each in written for name in each))
    if not counts:
        return []
    calls = [Do(Call("keras.backend.get_uid", (name,)), count) for name, count in counts.items()]
    return [Comment("Keras numbers the operations of a name; these numbers are taken"), *calls]


def make_area_stem(area: str) -> str:
    """The variable of a branch, fusion or head."""
    return make_variable_name(area.removeprefix("branches.").removeprefix("fusion.").removeprefix("heads."))


def make_variable_name(text: str) -> str:
    """A Python identifier for a name, which hides no keyword or builtin."""
    name = re.sub(r"\W", "_", text, flags=re.ASCII)
    if keyword.iskeyword(name) or hasattr(builtins, name):
        return f"{name}_"
    return f"_{name}" if name[:1].isdigit() else name
