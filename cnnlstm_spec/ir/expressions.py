"""Canonical values as expressions of a program. Imports no layer."""

from __future__ import annotations

from ..language.catalog import KerasObject, OwnThing
from .program import Apply, Call, DottedName, Expression, Ref
from .tensor import Axis

NO_STRING = frozenset({"constant", "l1_l2"})
"""Names that Keras has as classes but does not turn into objects from a string."""


def make_expression(value: object) -> Expression:
    """An argument's canonical value as an expression."""
    if isinstance(value, OwnThing) and value.is_function:
        return DottedName(value.path)
    if isinstance(value, KerasObject):
        if value.identifier is not None and value.identifier not in NO_STRING:
            return value.identifier
        # Of several thresholds a metric takes a list alone.
        given = ((name, list(each) if isinstance(each, tuple) else each) for name, each in value.arguments)
        return Call(value.path, (), tuple((name, make_expression(each)) for name, each in given))
    if isinstance(value, tuple):
        return tuple(make_expression(each) for each in value)
    if isinstance(value, list):
        return [make_expression(each) for each in value]
    if isinstance(value, dict):
        return {name: make_expression(each) for name, each in value.items()}
    assert value is None or isinstance(value, bool | int | float | str | Ref | Call | Apply), value
    return value


def list_sizes(axes: tuple[Axis, ...]) -> tuple[int | None, ...]:
    """Sizes as Keras takes them: None where one is known only at run time."""
    return tuple(axis.size if isinstance(axis.size, int) else None for axis in axes)
