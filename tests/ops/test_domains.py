"""Where functions of `keras.ops` give no number, or have no gradient, is where Keras has none."""

from __future__ import annotations

from typing import Any

import pytest

from cnnlstm_spec.ir.meaning import Range
from cnnlstm_spec.ops.functions.domains import DEVIATIONS, DIVISORS, DOMAINS, find_fault, find_fault_of_argument
from cnnlstm_spec.ops.functions.table import find_fact, list_names

AT = (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0)
EACH = [name for name in list_names() if (fact := find_fact(name)) and fact.sort == "each" and fact.gradient == "yes"]
POWERS = (-2, -1, -0.5, 0, 1 / 3, 0.5, 1, 1.5, 2, 3)


def list_cases() -> list[tuple[str, dict[str, Any]]]:
    """Each function of each value by itself, with the arguments of its example; powers with several."""
    facts = [(name, fact) for name in EACH if (fact := find_fact(name)) is not None]
    plain = [(name, dict(fact.example)) for name, fact in facts if fact.dtypes.get("float32", "") is not None]
    return [*plain, *(("power", {"x2": each}) for each in POWERS)]


@pytest.mark.keras
@pytest.mark.parametrize(("name", "arguments"), list_cases())
def test_what_is_outside_of_a_domain_is_no_number_in_keras(name: str, arguments: dict[str, Any]) -> None:
    import keras
    import numpy
    import tensorflow

    x = tensorflow.constant(AT)
    with tensorflow.GradientTape() as tape:
        tape.watch(x)
        y = getattr(keras.ops, name)(x, **arguments)
    slope = numpy.asarray(tape.gradient(y, x, unconnected_gradients="zero"))
    given = numpy.isfinite(numpy.asarray(y)) if y.dtype.is_floating else numpy.ones(len(AT), bool)
    for at, sound, smooth in zip(AT, given, given & numpy.isfinite(slope), strict=True):
        fault = find_fault(name, arguments, Range(at, at, True))
        assert (fault is None) == bool(smooth), (at, fault)
        assert fault is None or fault.in_gradient != bool(not sound), (at, fault)


TOGETHER = [
    ("norm", {}, True, False),
    ("norm", {"ord": 1}, False, False),
    ("norm", {"ord": 2}, True, False),
    ("norm", {"ord": 3}, True, False),
    ("norm", {"ord": float("inf")}, False, False),
    *((name, {}, True, True) for name in sorted(DEVIATIONS)),
    ("var", {}, False, False),
    ("sum", {}, False, False),
    ("logsumexp", {}, False, False),
]
"""A function of values together, its arguments, and whether its gradient is none where all are 0, and where all are 1."""


@pytest.mark.keras
@pytest.mark.parametrize(("name", "arguments", "at_zero", "at_one"), TOGETHER)
def test_functions_of_values_together(name: str, arguments: dict[str, Any], at_zero: bool, at_one: bool) -> None:
    import keras
    import numpy
    import tensorflow

    for at, steep in ((0.0, at_zero), (1.0, at_one)):
        x = tensorflow.fill((1, 3), at)
        with tensorflow.GradientTape() as tape:
            tape.watch(x)
            y = getattr(keras.ops, name)(x, axis=1, **arguments)
        assert bool(numpy.isfinite(numpy.asarray(tape.gradient(y, x))).all()) != steep
        assert (find_fault(name, {"ord": None, **arguments}, Range(at, at, True)) is not None) == steep


def test_values_that_are_never_alike_have_a_deviation() -> None:
    assert find_fault("std", {}, Range()) is None
    assert find_fault("std", {}, Range(0, None, False)) is None


def test_a_bound_that_is_only_approached_is_no_fault() -> None:
    assert find_fault("log", {}, Range(0, 1)) is None
    assert find_fault("arctanh", {}, Range(-1, 1)) is None
    assert all(find_fault(name, {}, Range(0.25, 0.5, True)) is None for name in DOMAINS if name != "arccosh")


@pytest.mark.keras
@pytest.mark.parametrize(("name", "argument"), DIVISORS.items())
def test_a_division_by_zero_is_no_number(name: str, argument: str) -> None:
    import keras
    import numpy

    function = getattr(keras.ops, name)
    assert find_fault_of_argument(name, {argument: 0.0}) and not numpy.isfinite(function([0.5, 1.0], **{argument: 0.0})).any()
    assert not find_fault_of_argument(name, {argument: 0.5}) and numpy.isfinite(function([0.5, 1.0], **{argument: 0.5})).all()
