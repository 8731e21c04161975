"""Conditions on one size known only at run time: what is told of them together."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cnnlstm_spec.bounds import CONTRADICTION, Conditions
from cnnlstm_spec.diagnostic import Diagnostic
from cnnlstm_spec.infer import CONDITION
from cnnlstm_spec.size import Condition, at_least, divisible, equal, symbol
from cnnlstm_spec.source import Place, Source, Span

STEPS = symbol("steps")
CONDITIONS = st.one_of(
    st.builds(lambda n: at_least(STEPS, n), st.integers(2, 12)),
    st.builds(lambda n: at_least(n - STEPS, 0), st.integers(1, 12)),
    st.builds(lambda n: divisible(STEPS, n), st.integers(2, 6)),
    st.builds(lambda n, k: equal(STEPS // k, n), st.integers(1, 5), st.integers(1, 3)),
)


def told(conditions: list[Condition]) -> list[Diagnostic]:
    gathered = Conditions()
    place = Place((), Span(Source("t.yaml", ""), 0, 0))
    warnings = [
        gathered.add(each, Diagnostic(CONDITION, place, {"condition": each.text}, f"for {each.text}")) for each in conditions
    ]
    return [each for each in (*warnings, *gathered.warnings()) if each is not None]


@given(st.lists(CONDITIONS, min_size=1, max_size=4))
def test_an_error_where_no_size_is_left(conditions: list[Condition]) -> None:
    """Held against trying every size up to one from which all repeat themselves."""
    left = any(all(each.fit is not None and each.fit.holds(size) for each in conditions) for size in range(1, 200))
    assert [each.code for each in told(conditions)].count(CONTRADICTION) == (0 if left else 1)


def test_the_strongest_lower_bound_is_told() -> None:
    assert [each.message for each in told([at_least(STEPS, 3), at_least(STEPS, 7), at_least(STEPS, 5)])] == [
        "runs where steps is at least 7"
    ]


def test_what_is_implied_is_not_told() -> None:
    assert [each.message for each in told([at_least(STEPS, 2), divisible(STEPS, 4)])] == ["runs where steps is a multiple of 4"]
    assert [each.message for each in told([divisible(STEPS, 2), divisible(STEPS, 8)])] == ["runs where steps is a multiple of 8"]


def test_what_they_come_to_is_told_once() -> None:
    (both,) = told([divisible(STEPS, 2), divisible(STEPS, 3)])
    assert both.message == "runs where steps is a multiple of 6"
    assert [label.message for label in both.labels] == ["for steps is a multiple of 2"]


def test_the_error_names_what_is_against_it() -> None:
    (error,) = told([divisible(STEPS, 2), at_least(STEPS, 2), equal(STEPS, 3)])
    assert error.message == "no size fits: steps is 3, and steps is a multiple of 2"
