"""Small data on disk, and specs that read them; for the tests of reading."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cnnlstm_spec import load
from cnnlstm_spec.runs.reading.open import DataReading
from cnnlstm_spec.runs.samples import Batch, Data, DataError, Part

CLASSES = "head: [{Dense: {units: 3, activation: softmax}}]\ncompile: {loss: sparse_categorical_crossentropy}\n"
NUMBER = "head: [{Dense: {units: 1}}]\ncompile: {loss: mse}\n"
BINARY = "head: [{Dense: {units: 1, activation: sigmoid}}]\ncompile: {loss: binary_crossentropy}\n"


def write_spec(folder: Path, branches: str, rest: str) -> Path:
    """A spec in a folder; `branches` is the value of that key."""
    path = folder / "spec.yaml"
    path.write_text(f"version: 1\nname: small\nbranches: {branches}\n{rest}", encoding="utf-8")
    return path


def open_spec(path: Path, **options: Any) -> Data:
    """The data of a spec that is sound."""
    compilation = load(path, allow_imports=bool(options.get("allow_imports")))
    assert compilation.ok, [each.message for each in compilation.diagnostics]
    fold = options.pop("fold", None)
    return DataReading(compilation, **options).open_all(fold)


def problems(path: Path) -> list[str]:
    """What is said of the data of a spec."""
    try:
        open_spec(path)
    except DataError as error:
        return list(error.problems)
    return []


def whole(part: Part) -> Batch:
    """All samples of a part."""
    return part.read(range(len(part)))
