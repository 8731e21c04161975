"""Every layer on every dtype, and computing in every policy, against Keras where it trains: in a graph."""

from __future__ import annotations

import pytest

table = pytest.importorskip("dtype_table")
pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore")]

EACH = 8
"""Layers in one model."""
GROUPS = [tuple(table.LAYERS[first : first + EACH]) for first in range(0, len(table.LAYERS), EACH)]


@pytest.mark.sampled(every=148, long=36)
@pytest.mark.parametrize("given", table.GIVEN, ids=lambda given: "-".join(filter(None, given)))
@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group[0].op.title())
def test_what_is_said_of_a_dtype_is_what_keras_does(group: tuple[object, ...], given: tuple[str | None, str]) -> None:
    """An error of sort `keras` fails there, no error trains there, and gives the dtype that is inferred."""
    assert table.wrong([case for layer in group if (case := table.on(layer, *given)) is not None]) == []


def test_a_wrong_dtype_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when integers were thought to come out of a layer that Keras gives floats in a graph."""
    from cnnlstm_spec.ops.rescaling import Resizing

    layer = next(each for each in table.LAYERS if each.op is Resizing)
    monkeypatch.setattr(Resizing, "keeps_integers", True)
    said = table.wrong([table.on(layer, None, "uint8")])
    assert said and all("inferred uint8" in each for each in said)
