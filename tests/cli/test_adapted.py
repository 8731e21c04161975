"""`--adapted RUN`: what a run has measured stands in the source that `emit python` prints."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cnnlstm_spec.cli.main import run

SPEC = """
version: 1
name: x
branches: {x: {input: {kind: vector, shape: [2]}, layers: [Normalization, {Dense: {units: 3}}]}}
head: [{Dense: {units: 1}}]
compile: {loss: mse}
data: {train: t.csv, inputs: {x: {columns: [a, b]}}, targets: {head: {column: y}}}
"""


def test_what_was_measured_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "spec.yaml").write_text(SPEC)
    (tmp_path / "run").mkdir()
    measured = {"version": 1, "layers": {"branches.x.layers[0]": {"mean": [106.25, 3.5], "variance": [2.0, 4.0]}}}
    (tmp_path / "run" / "adapted.json").write_text(json.dumps(measured))
    assert run(["emit", "python", str(tmp_path / "spec.yaml")]) == 1
    assert "`--adapted RUN` takes what a run has measured" in capsys.readouterr().err
    assert run(["emit", "python", str(tmp_path / "spec.yaml"), "--adapted", str(tmp_path / "run")]) == 0
    source = capsys.readouterr().out
    assert "mean=(106.25, 3.5)" in source and "variance=(2.0, 4.0)" in source


def test_a_folder_in_which_nothing_was_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "spec.yaml").write_text(SPEC)
    assert run(["emit", "python", str(tmp_path / "spec.yaml"), "--adapted", str(tmp_path)]) == 2
    assert "holds nothing that was measured" in capsys.readouterr().err


@pytest.mark.parametrize("held", [[], {"layers": {"branches.x.layers[0]": [1]}}, {"version": 2, "layers": {}}, {"version": 1}])
def test_a_file_that_no_run_has_written(held: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "spec.yaml").write_text(SPEC)
    (tmp_path / "adapted.json").write_text(json.dumps(held))
    assert run(["emit", "python", str(tmp_path / "spec.yaml"), "--adapted", str(tmp_path)]) == 2
    assert "does not hold what a run has measured" in capsys.readouterr().err
