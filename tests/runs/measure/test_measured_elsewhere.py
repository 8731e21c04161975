"""A run, or its model file with a spec, measured and asked on other rows than it was trained on."""

from __future__ import annotations

import json
from pathlib import Path

import numpy
import pytest

from cnnlstm_spec.cli.main import run

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

SPEC = """
version: 1
name: small
branches:
  numbers: {input: {kind: vector, shape: [2]}, layers: [Normalization, {Dense: {units: 2}}]}
  bins: {input: {kind: vector, shape: [1]}, layers: [{Discretization: {num_bins: 3, output_mode: one_hot}}]}
  words: {input: {kind: text}, layers: [{TextVectorization: {max_tokens: 9, output_sequence_length: 3}}, {Embedding: {input_dim: 9, output_dim: 2}}, Flatten]}
  place: {input: {kind: text}, layers: [{StringLookup: {max_tokens: 5, pad_to_max_tokens: true, output_mode: one_hot}}]}
fusion: {strategy: concat}
heads:
  kind: [{Dense: {units: 3, activation: softmax}}]
  yes: [{Dense: {units: 1, activation: sigmoid}}]
compile: {loss: {kind: sparse_categorical_crossentropy, yes: binary_crossentropy}}
data:
  train: t.csv
  inputs: {numbers: {columns: [a, b]}, bins: {columns: [a]}}
fit: {epochs: 1}
"""


def write_rows(path: Path, count: int, kinds: str = "xyz") -> None:
    lines = [
        f"{row},{row * 2 % 5},a word {row % 3},{'nswe'[row % 4]},{kinds[row % len(kinds)]},{row % 2}" for row in range(count)
    ]
    path.write_text("a,b,words,place,kind,yes\n" + "\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / "spec.yaml").write_text(SPEC)
    write_rows(folder / "t.csv", 24)
    assert run(["train", str(folder / "spec.yaml"), "-o", str(folder / "run")]) == 0
    return folder


def test_rows_without_some_of_the_classes_are_measured(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_rows(trained / "few.csv", 2, "y")
    capsys.readouterr()
    assert run(["evaluate", str(trained / "run"), str(trained / "few.csv"), "--format", "json"]) == 0
    heads = json.loads(capsys.readouterr().out)["heads"]
    assert [each["samples"] for each in heads["kind"]["classes"].values()] == [0, 2, 0]
    write_rows(trained / "few.csv", 2, "w")
    assert run(["evaluate", str(trained / "run"), str(trained / "few.csv")]) == 1
    assert "the label is none of the 3 classes" in capsys.readouterr().err


def test_a_model_file_holds_what_its_layers_have_measured(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copied = trained / "copied.keras"
    copied.write_bytes((trained / "run" / "model.keras").read_bytes())
    spec, source = str(trained / "spec.yaml"), str(trained / "t.csv")
    found = []
    for model in ([str(copied), "--spec", spec], [str(trained / "run")]):
        capsys.readouterr()
        assert run(["evaluate", *model, source, "--format", "json"]) == 0
        found.append(json.loads(capsys.readouterr().out)["metrics"])
    assert found[0] == found[1]


def test_a_model_file_without_what_is_measured_is_told(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import keras

    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save(trained / "other.keras")
    capsys.readouterr()
    assert run(["evaluate", str(trained / "other.keras"), "--spec", str(trained / "spec.yaml"), str(trained / "t.csv")]) == 1
    assert "does not hold what `branches.numbers.layers[0]` has measured" in capsys.readouterr().err


STEPS = """
version: 1
name: steps
branches: {v: {input: {kind: sequence, shape: [steps, 2], padding_value: 0.0}, layers: [{LSTM: {units: 2, return_sequences: true}}]}}
heads: {tag: [{Dense: {units: 3, activation: softmax}}], size: [{Dense: {units: 1}}]}
compile: {loss: {tag: sparse_categorical_crossentropy, size: mse}}
data: {train: t.jsonl}
fit: {epochs: 1}
"""


def test_what_a_head_says_of_each_step_has_the_names_of_columns(tmp_path: Path) -> None:
    rows = [{"v": [[1.0, 2.0]] * n, "tag": list("abc")[:n], "size": [1.0, 2.0, 3.0][:n]} for n in (3, 1, 3)]
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "spec.yaml").write_text(STEPS)
    folder, source, out = str(tmp_path / "run"), str(tmp_path / "t.jsonl"), str(tmp_path / "out.npz")
    assert run(["train", str(tmp_path / "spec.yaml"), "-o", folder]) == 0
    assert run(["predict", folder, source, "-o", out]) == 0
    with numpy.load(out) as found:
        assert found["tag.prediction"].shape == found["tag.probability"].shape == (3, 3)
        assert set(found["tag.prediction"][0]) <= set("abc") and found["tag.prediction"][1, 1:].tolist() == ["", ""]
        assert found["size.prediction"].shape == (3, 3, 1) and numpy.isnan(found["tag.probability"][1, 1:]).all()
    assert run(["predict", folder, source, "-o", out, "--probabilities"]) == 0
    with numpy.load(out) as found:
        every = numpy.stack([found[f"tag.{name}"] for name in "abc"])
        assert every[:, 0].sum(0) == pytest.approx([1, 1, 1], abs=1e-5) and "tag.probability" not in found
