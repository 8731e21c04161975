"""What is said of sizes known only at run time, held by the fuzz; and that it finds what was once wrong."""

from __future__ import annotations

import pytest

from cnnlstm_spec.ir.size import Condition
from cnnlstm_spec.ir.size_conditions import Asked, Conditions
from cnnlstm_spec.ir.sizes.solve import try_sizes
from cnnlstm_spec.text.diagnostic import Diagnostic
from fuzz.sizes import untrue

SEEDS = 120
"""So many are enough to find conditions that are taken for one another."""


@pytest.mark.sampled(every=4)
@pytest.mark.parametrize("first", range(0, 40, 5))
def test_what_is_said_of_sizes_is_so(first: int) -> None:
    for seed in range(first, first + 5):
        assert untrue(seed) is None, seed


def test_conditions_kept_by_their_first_values_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """As they were once: by a text that shows four sizes that fit."""

    def add(gathered: Conditions, condition: Condition, warning: Diagnostic) -> None:
        alike = [tuple([n for n, fits in enumerate(try_sizes(each), 1) if fits][:4]) for each in (condition, *gathered.asked)]
        if alike[0] not in alike[1:]:
            gathered.asked.setdefault(condition, Asked(condition, warning))

    monkeypatch.setattr(Conditions, "add", add)
    assert any(untrue(seed) is not None for seed in range(SEEDS))
