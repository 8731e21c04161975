"""Whether conditions on two sizes can hold together, held against trying all of both that are small."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cnnlstm_spec.ir.size import Condition, Size, Symbol, at_least, divisible, equal, make_symbol, require_stretchable
from cnnlstm_spec.ir.sizes.expr import make_larger
from cnnlstm_spec.ir.sizes.solve import can_hold

N, M = make_symbol("n"), make_symbol("m")
ALL = [dict(zip((Symbol("n"), Symbol("m")), pair, strict=True)) for pair in product(range(1, 33), repeat=2)]


def sizes() -> st.SearchStrategy[Size]:
    numbers = st.integers(-3, 4)
    plain = st.builds(lambda n, a, b: n * a + b, st.sampled_from([N, N, M, M, N + M]), st.integers(1, 3), numbers)
    return st.recursive(
        plain,
        lambda inner: st.one_of(
            st.builds(lambda each, k: each // k, inner, st.integers(2, 3)),
            st.builds(make_larger, inner, inner),
            st.builds(lambda a, b: a + b, inner, inner),
        ),
        max_leaves=3,
    )


CONDITIONS = st.one_of(
    st.builds(equal, sizes(), sizes()),
    st.builds(require_stretchable, sizes(), sizes()),
    st.builds(at_least, sizes(), sizes()),
    st.builds(divisible, sizes(), st.integers(2, 3)),
)


@settings(max_examples=100)
@given(st.lists(CONDITIONS, min_size=1, max_size=3))
@example([equal(N // 2, M // 3), equal(N // 3, M // 2 + 1)])
@example([at_least(2 * N, 3 * M), at_least(3 * M + 1, 2 * N), divisible(N, 4), divisible(M, 9)])
def test_what_cannot_hold_holds_nowhere(conditions: list[Condition]) -> None:
    if can_hold(conditions) is False:
        met = [values for values in ALL if all(each.surely or (each.tests and each.holds(values)) for each in conditions)]
        assert not met, ([each.text for each in conditions], met[0])


@pytest.mark.parametrize(
    ("conditions", "answer"),
    [
        ([equal(N // 2, M // 3), equal(N // 2, M // 3 + 1)], False),
        ([at_least(3 * M + 1, 2 * N), at_least(2 * N, 3 * M + 1), divisible(M, 2)], False),
        ([at_least(3 * M + 1, 2 * N), at_least(2 * N, 3 * M + 1)], True),
        ([equal(make_larger(N, M), 7), at_least(N, 8)], False),
        ([equal(make_larger(N // 2, M), 7), at_least(N // 2, 7)], True),
        ([divisible(N + M, 2), divisible(N - M + 1, 2)], False),
        ([equal(N, 97 * M), equal(N, 89 * M + 8)], True),
        ([equal(N, 97 * M), equal(N, 89 * M + 9)], False),
    ],
)
def test_of_two_sizes_all_is_decided(conditions: list[Condition], answer: bool) -> None:
    assert can_hold(conditions) is answer
