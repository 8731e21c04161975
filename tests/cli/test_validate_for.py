"""`validate --for`: what a runtime is known to have no operation for, by its line, and nothing of it without."""

from __future__ import annotations

import json

import pytest
from places import ROOT

from cnnlstm_spec import load
from cnnlstm_spec.cli.main import run
from cnnlstm_spec.model.runtimes import NO_OPERATION, RUNTIMES

SPEC = ROOT / "specs" / "disease-risk.yaml"
WRAPPED = """version: 1
name: x
branches:
  x: {input: {kind: volume, shape: [8, 8, 8, 1]}, layers: [MaxPooling3D, {Dropout: {rate: 0.1}}, Flatten]}
head: [{Dense: {units: 1}}]
"""


@pytest.mark.parametrize(("runtime", "status"), [("litert", 1), ("onnx", 0), ("openvino", 0), ("saved_model", 0)])
def test_a_layer_that_a_runtime_lacks_is_told_with_its_line(
    runtime: str, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["validate", str(SPEC), "--for", runtime, "--format", "json"]) == status
    found = json.loads(capsys.readouterr().out)["files"][0]["diagnostics"]
    text = SPEC.read_text().splitlines()
    assert all("MaxPooling3D" in text[each["line"] - 1] for each in found)
    said = {(each["code"], each["severity"], each["message"]) for each in found}
    assert said == ({("no-operation", "error", "`litert` has no operation for `MaxPooling3D`")} if status else set())
    assert len(found) == (sum("MaxPooling3D" in line for line in text) if status else 0)


def test_the_way_out_names_runtimes_that_have_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["validate", str(SPEC), "--for", "litert"]) == 1
    said = capsys.readouterr().out
    assert "`saved_model` and `onnx` and `openvino` can hold it" in said
    assert "it says: 'tf.MaxPool3D' op is neither a custom op nor a flex op" in said


def test_a_plain_validate_says_nothing_of_runtimes() -> None:
    assert run(["validate", str(SPEC)]) == 0
    assert NO_OPERATION.sort == "language" and load(SPEC).ok and RUNTIMES[0] == "saved_model"


def test_only_the_model_for_inference_counts() -> None:
    from cnnlstm_spec.compiler.deploy import deploy
    from cnnlstm_spec.model.runtimes import find_lacking

    graph = deploy(load(WRAPPED)).inference.typed
    assert graph is not None
    assert [each.facts["layer"] for each in find_lacking(graph, "litert")] == ["MaxPooling3D"]
