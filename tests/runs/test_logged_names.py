"""What a run logs is called as `find_logged` says, however often its model is compiled."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from cnnlstm_spec import load
from cnnlstm_spec.cli.main import run
from cnnlstm_spec.model.logged import find_logged

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

SPEC = """
version: 1
name: small
branches: {row: {input: {kind: vector, shape: [2]}, layers: [{Dense: {units: 4}}]}}
heads:
  sick: [{Dense: {units: 1, activation: sigmoid}}]
  signs: [{Dense: {units: 2, activation: sigmoid}}]
  price: [{Dense: {units: 1}}]
compile:
  loss: {sick: binary_crossentropy, signs: binary_crossentropy, price: mse}
  metrics: {sick: [AUC, Precision], signs: [AUC], price: [{MeanAbsoluteError: {}}, RootMeanSquaredError]}
data:
  train: train.csv
  test: train.csv
  inputs: {row: {columns: [a, b]}}
  targets: {sick: {column: sick}, signs: {columns: [x, y]}, price: {column: a, scale: standard}}
fit:
  class_weight: {signs: balanced}
  monitor: sick_auc
  mode: max
  phases: [{name: one, epochs: 2}, {name: two, epochs: 2, freeze: [branches.row]}]
"""


@pytest.mark.whole(every=1)
def test_names_are_those_that_are_known(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [f"{number},{number % 3},{number % 2},{number // 2 % 2},{number // 4 % 2}" for number in range(16)]
    (tmp_path / "train.csv").write_text("\n".join(["a,b,sick,x,y", *lines]) + "\n")
    (tmp_path / "spec.yaml").write_text(SPEC)
    assert run(["train", str(tmp_path / "spec.yaml"), "-o", str(tmp_path / "run")]) == 0, capsys.readouterr().err
    spec = load(SPEC).spec
    assert spec is not None
    known = set(find_logged(spec) or ())
    with (tmp_path / "run" / "history.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    metrics = json.loads((tmp_path / "run" / "manifest.json").read_text())["evaluation"]["metrics"]
    for name in known - {"loss"}:
        figure = metrics[name]
        # Losses are no metrics: they have no interval.
        assert name.endswith("_loss") or figure["lower"] < figure["value"] < figure["upper"], name
    assert metrics["price_root_mean_squared_error"]["value"] == pytest.approx(metrics["price.rmse"]["value"], rel=1e-5)
    assert metrics["price_root_mean_squared_error"]["lower"] == pytest.approx(metrics["price.rmse"]["lower"], rel=1e-5)
    assert set(rows[0]) - {"epoch", "phase"} == known
    best = max(float(each["sick_auc"]) for each in rows)
    assert f"sick_auc {best:.4g}" in capsys.readouterr().out
