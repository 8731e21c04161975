"""The specs of the examples are sound; their data are not opened here."""

from __future__ import annotations

import pytest
from places import ROOT

from cnnlstm_spec import load

SPECS = sorted((ROOT / "examples").glob("*/run.yaml"))


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.parent.name)
def test_an_example_is_sound(path) -> None:
    assert [each.message for each in load(path).diagnostics] == []


def test_there_are_examples() -> None:
    assert len(SPECS) >= 2
