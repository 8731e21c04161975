"""What lies at a path of data, or of a model, and is no file, or cannot be a path: a line, soon, and nothing is opened."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from cnnlstm_spec.cli.main import run

pytestmark = pytest.mark.keras

LONG = "a" * 300
SPEC = """version: 1
name: t
branches: {a: {input: %s}}
head: [{Dense: {units: 1}}]
compile: {loss: mse}
data: {train: %s, inputs: {a: %s}, targets: {head: {column: y}}}
fit: {epochs: 1}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("socket")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "file").write_text("x")
    return tmp_path


REASONS = {
    "pipe": "it is a pipe",
    "socket": "it is a socket",
    "loop": "too many levels of symbolic links",
    LONG: "file name too long",
    "a/" * 3000: "file name too long",
    "file/x": "there is no such file",
}


@pytest.mark.parametrize("name", REASONS, ids=lambda name: name[:10])
@pytest.mark.parametrize("part", ["train", "validation"])
def test_a_strange_source(part: str, name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "train.csv").write_text("p,y\n" + "1,2\n" * 9)
    train = name if part == "train" else f"train.csv, validation: {name}"
    (folder / "spec.yaml").write_text(SPEC % ("{kind: vector, shape: [1]}", train, "{columns: [p]}"))
    assert run(["data", "spec.yaml"]) == 1
    assert f"error[not-readable]: {name}: {REASONS[name]}" in capsys.readouterr().out


def test_what_cells_and_folders_name(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each row says what lies there; the others are read."""
    names = ["pipe.png", "socket.png", "loop.png", f"{LONG}.png", "nothing.png"]
    for name in names[:3]:
        (folder / name).symlink_to(name if name == "loop.png" else name.removesuffix(".png"))
    (folder / "train.csv").write_text("p,y\n" + "".join(f"{name},1\n" for name in names))
    (folder / "spec.yaml").write_text(SPEC % ("{kind: image, shape: [4, 4, 3]}, layers: [Flatten]", "train.csv", "{column: p}"))
    assert run(["data", "spec.yaml"]) == 1
    told = capsys.readouterr().out
    for row, reason in enumerate([*REASONS.values()][:4], 1):
        assert f"error[file-missing]: train.csv, row {row}, `p`: the file that it names cannot be read: {reason}" in told
    assert "row 5, `p`: the file that it names is not there" in told

    (folder / "clip").mkdir()
    (folder / "clip" / "1.png").symlink_to("../pipe")
    (folder / "train.csv").write_text("p,y\nclip,1\n")
    (folder / "spec.yaml").write_text(
        SPEC % ("{kind: video, shape: [1, 4, 4, 3]}, layers: [Flatten]", "train.csv", "{column: p}")
    )
    assert run(["data", "spec.yaml"]) == 1
    assert "error[file-missing]: train.csv, row 1, `p`: `1.png` cannot be read: it is a pipe" in capsys.readouterr().out


def test_a_folder_of_strange_arrays(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "arrays").mkdir()
    (folder / "arrays" / "a.npy").symlink_to("../pipe")
    (folder / "spec.yaml").write_text(SPEC % ("{kind: vector, shape: [1]}", "arrays", "{column: a}"))
    assert run(["data", "spec.yaml"]) == 1
    assert "error[not-readable]: arrays/a.npy: it is a pipe" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["evaluate", "predict"])
def test_a_strange_model(command: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Keras would open it, and wait for ever."""
    (folder / "train.csv").write_text("p,y\n" + "1,2\n" * 9)
    (folder / "spec.yaml").write_text(SPEC % ("{kind: vector, shape: [1]}", "train.csv", "{columns: [p]}"))
    (folder / "model.keras").symlink_to("pipe")
    assert run([command, "model.keras", "train.csv", "--spec", "spec.yaml"]) == 2
    assert capsys.readouterr().err == "Error: `model.keras`: it is a pipe\n"


def test_no_folder_to_write_into(capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["compile", "x"], ["train", "x"], ["search", "x"], ["export", "x"]):
        assert run([*command, "-o", ""]) == 2
        assert "the name is empty; `.` is this folder" in capsys.readouterr().err
