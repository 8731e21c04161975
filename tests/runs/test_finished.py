"""The spec that a manifest holds is read back as it was understood."""

from __future__ import annotations

from pathlib import Path

from cnnlstm_spec import load
from cnnlstm_spec.compiler.resolved import resolved
from cnnlstm_spec.runs.finished import compile_held

SPEC = """version: 1
name: held
branches: {x: {input: {kind: image, shape: [4, 4, 1]}, layers: [{Rescaling: {scale: 1/255}}, Flatten]}}
head: [{Dense: {units: 2, activation: softmax}}]
compile: {loss: sparse_categorical_crossentropy}
data: {train: t.csv, inputs: {x: {column: f}}, targets: {head: {column: y, classes: [1/2, "3/4"]}}}
"""


def test_fractions_are_read_back(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(SPEC)
    document = resolved(load(tmp_path / "spec.yaml"))["document"]
    held = compile_held(document, tmp_path, ".", False)
    assert held.ok and held.spec is not None and held.spec.data is not None
    assert held.spec.data.targets["head"].source.classes == ("1/2", "3/4")
