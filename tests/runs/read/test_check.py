"""`cnnlstm-spec data`: counts and every problem of all files at once, as text and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import numpy
import pytest
from data_specs import CLASSES, NUMBER, write_spec
from json_schemas import validator

from cnnlstm_spec.cli.main import run

pytestmark = pytest.mark.keras

BRANCHES = "{x: {input: {kind: sequence, shape: [steps, 2]%s}, layers: [{LSTM: {units: 3}}]}}"


def recordings(folder: Path) -> None:
    for index in range(6):
        numpy.save(folder / f"{index}.npy", numpy.full((3 + index % 2, 2), float(index)))
    lines = [f"{index}.npy,{'ok' if index % 3 else 'bad'}" for index in range(6)]
    (folder / "t.csv").write_text("file,state\n" + "\n".join(lines) + "\n")


def spec(folder: Path, padding: str = ", padding_value: -1.0", loss: str = CLASSES) -> Path:
    data = "data: {train: t.csv, inputs: {x: {column: file}}, targets: {head: {column: state}}}\n"
    head = loss.replace("units: 3", "units: 2")
    return write_spec(folder, BRANCHES % padding, head + data)


def test_what_the_model_will_be_fed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recordings(tmp_path)
    assert run(["data", str(spec(tmp_path)), "--format", "json"]) == 0
    report = json.loads(capsys.readouterr().out)
    validator("data").validate(report)
    assert report["problems"] == []
    assert report["parts"]["train"] == {
        "samples": 6,
        "classes": {"head": {"bad": 2, "ok": 4}},
        "inputs": {"x": {"shapes": {"[3, 2]": 3, "[4, 2]": 3}, "min": 0.0, "max": 5.0, "mean": pytest.approx(54 / 21)}},
    }
    assert run(["data", str(spec(tmp_path))]) == 0
    assert "head: bad 2, ok 4" in capsys.readouterr().out


def test_every_broken_file_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recordings(tmp_path)
    (tmp_path / "1.npy").write_bytes(b"broken")
    (tmp_path / "3.npy").unlink()
    numpy.save(tmp_path / "4.npy", numpy.ones((3, 5)))
    numpy.save(tmp_path / "5.npy", numpy.full((3, 2), numpy.nan))
    assert run(["data", str(spec(tmp_path)), "--format", "json"]) == 1
    report = json.loads(capsys.readouterr().out)
    validator("data").validate(report)
    told = [(each["file"], each["row"], each["column"], each["code"]) for each in report["problems"]]
    assert told == [
        ("t.csv", 2, "file", "not-readable"),
        ("t.csv", 4, "file", "file-missing"),
        ("t.csv", 5, "file", "shape-differs"),
        ("t.csv", 6, "file", "not-finite"),
    ]


def test_unequal_lengths_without_padding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recordings(tmp_path)
    assert run(["data", str(spec(tmp_path, padding="")), "--format", "json"]) == 1
    (problem,) = json.loads(capsys.readouterr().out)["problems"]
    assert problem["code"] == "lengths-differ" and "3 to 4 steps" in problem["message"]


def test_a_number_that_is_not_scaled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recordings(tmp_path)
    lines = [f"{index}.npy,{1000 * index}" for index in range(6)]
    (tmp_path / "t.csv").write_text("file,state\n" + "\n".join(lines) + "\n")
    assert run(["data", str(spec(tmp_path, loss=NUMBER))]) == 0
    assert "hint: the target of `head` has a mean of 2500 and a spread of 1708: `scale: standard`" in capsys.readouterr().out


def test_sources_that_cannot_be_opened(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["data", str(spec(tmp_path)), "--format", "json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["parts"] == {} and report["problems"][0]["file"] == "t.csv"
    assert run(["data", str(write_spec(tmp_path, "{x: {input: {kind: vector, shape: [2]}}}", NUMBER))]) == 2
