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


FUSIONS = """version: 1
name: fusions
branches:
  a: {input: {kind: sequence, shape: [5, 4], mask_input: real}}
  b: {input: {kind: sequence, shape: [5, 4], padding_value: 0}}
  c: {input: {kind: vector, shape: [6]}, layers: [{Dense: {units: 4}}]}
fusion:
  - {name: weighed, strategy: learned_weights, inputs: [a, b]}
  - {name: mixed, strategy: gated, inputs: [weighed, a, b], trainable: false, layers: [LayerNormalization]}
  - {name: seen, strategy: attention, pool: concat, inputs: [mixed, b], layers: [{Dense: {units: 4}}]}
  - {name: asked, strategy: cross_attention, query: c, num_heads: 2, inputs: [a, c, seen]}
  - {name: crossed, strategy: cross_attention, query: seen, inputs: [seen, a], layers: [{GRU: {units: 3}}]}
  - {name: both, strategy: bilinear, units: 5, inputs: [asked, crossed]}
  - {name: tokens, strategy: attention, key_dim: 3, inputs: [asked, c]}
  - {name: last, strategy: learned_weights, units: 3, inputs: [both, tokens]}
head:
  - Parallel: {paths: {one: [{Dense: {units: 3}}], other: []}, merge: gated}
  - Dense: {units: 1}
compile: {loss: mse, dtype_policy: mixed_float16}
"""


def test_fusions_come_back(tmp_path: Path, fresh: Any) -> None:
    """Each strategy is that again, with its masks and half precision, and no operation is left of it."""
    compilation = cnnlstm_spec.load(FUSIONS)
    assert compilation.ok, compilation.diagnostics
    compilation.to_keras().save(tmp_path / "model.keras")
    held(tmp_path / "model.keras")
    text = convert_file(tmp_path / "model.keras").text
    words = ("learned_weights", "gated", "attention", "cross_attention", "bilinear")
    assert [text.count(f"strategy: {word}") for word in words] == [2, 2, 2, 2, 1], text
    assert "Softmax" not in text and "Multiply" not in text and "dtype_policy: mixed_float16" in text


TOLD = {
    "carry": ({"lstm"}, "its output 3 is read"),
    "constant": ({"add"}, "an array that stands in the model"),
    "causal tokens": ({"stack"}, "the operation `Stack` of several tensors"),
}


@pytest.mark.parametrize("name", TOLD)
def test_what_is_told(name: str, tmp_path: Path, fresh: Any) -> None:
    """What no spec can say is told by layer, and the rest is written around a place to fill in."""
    by_hand.UNSAYABLE[name]().save(tmp_path / "model.keras")
    draft = convert_file(tmp_path / "model.keras")
    where, why = TOLD[name]
    assert set(draft.problems) == where and all(why in each for each in draft.problems.values())
    assert draft.text.count("FILL_IN:") == 1 and "Dense" in draft.text


def test_how_many_come_back() -> None:
    assert len(OTHERS) * 7 <= len(SPECS)
    assert len(by_hand.MODELS) >= 30
