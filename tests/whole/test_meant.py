"""No noise: what is said of real networks is right, once for a spec, and listed with its reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from meant import NETWORKS, listed, meant, said
from places import ROOT

from cnnlstm_spec import load

ENOUGH = 60


def test_the_list_names_specs_that_are_there() -> None:
    assert set(listed()) <= {str(path.relative_to(ROOT)) for path in NETWORKS}
    assert all(len(why.split()) > 5 for codes in listed().values() for why in codes.values())
    assert len(NETWORKS) >= ENOUGH


@pytest.mark.parametrize("path", NETWORKS, ids=lambda path: path.stem)
def test_what_is_said_is_meant(path: Path) -> None:
    compilation = load(path)
    assert compilation.ok and said(compilation) == meant(path)
