"""The simulation behind docs/scale.md, held against what is known without it."""

from __future__ import annotations

import pytest
from places import ROOT

from tools.scale import BEGIN, END, PAGE, make_table, simulate


@pytest.mark.parametrize(("reading", "threads"), [(0.5, 1), (2.0, 1), (3.0, 2), (8.0, 4), (2.0, 4)])
def test_without_spread_it_is_the_ratio_of_rates(reading: float, threads: int) -> None:
    """What is read too slowly by so many threads is waited for; all else is read beside the steps."""
    expected = max(0.0, 1 - threads / reading)
    assert simulate(reading, 1.0, threads, spread=0.0) == pytest.approx(expected, abs=0.01)


def test_the_page_has_the_table() -> None:
    assert PAGE == ROOT / "docs" / "scale.md"
    assert PAGE.read_text().split(BEGIN)[1].split(END)[0].strip() == make_table()


def test_batches_ahead_are_those_of_training() -> None:
    from tools.scale import AHEAD

    assert f"\nAHEAD = {AHEAD}\n" in (ROOT / "cnnlstm_spec" / "runs" / "train" / "feed.py").read_text()
