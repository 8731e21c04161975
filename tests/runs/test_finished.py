"""The spec that a manifest holds is read back as it was understood."""

from __future__ import annotations

from pathlib import Path

from cnnlstm_spec import load
from cnnlstm_spec.compiler.resolved import describe_resolved
from cnnlstm_spec.runs.finished import Finished, compile_held

SPEC = """version: 1
name: held
branches: {x: {input: {kind: image, shape: [4, 4, 1]}, layers: [{Rescaling: {scale: 1/255}}, Flatten]}}
head: [{Dense: {units: 2, activation: softmax}}]
compile: {loss: sparse_categorical_crossentropy}
data: {train: t.csv, inputs: {x: {column: f}}, targets: {head: {column: y, classes: [1/2, "3/4"]}}}
"""


def test_fractions_are_read_back(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(SPEC)
    document = describe_resolved(load(tmp_path / "spec.yaml")).document
    held = compile_held(document, tmp_path, ".", False)
    assert held.ok and held.spec is not None and held.spec.data is not None
    assert held.spec.data.targets["head"].source.classes == ("1/2", "3/4")


def test_a_threshold_of_the_spec_holds_for_a_model_by_itself(tmp_path: Path) -> None:
    heads = "heads: {a: [{Dense: {units: 1, activation: sigmoid}}], b: [{Dense: {units: 1, activation: sigmoid}}]}\n"
    data = "data: {train: t.csv, validation: {fraction: 0.2}, inputs: {x: {columns: [p, q]}}, targets: {a: {column: a}, b: {column: b}}}\n"
    branch = (
        "branches: {x: {input: {kind: vector, shape: [2]}}}\ncompile: {loss: {a: binary_crossentropy, b: binary_crossentropy}}\n"
    )
    for written, known in (("0.7", {"a": 0.7, "b": 0.7}), ("{a: 0.7, b: {maximize: f1}}", {"a": 0.7})):
        spec = load(f"version: 1\nname: x\n{branch}{heads}{data}fit: {{epochs: 1, threshold: {written}}}\n")
        assert spec.ok, spec.diagnostics
        assert Finished(spec, tmp_path / "model.keras", None).thresholds == known
