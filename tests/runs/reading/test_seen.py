"""What is kept of the files that were read, and what it is not trusted for."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy
import pytest
from data_specs import NUMBER, problems, write_spec
from json_schemas import validator

from cnnlstm_spec.cli.main import run
from cnnlstm_spec.runs.reading.branches import cells
from cnnlstm_spec.runs.reading.problems import Broken
from cnnlstm_spec.runs.reading.seen import CACHE, SeenFiles

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

TENSOR = "{x: {input: {kind: tensor, shape: [3], axes: [a]}}}"
DATA = "data: {train: t.csv, inputs: {x: {column: file}}, targets: {head: {column: y}}}\nfit: {epochs: 1, batch_size: 4}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CACHE, str(tmp_path / "cache"))
    for index in range(8):
        numpy.save(tmp_path / f"{index}.npy", numpy.full(3, float(index)))
    (tmp_path / "t.csv").write_text("file,y\n" + "".join(f"{index}.npy,{index}\n" for index in range(8)))
    write_spec(tmp_path, TENSOR, NUMBER + DATA)
    return tmp_path


def held(folder: Path) -> dict[str, Any]:
    (path,) = (folder / "cache").iterdir()
    found: dict[str, Any] = json.loads(path.read_text())
    validator("seen").validate(found)
    assert SeenFiles.from_json(path.read_text()).to_data() == found
    files: dict[str, Any] = found["files"]
    return files


def open_nothing(path: Path) -> None:
    raise Broken("not-readable", "it was opened")


def test_what_data_keeps_of_each_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "6.npy").write_bytes(b"broken")
    assert run(["data", str(folder / "spec.yaml")]) == 1
    found = held(folder)
    # Of a file that is not sound nothing is kept.
    assert {Path(name).name for name in found} == {f"{index}.npy" for index in range(8) if index != 6}
    entry, file = found[str(folder / "0.npy")], folder / "0.npy"
    assert entry["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest() and entry["shape"] == [3]
    assert entry["stamp"] == [[file.stat().st_mtime_ns, file.stat().st_size, file.stat().st_ino]]

    numpy.save(folder / "6.npy", numpy.ones(3))
    monkeypatch.setattr(cells, "open_npy", open_nothing)
    # Only what is not known is looked at before training.
    assert problems(folder / "spec.yaml") == ["t.csv, row 7, `file`: it was opened"]
    os.utime(folder / "3.npy", (1, 1))
    assert problems(folder / "spec.yaml") == [f"t.csv, row {row}, `file`: it was opened" for row in (4, 7)]
    # In another way of reading the same file is another thing.
    write_spec(folder, TENSOR.replace("[3]", "[4]"), NUMBER + DATA)
    assert problems(folder / "spec.yaml") == ["t.csv, rows 1-8, `file`: it was opened"]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"x": 3}', '{"version": 1, "files": {"PATH": {"stamp": "", "sha256": 3}}}'])
def test_a_cache_that_is_none(folder: Path, text: str) -> None:
    assert run(["data", str(folder / "spec.yaml")]) == 0
    (path,) = (folder / "cache").iterdir()
    path.write_text(text.replace("PATH", str(folder / "0.npy")))
    assert run(["data", str(folder / "spec.yaml")]) == 0
    assert len(held(folder)) == 8


def test_a_cache_that_cannot_be_written(folder: Path) -> None:
    (folder / "cache").write_text("a file")
    assert run(["data", str(folder / "spec.yaml")]) == 0


def test_a_run_knows_its_files(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec, output = str(folder / "spec.yaml"), folder / "run"
    assert run(["train", spec, "-o", str(output)]) == 0
    files = json.loads((output / "manifest.json").read_text())["data"]["files"]
    assert files["count"] == 8 and len(held(folder)) == 8
    assert str(folder) not in (output / "manifest.json").read_text()
    capsys.readouterr()
    assert run(["train", spec, "-o", str(output)]) == 0
    assert "up to date" in capsys.readouterr().out
    # Another time alone changes nothing; another content does.
    os.utime(folder / "3.npy", (1, 1))
    assert run(["train", spec, "-o", str(output)]) == 0
    numpy.save(folder / "3.npy", numpy.full(3, 7.0))
    assert run(["train", spec, "-o", str(output)]) == 2
    assert "the data differs" in capsys.readouterr().err
    # What no header tells is told while the first epoch runs.
    whole = (folder / "5.npy").read_bytes()
    (folder / "5.npy").write_bytes(whole[:-8] + numpy.float64("nan").tobytes())
    assert run(["train", spec, "-o", str(folder / "other")]) == 1
    assert "t.csv, row 6, `file`: it holds NaN or infinity" in capsys.readouterr().err
