"""A run whose loss becomes NaN ends with status 3, says where, and leaves a model whose weights are numbers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cnnlstm_spec.cli.main import run

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore")]

SPEC = """
version: 1
name: small
branches: {row: {input: {kind: vector, shape: [2]}, layers: [{Dense: {units: 4, activation: relu}}]}}
heads:
  kind: [{Dense: {units: 2, activation: softmax}}]
  price: [{Dense: {units: 1}}]
compile: {optimizer: {SGD: {learning_rate: 1e30}}, loss: {kind: sparse_categorical_crossentropy, price: mse}}
data: {train: train.csv, test: train.csv, inputs: {row: {columns: [a, b]}}, targets: {kind: {column: kind}, price: {column: b}}}
fit: {epochs: 2, batch_size: 4}
"""


def test_a_loss_that_becomes_nan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import numpy

    lines = [f"{number},{number % 5},{number % 2}" for number in range(20)]
    (tmp_path / "train.csv").write_text("\n".join(["a,b,kind", *lines]) + "\n")
    (tmp_path / "spec.yaml").write_text(SPEC)
    assert run(["train", str(tmp_path / "spec.yaml"), "-o", str(tmp_path / "run")]) == 3
    said = capsys.readouterr().out
    assert "the loss became NaN in epoch 1, batch 2" in said and "has the model as it began" in said
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["ended"]["reason"] == "nan"
    assert all(numpy.isfinite(each["value"]) for each in manifest["evaluation"]["metrics"].values())
    assert (tmp_path / "run" / "report.html").exists()


VALIDATED = """
version: 1
name: small
branches: {row: {input: {kind: vector, shape: [2]}, layers: [{Dense: {units: 4}}]}}
head: [{Dense: {units: 1}}]
compile: {optimizer: {SGD: {learning_rate: 1e30}}, loss: mse}
data: {train: train.csv, validation: train.csv, inputs: {row: {columns: [a, b]}}, targets: {head: {column: b}}}
fit: {epochs: 2, batch_size: 100}
"""


def test_weights_that_overflow_at_the_end_of_an_epoch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import numpy

    (tmp_path / "train.csv").write_text("a,b\n" + "\n".join(f"{number},{number % 5}" for number in range(20)) + "\n")
    (tmp_path / "spec.yaml").write_text(VALIDATED)
    assert run(["train", str(tmp_path / "spec.yaml"), "-o", str(tmp_path / "run")]) == 3
    assert "no epoch before that is the best" in capsys.readouterr().out
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert "best" not in manifest and numpy.isfinite(manifest["evaluation"]["loss"])
    # One epoch alone ends before a loss of training is no number; that on validation is none.
    assert run(["train", str(tmp_path / "spec.yaml"), "-o", str(tmp_path / "one"), "--epochs", "1"]) == 3
    said = capsys.readouterr().out
    assert "the loss became NaN in epoch 1, on validation" in said and "the best epoch" not in said
    manifest = json.loads((tmp_path / "one" / "manifest.json").read_text())
    assert "best" not in manifest and numpy.isfinite(manifest["evaluation"]["loss"])


def test_weights_that_are_no_numbers_after_the_last_step(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without validation no loss would tell."""
    (tmp_path / "train.csv").write_text("a,b\n" + "\n".join(f"{number},{number % 5}" for number in range(20)) + "\n")
    (tmp_path / "spec.yaml").write_text(VALIDATED.replace("1e30", "1e38").replace("validation:", "test:"))
    assert run(["train", str(tmp_path / "spec.yaml"), "-o", str(tmp_path / "run"), "--epochs", "1"]) == 3
    said = capsys.readouterr().out
    assert "in epoch 1, batch 1: the step made the weights of `" in said and "the best epoch" not in said
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert "best" not in manifest and manifest["ended"]["reason"] == "nan"
