"""Of two trainings into one folder at once the later one is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnnlstm_spec.cli.main import run
from cnnlstm_spec.compiler.artifact.hold import hold_folder

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

SPEC = """
version: 1
name: small
branches: {row: {input: {kind: vector, shape: [1]}, layers: []}}
head: [{Dense: {units: 1}}]
compile: {loss: mse}
data: {train: t.csv, inputs: {row: {columns: [a]}}, targets: {head: {column: a}}}
fit: {epochs: 1}
"""


def test_a_folder_in_which_another_process_trains(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("fcntl")
    (tmp_path / "t.csv").write_text("a\n1\n2\n3\n")
    (tmp_path / "spec.yaml").write_text(SPEC)
    train = ["train", str(tmp_path / "spec.yaml"), "-o", str(tmp_path / "run")]
    with hold_folder(tmp_path / "run") as held:
        assert held
        assert run(train) == run([*train, "--force"]) == 2
        assert "another process is training there" in capsys.readouterr().err
    assert run(train) == 0 and run(train) == 0
