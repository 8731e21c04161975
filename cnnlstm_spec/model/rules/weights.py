"""Initializers, regularizers and constraints against the weights that they are for, by the catalog's rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING

from ...ir.graph import TypedNode
from ...ir.op import Op, Weight
from ...language.catalog import KerasObject, load_catalog
from ...text.diagnostic import Code, Diagnostic
from .common import Setting, place_in

WEIGHT_RANK = Code(
    "weight-rank",
    "error",
    "`{name}` makes weights of {wanted}; `{weight}` is {shape}",
    sort="keras",
    help="take another one for this weight",
)
WEIGHT_AXIS = Code(
    "weight-axis",
    "error",
    "`{name}` has `axis: {axis}`; `{weight}` is {shape}",
    sort="keras",
    help="`axis` counts the axes of the weight from 0",
)

if TYPE_CHECKING:
    from ...language.catalog_types import ObjectRule

USES = ("_initializer", "_regularizer", "_constraint")


def check_weights(node: TypedNode, setting: Setting) -> Iterable[Diagnostic]:
    """Each argument that does not fit one of its weights, once."""
    op = node.node.op
    if op is None or not node.owns_weights:
        return
    told: set[tuple[int, str]] = set()
    for inner, argument, thing, weight in _iterate_pairs(op, node.weights):
        if (id(inner), argument) in told:
            continue
        found = next((each for rule in _load_rules() if (each := _find_broken_rule(rule, thing, weight)) is not None), None)
        if found is not None:
            told.add((id(inner), argument))
            code, more = found
            shown = {"name": thing.name, "weight": weight.name, "shape": list(weight.shape), **more}
            yield Diagnostic(code, place_in(inner, argument, node.node), shown, labels=node.node.origin.uses)


@cache
def _load_rules() -> tuple[ObjectRule, ...]:
    return tuple(rule for rule in load_catalog()["rules"] if rule["rule"] in ("weight_rank", "axis_in_weight"))


def _iterate_pairs(op: Op, weights: tuple[Weight, ...]) -> Iterator[tuple[Op, str, KerasObject, Weight]]:
    """Each written argument of a layer, or of one that it wraps, with each weight that it is for."""
    for argument, value in op.list_values().items():
        if isinstance(value, Op):
            yield from _iterate_pairs(value, weights)
        if not isinstance(value, KerasObject) or not argument.endswith(USES):
            continue
        stem = argument.rsplit("_", 1)[0]
        for weight in weights:
            if weight.name.rsplit("/", 1)[-1] in (stem, f"{stem}_kernel"):
                yield op, argument, value, weight


def _find_broken_rule(rule: ObjectRule, thing: KerasObject, weight: Weight) -> tuple[Code, dict[str, object]] | None:
    if rule["family"] != thing.family or rule["class"] != thing.name:
        return None
    rank = len(weight.shape)
    if rule["rule"] == "weight_rank":
        least, most = rule.get("minimum"), rule.get("maximum")
        if (isinstance(least, int) and rank < least) or (isinstance(most, int) and rank > most):
            return WEIGHT_RANK, {"wanted": f"{least} axes" if least == most else f"{least} axes or more"}
        return None
    axis = thing.get("axis")
    axes = axis if isinstance(axis, tuple | list) else (axis,)
    wrong = [each for each in axes if isinstance(each, int) and not -rank <= each < rank]
    return (WEIGHT_AXIS, {"axis": wrong[0]}) if wrong else None
