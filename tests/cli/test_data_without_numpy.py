"""`data` where nothing is installed that reads data: what installs it is told. Hostile command lines found a status 70."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cnnlstm_spec.cli.main import run

SPEC = """version: 1
name: d
branches: {a: {input: {kind: vector, shape: [2]}}}
head: [{Dense: {units: 1}}]
compile: {loss: mse}
data: {train: d.csv, inputs: {a: {columns: [x, y]}}, targets: {head: {column: z}}}
fit: {epochs: 1}
"""


def test_what_is_missing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "d.yaml").write_text(SPEC)
    (tmp_path / "d.csv").write_text("x,y,z\n1,2,3\n")
    monkeypatch.setitem(sys.modules, "numpy", None)
    status = run(["data", str(tmp_path / "d.yaml")])
    told = capsys.readouterr().err
    assert status not in (0, 70) and "`data` needs `numpy`" in told and ".[data]" in told
