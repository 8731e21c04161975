"""Fixes for inputs that do not fit each other: the layers before them whose arguments decide the sizes in which they differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from heapq import heapify, heappop, heappush

from ..ir.graph import Graph, Node, TypedNode
from ..ir.inference import Refusal
from ..ir.tensor import TensorType
from ..ops.fusions.base import ATTENTION_RANKS, RANKS_DIFFER, SHAPES_DIFFER, SIZES_DIFFER
from ..text.fix import Fix, Put, put

WIDTHS = ("units", "filters")
"""Arguments that are the size of the last axis."""


def find_fixes(
    refusal: Refusal, node: Node, inputs: tuple[TensorType, ...], graph: Graph, typed: Mapping[str, TypedNode]
) -> tuple[Fix, ...]:
    """Changes of the text that may make the inputs of a node fit, likeliest first."""
    if refusal.code not in (RANKS_DIFFER, ATTENTION_RANKS, SHAPES_DIFFER, SIZES_DIFFER) or len(inputs) < 2:
        return ()
    broadcast = (_put_beside(node, "broadcast", "true"),)
    first, other = inputs[0], inputs[refusal.input]
    if first.rank != other.rank:
        return broadcast
    if not first.axes:
        return ()
    own, found = _list_own(node, graph), []
    if any(a.size != b.size for a, b in zip(first.axes[:-1], other.axes[:-1], strict=True)):
        found += list(_fix_padding(own, typed))
    if first.axes[-1].size != other.axes[-1].size:
        found += list(_fix_widths(own, inputs, refusal.input, typed))
    wide = [size for x in inputs if x.axes and isinstance(size := x.axes[-1].size, int)]
    if refusal.code is SHAPES_DIFFER and wide:
        found.append(_put_beside(node, "units", str(max(wide))))
    return (*found, *broadcast) if 1 in (*first.sizes, *other.sizes) else tuple(found)


def _put_beside(node: Node, key: str, value: str) -> Fix:
    """A key of a fusion, beside its strategy or layer."""
    return Fix(f"write `{key}: {value}`", (Put(node.origin.place.span, key, value, beside=True),))


def _list_own(node: Node, graph: Graph) -> list[list[str]]:
    """Of each input the nodes that it rests on and not every other one does, the nearest first."""
    shared, found = _find_shared(node, graph), []
    for id in node.inputs:
        own, waiting = dict[str, None](), [id]
        for each in waiting:
            if each not in own and each not in shared:
                own[each] = None
                waiting += graph.nodes[each].inputs
        found.append(list(own))
    return found


def _find_shared(node: Node, graph: Graph) -> set[str]:
    """The nodes nearest to one that all its inputs rest on, and those after which nothing else is left to look at."""
    reached: dict[str, set[int]] = {}
    for index, id in enumerate(node.inputs):
        reached.setdefault(id, set()).add(index)
    shared, waiting = set[str](), [(-graph.places[id], id) for id in reached]
    heapify(waiting)
    while any(id not in shared for _, id in waiting):
        # The last of them: all that rest on it have been looked at.
        _, id = heappop(waiting)
        if len(reached[id]) == len(node.inputs):
            shared.add(id)
        for each in graph.nodes[id].inputs:
            if each not in reached:
                heappush(waiting, (-graph.places[each], each))
            reached.setdefault(each, set()).update(reached[id])
            if len(reached[each]) == len(node.inputs):
                shared.add(each)
    return shared


def _fix_padding(paths: list[list[str]], typed: Mapping[str, TypedNode]) -> Iterator[Fix]:
    """`padding: same` for the layers whose windows shorten what they move over."""
    changes = []
    for id in dict.fromkeys(id for path in paths for id in path):
        node = typed[id].node
        if node.op is not None and "padding" in node.op.arguments and node.op.get_value("padding") == "valid":
            changes.append(Put(node.origin.place.span, "padding", "same"))
    changes = list(dict.fromkeys(changes))
    if changes:
        before = f" for {len(changes)} layers before it" if len(changes) > 1 else ""
        yield Fix(f"write `padding: same`{before}", tuple(changes))


def _fix_widths(
    paths: list[list[str]], inputs: tuple[TensorType, ...], index: int, typed: Mapping[str, TypedNode]
) -> Iterator[Fix]:
    """The width of one input for the layer that gives that of the other."""
    for path, wanted in ((paths[index], inputs[0]), (paths[0], inputs[index])):
        size = wanted.axes[-1].size
        decides = next((found for id in path if (found := _find_width(typed[id].node)) is not None), None)
        if decides is not None and isinstance(size, int):
            yield put(decides[0].origin.place.span, decides[1], str(size))


def _find_width(node: Node) -> tuple[Node, str] | None:
    """The argument of a node that is the size of its last axis."""
    arguments = node.op.arguments if node.op is not None else {}
    name = next((name for name in WIDTHS if name in arguments), None)
    return (node, name) if name is not None else None
