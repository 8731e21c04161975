"""Real mistakes: each is found at its line, its repair is silent, and what Keras does with it is written by a run."""

from __future__ import annotations

import re
import sys
from collections import Counter

import pytest
from places import ROOT

from cnnlstm_spec import load

sys.path.insert(0, str(ROOT / "tools"))

from mistakes import TABLE, TRAINS, Mistake, mistakes, table

MISTAKES = mistakes()
ENOUGH, CODES, ALIKE = 60, 40, 2
MARK = re.compile(r"# (error|warning)$", re.M)


def test_there_are_enough_and_no_three_alike() -> None:
    codes = Counter(each.code for each in MISTAKES)
    assert len(MISTAKES) >= ENOUGH and len(codes) >= CODES and max(codes.values()) <= ALIKE
    assert len({each.source for each in MISTAKES}) == len(MISTAKES)
    assert all(each.source.startswith("https://") and re.fullmatch(r"\d{4}-\d\d-\d\d", each.date) for each in MISTAKES)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda each: each.name)
def test_it_is_found_and_mended(mistake: Mistake) -> None:
    found = load(mistake.wrong).diagnostics
    (mark,) = MARK.finditer(mistake.wrong)
    line = mistake.wrong.count("\n", 0, mark.start()) + 1
    assert [(each.code.name, each.severity) for each in found] == [(mistake.code, mark[1])]
    assert found[0].place.span.source.find_position(found[0].place.span.start)[0] == line and found[0].help
    assert load(mistake.right).diagnostics == ()
    assert mistake.keras
    if found[0].code.sort == "keras":
        assert not mistake.keras.startswith(TRAINS)


def test_the_table_is_up_to_date() -> None:
    """`python tools/mistakes.py --table` writes it."""
    assert TABLE.read_text("utf-8") == table()


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("mistake", MISTAKES[::9], ids=lambda each: each.name)
def test_keras_does_what_is_written(mistake: Mistake) -> None:
    from mistakes import run

    assert mistake.keras is not None
    assert run(mistake).startswith(TRAINS) == mistake.keras.startswith(TRAINS)
