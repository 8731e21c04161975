"""Fixes for inputs that do not fit each other: the layers before them whose arguments decide the sizes in which they differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..ir.graph import Node, TypedNode
from ..ir.inference import Refusal
from ..ir.tensor import TensorType
from ..ops.fusions.base import ATTENTION_RANKS, RANKS_DIFFER, SHAPES_DIFFER, SIZES_DIFFER
from ..text.fix import Fix, Put, put

WIDTHS = ("units", "filters")
"""Arguments that are the size of the last axis."""


def find_fixes(refusal: Refusal, node: Node, inputs: tuple[TensorType, ...], typed: Mapping[str, TypedNode]) -> tuple[Fix, ...]:
    """Changes of the text that may make the inputs of a node fit, likeliest first."""
    if refusal.code not in (RANKS_DIFFER, ATTENTION_RANKS, SHAPES_DIFFER, SIZES_DIFFER) or len(inputs) < 2:
        return ()
    broadcast = (_put_beside(node, "broadcast", "true"),)
    first, other = inputs[0], inputs[refusal.input]
    if first.rank != other.rank:
        return broadcast
    if not first.axes:
        return ()
    paths = [_list_ancestors(id, typed) for id in node.inputs]
    shared = set(paths[0]).intersection(*paths[1:])
    own = [[id for id in path if id not in shared] for path in paths]
    found = []
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


def _list_ancestors(id: str, typed: Mapping[str, TypedNode]) -> list[str]:
    """A node and all that lie before it, the nearest first."""
    found, waiting = dict[str, None](), [id]
    while waiting:
        id = waiting.pop(0)
        if id not in found:
            found[id] = None
            waiting += typed[id].node.inputs
    return list(found)


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
