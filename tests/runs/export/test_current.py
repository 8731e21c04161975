"""An export that lies there already: what it rests on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cnnlstm_spec.compiler.artifact.write import digest
from cnnlstm_spec.compiler.compile import compile_source
from cnnlstm_spec.runs.export.current import find_origin, is_current, read_data
from cnnlstm_spec.runs.export.wanted import Wanted
from cnnlstm_spec.runs.finished import Finished
from cnnlstm_spec.runs.require import read_requirement
from cnnlstm_spec.text.read_source import read_file

SPEC = """version: 1
name: table
branches:
  rows: {input: {kind: vector, shape: [2]}, layers: [{Dense: {units: 8, activation: relu}}]}
head: [{Dense: {units: 2, activation: softmax}}]
compile: {loss: sparse_categorical_crossentropy}
data: {train: train.csv, validation: {fraction: 0.25}, inputs: {rows: {columns: [a, b]}}}
"""
ROWS = "a,b,head\n1,2,x\n3,4,y\n5,6,x\n7,8,y\n"
pytestmark = pytest.mark.keras
WANTED = Wanted(("litert",), ("int8",), {"frames": 3})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "spec.yaml").write_text(SPEC)
    (tmp_path / "train.csv").write_text(ROWS)
    (tmp_path / "model.keras").write_bytes(b"weights")
    return tmp_path


def find(folder: Path, wanted: Wanted = WANTED, allow_imports: bool = False) -> str | None:
    compilation = compile_source(read_file(folder / "spec.yaml", str(folder / "spec.yaml")), (), folder, allow_imports)
    assert compilation.ok, compilation.diagnostics
    finished = Finished(compilation, folder / "model.keras", None, allow_imports=allow_imports)
    return find_origin(finished, read_data(finished), wanted)


def test_the_same_is_the_same(folder: Path) -> None:
    first = find(folder)
    assert first is not None and find(folder, replace(WANTED, seconds=5.0)) == first


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [("spec.yaml", "units: 8", "units: 9"), ("train.csv", "7,8,y", "7,9,y"), ("model.keras", "weights", "others")],
)
def test_what_is_read_is_rested_on(folder: Path, name: str, before: str, after: str) -> None:
    first = find(folder)
    (folder / name).write_text((folder / name).read_text().replace(before, after))
    assert find(folder) not in (None, first)


@pytest.mark.parametrize(
    "changed",
    [
        {"formats": ("litert", "saved_model")},
        {"quantize": ("float16",)},
        {"sizes": {"frames": 4}},
        {"batch_size": 2},
        {"opset": 17},
        {"tolerance": 0.1},
        {"required": (read_requirement("accuracy>=0.5"),)},
        {"explain": True},
        {"keep_float": ("head",)},
        {"without_data": True},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_what_is_asked_is_rested_on(folder: Path, changed: dict[str, Any]) -> None:
    assert find(folder, replace(WANTED, **changed)) not in (None, find(folder))


def test_what_may_change_unseen_is_never_current(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(folder)
    (folder / "spec.yaml").write_text(
        SPEC.replace("train: train.csv", "train: samples_of_test:samples").replace(", inputs: {rows: {columns: [a, b]}}", "")
    )
    (folder / "samples_of_test.py").write_text("def samples():\n    return {'rows': [[1.0, 2.0]] * 8, 'head': [0, 1] * 4}\n")
    assert find(folder, allow_imports=True) is None
    assert not is_current(folder, None)


def test_files_as_they_were_written(folder: Path) -> None:
    (folder / "model.int8.tflite").write_bytes(b"file")
    file = {"sha256": digest(b"file"), "bytes": 4}
    shape = {"name": "rows", "shape": [1, 2], "dtype": "float32"}
    document = {
        "version": 1,
        "name": "table",
        "versions": {},
        "model": digest(b"weights"),
        "origin": "of this",
        "inputs": [{**shape, "shape": [2], "read": None}],
        "outputs": [{**shape, "name": "head", "shape": [2]}],
        "samples": 4,
        "samples_of": "validation",
        "files": [
            {
                "format": "litert",
                "path": "model.int8.tflite",
                "bytes": 4,
                "files": {"model.int8.tflite": file},
                "inputs": [shape],
                "outputs": ["head"],
                "batch_size": 1,
                "milliseconds": 1.0,
                "milliseconds_99": 1.0,
                "difference": 0.0,
                "differences": {"head": 0.0},
            }
        ],
    }
    (folder / "export.json").write_text(json.dumps(document))
    assert is_current(folder, "of this") and not is_current(folder, "of another")
    (folder / "model.int8.tflite").write_bytes(b"else")
    assert not is_current(folder, "of this")
    (folder / "model.int8.tflite").unlink()
    assert not is_current(folder, "of this")
    (folder / "export.json").write_text(json.dumps({"files": []}))
    assert not is_current(folder, "of this")
