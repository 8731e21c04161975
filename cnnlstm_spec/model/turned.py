"""Channels that layers take for another axis, from the input on or behind a layer: what fails for that is this one mistake."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from ..ir.graph import Node, TypedGraph
from ..ops.input import InputOp
from ..text.diagnostic import Diagnostic, Label
from ..text.fix import Fix, Put
from ..text.source import Path
from .infer import infer
from .look_on import make_finding_key
from .rules.channels import FIRST, FORMAT, find_format, find_order, tell_format

Turned = tuple[Diagnostic, str, dict[str, Node]]
"""What says that channels are taken for another axis, in words what is read so at its place, and the nodes without that."""


def blame_channels(
    typed: TypedGraph, found: Sequence[Diagnostic], of_types: Sequence[Diagnostic], batch_size: int | None
) -> list[Diagnostic]:
    """What is found, where errors `of_types` that are none with the channels read as they are meant are told as one."""
    left = list(found)
    if not any(each.severity == "error" for each in of_types):
        return left
    for told, words, nodes in (*_turn_inputs(typed, found), *_turn_formats(typed)):
        still: list[Diagnostic] = []
        turned = infer(replace(typed.graph, nodes=nodes), typed.policy, still, batch_size)
        keys = {*map(make_finding_key, still)}
        beyond = {each.node.origin.place.path for each in turned.nodes.values() if each.type is None}
        freed = [
            each
            for each in of_types
            if each.severity == "error" and make_finding_key(each) not in keys and not _is_within(each.place.path, beyond)
        ]
        if freed:
            joined = replace(freed[0], labels=(Label(told.place, words), *freed[0].labels), help=told.help, fixes=told.fixes)
            gone = [*freed[1:], *(each for each in left if each is told or told.code is each.code is FORMAT)]
            left = [joined if each is freed[0] else each for each in left if not any(each is one for one in gone)]
            of_types = [each for each in of_types if not any(each is one for one in freed)]
    return left


def _is_within(path: Path, others: Collection[Path]) -> bool:
    """Whether a place is one of others, or inside one."""
    return any(path[:size] in others for size in range(1, len(path) + 1))


def _turn_inputs(typed: TypedGraph, found: Sequence[Diagnostic]) -> Iterator[Turned]:
    """Each input whose channels come first, with them last."""
    for told in found:
        if told.code is FIRST:
            words = f"is {told.facts['height']} high, with {told.facts['channels']} channels, as it is read"
            yield told, words, {id: _turn_input(node, told, typed) for id, node in typed.graph.nodes.items()}


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


def _turn_formats(typed: TypedGraph) -> Iterator[Turned]:
    """The first layer whose data format is another than that of the layer before, with its format in all layers after it."""
    first = next((each for each in typed.nodes.values() if find_format(each) is not None), None)
    wanted = find_format(first) if first is not None else None
    if first is None or wanted is None:
        return
    nodes, edits = dict(typed.graph.nodes), dict[Put, None]()
    behind = {first.node.id}
    for id, node in typed.graph.nodes.items():
        if id not in behind and behind.isdisjoint(node.inputs):
            continue
        behind.add(id)
        if node.op is not None and "data_format" in node.op.arguments and _find_data_format(node) != wanted:
            nodes[id] = replace(node, op=node.op.model_copy(update={"data_format": wanted}))
            edits[Put(node.origin.place.span, "data_format", wanted)] = None
    told = tell_format(first, wanted)
    title = f"write `data_format: {wanted}`" + (" in each layer after it" if len(edits) > 1 else "")
    yield replace(told, fixes=(Fix(title, tuple(edits)),)), told.message.partition(": ")[0], nodes


def _find_data_format(node: Node) -> str:
    """The data format of a layer, which is channels last where none is written."""
    assert node.op is not None
    return node.op.get_value("data_format") or "channels_last"
