"""A `Reshape` taken for a turn of axes: it keeps the order of the values, so that what was a row becomes parts of several."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from typing import TYPE_CHECKING

from ...ir.graph import TypedNode
from ...ir.size import Size
from ...ops.stand_in import stand_for
from ...text.diagnostic import Code, Diagnostic
from ...text.fix import Edit, Fix, Insert, Put
from .common import Setting, place_in

if TYPE_CHECKING:
    from ...ops.shape import Reshape
else:
    Reshape = stand_for("shape", "Reshape")

SWAPS = Code("reshape-swaps-axes", "warning", "`Reshape` to {target} mixes the axes: it keeps the order of the values")

Order = tuple[int, ...]
"""Axes of the input, from 1, in the order in which the target names them."""


def check_reshape(node: TypedNode, setting: Setting) -> Iterable[Diagnostic]:
    """A target that has the axes of the input in another order, each for itself or some of them together."""
    op, x, y = node.node.op, node.inputs[0] if node.inputs else None, node.type
    if not isinstance(op, Reshape) or x is None or y is None:
        return
    order = _find_turn(x.sizes, y.sizes) or _find_turn_and_join(x.sizes, y.sizes)
    if order is None:
        return
    turn = f"Permute: {{dims: {list(order)}}}"
    whole = sorted(map(str, x.sizes)) == sorted(map(str, y.sizes))
    help = (f"`{turn}` turns the axes" if whole else f"`{turn}` before it turns the axes",)
    facts: dict[str, object] = {"target": "[" + ", ".join(map(str, y.sizes)) + "]"}
    place, fixes = place_in(op, "target_shape", node.node), _make_fixes(node, turn, order, whole)
    yield Diagnostic(SWAPS, place, facts, f"{x} comes in", node.node.origin.uses, help, fixes)


def _make_fixes(node: TypedNode, turn: str, order: Order, whole: bool) -> tuple[Fix, ...]:
    """`Permute` in place of `Reshape`, with its argument, or before it."""
    here = node.node.origin.place.span
    if not whole:
        return (Fix(f"put `{turn}` before it", (Insert(here, turn),)),)
    edits = (Edit(here, "Permute"), Put(here, "dims", str(list(order)), instead="target_shape"))
    return (Fix(f"write `{turn}`", edits),)


def _find_turn(before: tuple[Size, ...], after: tuple[Size, ...]) -> Order | None:
    """The order of the axes where they are those of the input, but for sizes of 1, and stand otherwise."""
    names, wanted = [str(size) for size in before], [str(size) for size in after]
    kept, kept_after = ([name for name in each if name != "1"] for each in (names, wanted))
    if kept == kept_after or sorted(kept) != sorted(kept_after):
        return None
    places = wanted if len(wanted) == len(names) and sorted(wanted) == sorted(names) else [*kept_after, *names]
    order: list[int] = []
    for name in places:
        order += [each + 1 for each, other in enumerate(names) if other == name and each + 1 not in order][:1]
    return tuple(order)


def _find_turn_and_join(before: tuple[Size, ...], after: tuple[Size, ...]) -> Order | None:
    """The order of the axes where each size of the target is a product of some of them, and those do not follow each other."""
    sizes, wanted = [each for each in before if isinstance(each, int)], [each for each in after if isinstance(each, int)]
    if len(sizes) < len(before) or len(wanted) < len(after) or len(sizes) > MOST:
        return None
    first, target = next((each for each in sizes if each > 1), 1), [each for each in wanted if each > 1]
    ends = {prod(sizes[:count]) for count in range(len(sizes) + 1)}
    if len(target) < 2 or first % target[0] == 0 or all(prod(target[:count]) in ends for count in range(len(target))):
        return None
    groups = _group_axes(tuple(each for each, size in enumerate(sizes) if size > 1), target, sizes)
    return None if groups is None else (*(each + 1 for each in groups), *(n + 1 for n, size in enumerate(sizes) if size == 1))


MOST = 6
"""Axes of a tensor that are looked through."""


def _group_axes(left: Order, wanted: list[int], sizes: list[int]) -> Order | None:
    """The axes so ordered that products of some in turn are the wanted sizes; those of one product in their own order."""
    if not wanted:
        return () if not left else None
    for chosen in range(1, 2 ** len(left)):
        some = tuple(axis for place, axis in enumerate(left) if chosen >> place & 1)
        if prod(sizes[axis] for axis in some) == wanted[0]:
            rest = _group_axes(tuple(axis for axis in left if axis not in some), wanted[1:], sizes)
            if rest is not None:
                return (*some, *rest)
    return None
