"""Mistakes planted into drawn specs are mended: each code's, all of them, and what they were before."""

from __future__ import annotations

import pytest
from fixable import LISTED, UNMEANT

from fuzz.mends import RESTORED, WITHOUT_EFFECT, holds, mended, tally
from fuzz.mistakes import PLANTS

SAMPLE = 2
"""Of each code; `python -m fuzz.mends 50` looks at more."""


def test_a_mistake_of_every_code_that_has_to_have_a_fix_is_planted() -> None:
    assert {*LISTED, *UNMEANT} <= set(PLANTS)
    assert {*RESTORED, *WITHOUT_EFFECT} <= set(PLANTS)


@pytest.mark.sampled(every=3, long=1)
@pytest.mark.parametrize("code", PLANTS)
def test_what_is_planted_is_mended(code: str) -> None:
    outcomes = tally(SAMPLE, (code,))[code]
    assert outcomes.total() == SAMPLE
    assert mended(outcomes) == SAMPLE, outcomes
    if code in RESTORED:
        assert outcomes["restored"] == SAMPLE, outcomes
    assert holds({code: outcomes})
