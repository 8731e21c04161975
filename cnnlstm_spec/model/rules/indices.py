"""Integers that index a table, or are counted: those that are known to come, against the places there are."""

from __future__ import annotations

from collections.abc import Iterable

from ...ir.graph import TypedNode
from ...ir.op import Op
from ...ir.tensor import Values
from ...text.diagnostic import Code, Diagnostic, Label
from .common import Setting, find_title, place_in

NO_ROW = Code("index-without-row", "error", "`{layer}` has rows for 0 to {last}; given {given}")
NOT_COUNTED = Code("negative-not-counted", "error", "`{layer}` counts from 0 up; given {given}")
DROPPED = Code("class-without-place", "warning", "`{layer}` has places for 0 to {last}; given {given}")
TRUTH = {"bool": Values(0, 1)}
"""What comes of a dtype whatever makes it."""
COUNTING = ("multi_hot", "count", "binary")


def check_indices(node: TypedNode, setting: Setting) -> Iterable[Diagnostic]:
    """A layer that looks integers up, or wraps one that does, of which some that come have no place."""
    op, x = node.node.op, node.inputs[0] if node.inputs else None
    if op is None or x is None or (values := x.values or TRUTH.get(x.dtype)) is None:
        return
    for each in (op, *op.list_inner_ops()):
        if each.looks_up is not None:
            yield from _check_places(each, each.looks_up, values, node)


def _check_places(op: Op, argument: str, values: Values, node: TypedNode) -> Iterable[Diagnostic]:
    count, encodes = op.get_value(argument), "output_mode" in op.arguments
    facts: dict[str, object] = {"layer": find_title(op), "last": count - 1, "given": values}
    labels = (Label(values.made_at, f"gives {values}"), *node.node.origin.uses) if values.made_at else node.node.origin.uses
    place = place_in(op, argument, node.node)
    if not encodes and not _has_rows(count, values):
        yield Diagnostic(NO_ROW, place, facts, "", labels, _suggest_ways_out(argument, count, values))
    elif encodes and values.least <= -1 and op.get_value("output_mode") in COUNTING:
        help = (f"pad with a number from 0 up, such as {count} with `{argument}: {count + 1}`",)
        yield Diagnostic(NOT_COUNTED, place, facts, "", labels, help)
    elif encodes and values.least < values.greatest and values.greatest >= count:
        # One value alone is that of padding, which may well count nowhere.
        yield Diagnostic(DROPPED, place, facts, "the others are left out", labels, _suggest_ways_out(argument, count, values))


def _has_rows(count: int, values: Values) -> bool:
    """Whether each number has a row once it is cut off to an integer; those below 0 count from the end."""
    return -count - 1 < values.least and values.greatest < count


def _suggest_ways_out(argument: str, count: int, values: Values) -> tuple[str, ...]:
    more = (f"`{argument}: {int(values.greatest) + 1}` has one for each",) if count <= values.greatest < float("inf") else ()
    other = f"`padding_value` is best a number from 0 to {count - 1} that no data have"
    return (*more, f"or {other}" if more else other) if values.least == values.greatest else more
