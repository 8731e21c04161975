"""Models of Keras come back as specs of the same function: those that people write by hand, and our own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from places import ROOT

import cnnlstm_spec
from cnnlstm_spec.compiler.from_keras.convert import convert_file
from cnnlstm_spec.compiler.from_keras.prove import compare_predictions, compare_shapes

pytest.importorskip("keras")
import by_hand

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore")]

SPECS = sorted(path for folder in ("specs", "specs/published") for path in (ROOT / folder).glob("*.yaml"))
OTHERS = {
    "efficientnet-lstm": "what its `Normalization` has measured are weights of the file, which are not read",
    "equipment-fault-weighted": "the sum of `learned_weights` is operations that are not recognised",
    "long-videos": "the mask of its windows is operations that are not recognised",
}
"""Specs whose models do not come back, each with the reason."""
FEWER = {"frames-lstm", "video-resnet50"}
"""Those whose learning rate multipliers do not come back."""


def held(path: Path) -> None:
    draft = convert_file(path)
    assert set(draft.problems) <= {"compile.optimizer"}
    compilation = cnnlstm_spec.load(draft.text)
    assert compilation.ok, (draft.text, compilation.diagnostics)
    compare_shapes(draft, compilation)
    compared = compare_predictions(draft, compilation, path)
    assert compared.equal, (str(compared), draft.text)


@pytest.mark.sampled(every=8, long=8)
@pytest.mark.parametrize("name", by_hand.MODELS)
def test_written_by_hand(name: str, tmp_path: Path, fresh: Any) -> None:
    by_hand.MODELS[name]().save(tmp_path / "model.keras")
    held(tmp_path / "model.keras")


@pytest.mark.sampled(every=40, long=16)
@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_made_of_a_spec(path: Path, tmp_path: Path, fresh: Any) -> None:
    cnnlstm_spec.load(path).to_keras().save(tmp_path / "model.keras")
    if path.stem in OTHERS:
        draft = convert_file(tmp_path / "model.keras")
        assert draft.problems or not cnnlstm_spec.load(draft.text).ok
        return
    held(tmp_path / "model.keras")


POSITIONS = """version: 1
name: positions
branches:
  x:
    input: {kind: sequence, shape: [7, 6]}
    layers:
      - SinePositionEncoding: {max_wavelength: 500}
      - PositionEmbedding
      - GRU: {units: 3}
head: [{Dense: {units: 1}}]
"""


def test_positions_come_back(tmp_path: Path, fresh: Any) -> None:
    """Fixed ones, of a wavelength, are a layer again, and no operations."""
    cnnlstm_spec.load(POSITIONS).to_keras().save(tmp_path / "model.keras")
    held(tmp_path / "model.keras")
    text = convert_file(tmp_path / "model.keras").text
    assert "SinePositionEncoding: {max_wavelength: 500}" in text and "PositionEmbedding" in text and "Op:" not in text


def test_how_many_come_back() -> None:
    assert len(OTHERS) * 7 <= len(SPECS)
    assert len(by_hand.MODELS) >= 30
