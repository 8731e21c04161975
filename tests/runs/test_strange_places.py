"""Every command that is told a place, and every place that is none: a line, soon, and never a bug of ours."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from cnnlstm_spec.cli.main import run

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore")]

SPEC = """version: 1
name: t
branches: {a: {input: {kind: vector, shape: [1]}}}
head: [{Dense: {units: 1}}]
compile: {loss: mse}
data: {train: train.csv, validation: {fraction: 0.25}, inputs: {a: {columns: [p]}}, targets: {head: {column: y}}}
fit: {epochs: 1}
search: {minimize: val_loss, space: {fit.batch_size: [4, 8]}, trials: 1}
"""
PLACES = {
    "a file": "file",
    "below a file": "file/x",
    "a folder": "folder",
    "a folder of others": "others",
    "a pipe": "pipe",
    "below a pipe": "pipe/x",
    "a socket": "socket",
    "a device": os.devnull,
    "a full device": "/dev/full",
    "a loop": "loop",
    "a link to nothing": "nothing",
    "no permission": "/proc/self/x/y",
    "NUL": "a\0b",
    "a surrogate": "\udcff\ud800",
    "too long": "a" * 300,
    "too deep": "a/" * 3000,
    "empty": "",
    "a control": "a\x1b[1mb",
}
WRITE = {
    "plot": ["plot", "spec.yaml", "-o"],
    "new": ["new", "video", "-o"],
    "view": ["view", "spec.yaml", "-o"],
    "import": ["import", "model.keras", "-o"],
    "predict": ["predict", "model.keras", "train.csv", "--spec", "spec.yaml", "-o"],
    "compile": ["compile", "spec.yaml", "-o"],
    "train": ["train", "spec.yaml", "-o"],
    "search": ["search", "spec.yaml", "-o"],
    "export": ["export", "model.keras", "--spec", "spec.yaml", "-o"],
    "data": ["data", "spec.yaml", "--pack"],
}
"""What writes to the place that is named last."""
READ = {
    "weights": ["compile", "spec.yaml", "-o", "out", "--weights"],
    "adapted": ["compile", "spec.yaml", "-o", "out", "--adapted"],
    "evaluated": ["evaluate", "model.keras", "train.csv", "--spec"],
    "run": ["evaluate"],
    "predicted": ["predict", "model.keras", "--spec", "spec.yaml"],
    "exported": ["export", "-o", "out"],
    "compared": ["compare"],
    "imported": ["import"],
    "other": ["view", "spec.yaml", "-o", "out.html", "--other"],
    "explained": ["explain"],
    "formatted": ["validate", "spec.yaml", "--output-file"],
}
"""What reads it."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("strange")
    before = Path.cwd()
    os.chdir(path)
    (path / "spec.yaml").write_text(SPEC)
    (path / "train.csv").write_text("p,y\n" + "1,2\n2,3\n" * 9)
    assert run(["compile", "spec.yaml", "-o", "made"]) == 0
    shutil.copy("made/model.keras", "model.keras")
    os.mkfifo("pipe")
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("socket")
    (path / "loop").symlink_to("loop")
    (path / "nothing").symlink_to("gone/away")
    yield path
    os.chdir(before)


def lay_folders(folder: Path) -> None:
    """The folders that a command may fill, as they are before it."""
    for each in ("folder", "others", "out"):
        shutil.rmtree(folder / each, ignore_errors=True)
    (folder / "folder").mkdir()
    (folder / "others").mkdir()
    (folder / "others" / "mine.txt").write_text("mine")
    (folder / "file").write_text("x")


@pytest.mark.sampled(every=17, long=4)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("command", [*WRITE, *READ])
def test_a_strange_place(command: str, place: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lay_folders(folder)
    name = PLACES[place]
    status = run([*WRITE.get(command, READ.get(command, [])), f"sarif={name}" if command == "formatted" else name])
    told = capsys.readouterr().err
    assert status in (0, 1, 2) and "bug" not in told and "Traceback" not in told, told
    assert not any(each < " " and each != "\n" for each in told), "a terminal gets no control character"
    assert (folder / "others" / "mine.txt").read_text() == "mine", "what is another's stays"
    assert status == 0 or (folder / "file").read_text() == "x", "what is refused is not touched"
    assert Path(os.devnull).is_char_device() and (folder / "pipe").is_fifo(), "what is no file stays what it is"
    if status == 0 and command in WRITE:
        assert place in ("a folder", "a link to nothing", "a device", "a control", "a folder of others", "a file"), "written"
