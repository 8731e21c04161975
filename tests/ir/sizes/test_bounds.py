"""Conditions on sizes known only at run time: what is told of them together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlstm_spec.ir.size import Condition, Symbol, at_least, divisible, equal, make_symbol
from cnnlstm_spec.ir.size_conditions import CONTRADICTION, Conditions
from cnnlstm_spec.model.infer import CONDITION
from cnnlstm_spec.text.diagnostic import Diagnostic
from cnnlstm_spec.text.source import Place, Source, Span

STEPS, FRAMES = make_symbol("steps"), make_symbol("frames")
CONDITIONS = st.one_of(
    st.builds(lambda n: at_least(STEPS, n), st.integers(2, 12)),
    st.builds(lambda n: at_least(n - STEPS, 0), st.integers(1, 12)),
    st.builds(lambda n: divisible(STEPS, n), st.integers(2, 6)),
    st.builds(lambda n: at_least(3 * ((STEPS + n) // 4) - STEPS, 1), st.integers(1, 12)),
    st.builds(lambda n, k: equal(STEPS // k, n), st.integers(1, 5), st.integers(1, 3)),
)


def told(conditions: list[Condition]) -> list[Diagnostic]:
    gathered = Conditions()
    place = Place((), Span(Source("t.yaml", ""), 0, 0))
    for each in conditions:
        gathered.add(each, Diagnostic(CONDITION, place, {"condition": each.text}, f"for {each.text}"))
    return list(gathered.find_findings())


@given(st.lists(CONDITIONS, min_size=1, max_size=4))
def test_an_error_where_no_size_is_left(conditions: list[Condition]) -> None:
    """Held against trying every size up to one from which all repeat themselves."""
    steps = Symbol("steps")
    left = any(all(each.holds({steps: size}) for each in conditions) for size in range(1, 200))
    assert [each.code for each in told(conditions)].count(CONTRADICTION) == (0 if left else 1)


def test_the_strongest_lower_bound_is_told() -> None:
    assert [each.message for each in told([at_least(STEPS, 3), at_least(STEPS, 7), at_least(STEPS, 5)])] == [
        "runs where `steps` is at least 7"
    ]


def test_what_is_implied_is_not_told() -> None:
    assert [each.message for each in told([at_least(STEPS, 2), divisible(STEPS, 4)])] == ["runs where `steps` is a multiple of 4"]
    assert [each.message for each in told([divisible(STEPS, 2), divisible(STEPS, 8)])] == [
        "runs where `steps` is a multiple of 8"
    ]
    tenths = [at_least(STEPS, 10), at_least(FRAMES, 20), at_least(STEPS // 10 + FRAMES // 20, 2)]
    assert [each.message for each in told(tenths)] == ["runs where `steps` is at least 10", "runs where `frames` is at least 20"]
    same = [equal(STEPS, FRAMES), equal(STEPS // 2, FRAMES // 2)]
    assert [each.message for each in told(same)] == ["runs where `frames` and `steps` are equal"]


def test_what_they_come_to_is_told_once() -> None:
    (both,) = told([divisible(STEPS, 2), divisible(STEPS, 3)])
    assert both.message == "runs where `steps` is a multiple of 6"
    assert [label.message for label in both.labels] == ["for `steps` is even"]


def test_the_error_names_what_is_against_it() -> None:
    (error,) = told([divisible(STEPS, 2), at_least(STEPS, 2), equal(STEPS, 3)])
    assert error.message == "no size fits: `steps` is 3, and `steps` is a multiple of 2"


def test_the_error_names_what_all_others_come_to() -> None:
    """No two of them are against each other."""
    (error,) = told([divisible(STEPS, 6), divisible(STEPS, 4), at_least(11 - STEPS, 0)])
    assert error.message == "no size fits: `steps` is 1 to 11, and `steps` is a multiple of 12"


def test_no_pair_of_sizes_is_left() -> None:
    apart = told([equal(STEPS, FRAMES), equal(STEPS, FRAMES + 1)])
    assert [each.message for each in apart] == [
        "no size fits: `frames + 1` and `steps` are equal, and `frames` and `steps` are equal"
    ]
    odd = told([divisible(STEPS, 2), divisible(FRAMES, 2), equal(STEPS, FRAMES + 1)])
    assert [each.code.name for each in odd] == ["depends-on-size", "depends-on-size", "sizes-never-fit"]
    parity = ("`frames` is a multiple of 2", "`steps` is a multiple of 2")
    assert odd[-1].facts["other"] == ", and ".join(parity), "no two of the three are against each other"
    assert [label.message for label in odd[-1].labels] == [f"asks that {each}" for each in parity]


RULES = {
    "`steps // 4` is even": equal(2 * (STEPS // 8), STEPS // 4),
    "`steps // 4` is odd": equal(2 * (STEPS // 8) + 1, STEPS // 4),
    "`steps + 1` is a multiple of 4": divisible(STEPS + 1, 4),
    "`steps` is odd": divisible(STEPS + 1, 2),
    "`steps` is 8 to 11": equal(STEPS // 4, 2),
    "`steps` leaves 32 to 39 when divided by 64": equal(STEPS // 8, 4 + 8 * (STEPS // 64)),
    "`steps` is a multiple of 20000": divisible(STEPS, 20_000),
    "`steps` is at least 1000000000": at_least(STEPS // 2, 500_000_000),
}
"""Conditions as the rules they are."""


@pytest.mark.parametrize("words", RULES)
def test_a_condition_reads_as_the_rule_it_is(words: str) -> None:
    assert [each.message for each in told([RULES[words]])] == [f"runs where {words}"]
