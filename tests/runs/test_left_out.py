"""Rows that `missing: drop` leaves out: no samples of any part, but `predict` keeps them, without a prediction."""

from __future__ import annotations

import json
from pathlib import Path

import numpy
import pytest
from data_specs import CLASSES, NUMBER, open_spec, whole, write_spec

from cnnlstm_spec.cli.main import run

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

BRANCHES = "{x: {input: {kind: vector, shape: [2]}}}"
DATA = "data: {train: t.csv, inputs: {x: {columns: [a, b], missing: drop}}, targets: {head: {column: y}}%s}\n"
STEPS = "compile: {loss: mse}\nhead: [{Dense: {units: 6}}, {Reshape: {target_shape: [3, 2]}}]\n"
ROWS = "a,b,y\n,1,u\n1,2,v\n3,,w\n4,5,w\n6,7,u\n"


def predict(folder: Path, ending: str, *more: str) -> bytes:
    """What is predicted for `new.csv` by a model that was never trained."""
    spec, made, output = str(folder / "spec.yaml"), folder / "made", folder / f"out.{ending}"
    assert run(["compile", spec, "-o", str(made), "--force"]) == 0
    model = str(made / "model.keras")
    assert run(["predict", model, str(folder / "new.csv"), "--spec", spec, "-o", str(output), *more]) == 0
    return output.read_bytes()


def test_predict_keeps_them_in_their_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "t.csv").write_text(ROWS)
    (tmp_path / "new.csv").write_text("name,a,b\nfirst,,1\nsecond,1,2\nthird,3,\nfourth,4,5\n")
    write_spec(tmp_path, BRANCHES, CLASSES + DATA % "")
    rows = [json.loads(line) for line in predict(tmp_path, "jsonl").splitlines()]
    said = capsys.readouterr()
    assert "2 rows have no prediction: a cell that the model needs is empty (`missing: drop`)" in said.err
    assert "wrote 2 predictions" in said.out
    assert [row["name"] for row in rows] == ["first", "second", "third", "fourth"]
    assert [row["head.prediction"] is None for row in rows] == [True, False, True, False]
    assert [row["head.probability"] is None for row in rows] == [True, False, True, False]
    predict(tmp_path, "npz", "--at", "head")
    with numpy.load(tmp_path / "out.npz") as found:
        assert numpy.isnan(found["head.0"]).tolist() == [True, False, True, False]


def test_outputs_with_axes_have_no_numbers_there(tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("a,b\n,1\n1,2\n")
    (tmp_path / "t.jsonl").write_text('{"a": 1, "b": 2, "y": [[1, 2], [3, 4], [5, 6]]}\n')
    write_spec(tmp_path, BRANCHES, STEPS + DATA.replace("t.csv", "t.jsonl") % "")
    predict(tmp_path, "npz")
    with numpy.load(tmp_path / "out.npz") as found:
        assert numpy.isnan(found["head.prediction"]).all(axis=(1, 2)).tolist() == [True, False]


def test_a_window_whose_last_row_is_left_out_is_none(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b,y\n1,1,10\n2,2,20\n3,,30\n4,4,40\n5,5,50\n")
    window = ", window: {sequence_length: 2, delay: 1}"
    part = open_spec(write_spec(tmp_path, BRANCHES, NUMBER + DATA % window)).parts["train"]
    assert whole(part).inputs["x"].tolist() == [[2, 2], [4, 4]] and whole(part).targets["head"].tolist() == [[30], [50]]
    assert part.left_out == 1 and part.list_kept() == [None, 0, None, 1, None]
    rows = part.read_rows()
    assert rows is not None and list(rows["y"]) == ["10", "20", "30", "40", "50"]


def test_how_many_are_left_out_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("t.csv", "test.csv"):
        (tmp_path / name).write_text(ROWS)
    spec = str(write_spec(tmp_path, BRANCHES, CLASSES + DATA % ", test: test.csv" + "fit: {epochs: 1}\n"))
    told = "3 samples, 2 more left out: a cell that the model needs is empty (`missing: drop`)"
    assert run(["data", spec]) == 0 and f"train: {told}\n" in capsys.readouterr().out
    assert run(["data", spec, "--format", "json"]) == 0
    assert [part["left_out"] for part in json.loads(capsys.readouterr().out)["parts"].values()] == [2, 2]
    assert run(["train", spec, "-o", str(tmp_path / "run")]) == 0
    assert f"train: {told}\ntest: {told}\n" in capsys.readouterr().out
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["data"]["left_out"] == {"train": 2, "test": 2} and manifest["evaluation"]["left_out"] == 2
    assert f"On test: {told};" in (tmp_path / "run" / "report.html").read_text()
    assert run(["evaluate", str(tmp_path / "run")]) == 0 and f"small on test: {told};" in capsys.readouterr().out
    (tmp_path / "whole.csv").write_text("a,b,y\n1,2,u\n3,4,v\n5,6,w\n")
    assert run(["evaluate", str(tmp_path / "run"), str(tmp_path / "whole.csv")]) == 0
    assert "left out" not in capsys.readouterr().out
