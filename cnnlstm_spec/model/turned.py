"""Images whose channels come first, under layers that read them last: what fails for that is this one mistake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..ir.graph import Node, TypedGraph
from ..ops.input import InputOp
from ..text.diagnostic import Diagnostic, Label
from .infer import infer
from .look_on import key_of
from .rules.channels import FIRST, find_order


def blame_channels(
    typed: TypedGraph, found: Sequence[Diagnostic], of_types: Sequence[Diagnostic], batch_size: int | None
) -> list[Diagnostic]:
    """What is found, where errors `of_types` that are none with the channels last are told as one, with what mends them."""
    left = list(found)
    for told in [each for each in found if each.code is FIRST] if of_types else ():
        still: list[Diagnostic] = []
        nodes = {id: _turn_input(node, told, typed) for id, node in typed.graph.nodes.items()}
        infer(replace(typed.graph, nodes=nodes), typed.policy, still, batch_size)
        keys = set(map(key_of, still))
        freed = [each for each in of_types if each.severity == "error" and key_of(each) not in keys]
        if freed:
            label = Label(told.place, f"is {told.facts['height']} high, with {told.facts['channels']} channels, as it is read")
            joined = replace(freed[0], labels=(label, *freed[0].labels), help=told.help, fixes=told.fixes)
            gone = [told, *freed[1:]]
            left = [joined if each is freed[0] else each for each in left if not any(each is one for one in gone)]
            of_types = [each for each in of_types if not any(each is one for one in freed)]
    return left


def _turn_input(node: Node, told: Diagnostic, typed: TypedGraph) -> Node:
    """The input that is told of with its channels last; any other node as it is."""
    op, type = node.op, typed.nodes[node.id].type
    place = node.origin.written.places.get("shape", node.origin.place)
    if not isinstance(op, InputOp) or type is None or place != told.place:
        return node
    order = find_order(op.input.kind, type.sizes)
    assert order is not None
    shape = tuple(op.input.shape[axis - 1] for axis in order)
    return replace(node, op=op.model_copy(update={"input": op.input.model_copy(update={"shape": shape})}))
