"""`validate --for`: what a runtime is known to have no operation for, by its line, and nothing of it without."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from told import hold_told

from cnnlstm_spec import load
from cnnlstm_spec.cli.main import run
from cnnlstm_spec.model.runtimes import NO_OPERATION, RUNTIMES, find_lacking

SOUNDS = """version: 1
name: x
branches:
  x:
    input: {kind: tensor, axes: [samples], shape: [4000]}
    layers:
    - MelSpectrogram: {fft_length: 256, num_mel_bins: 8}
    - Dropout: {rate: 0.1}
    - Flatten
head: [{Dense: {units: 1}}]
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "sounds.yaml"
    path.write_text(SOUNDS)
    return path


@pytest.mark.parametrize(("runtime", "status"), [("litert", 0), ("onnx", 1), ("openvino", 0), ("saved_model", 0)])
def test_a_layer_that_a_runtime_lacks_is_told_with_its_line(
    runtime: str, status: int, spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["validate", str(spec), "--for", runtime, "--format", "json"]) == status
    found = json.loads(capsys.readouterr().out)["files"][0]["diagnostics"]
    said = [(each["code"], each["severity"], each["message"], each["line"]) for each in found]
    assert said == ([("no-operation", "error", "`onnx` has no operation for `MelSpectrogram`", 7)] if status else [])


def test_the_way_out_names_runtimes_that_have_it(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["validate", str(spec), "--for", "onnx"]) == 1
    said = capsys.readouterr().out
    assert "`saved_model` and `litert` and `openvino` can hold it" in said
    assert "it says: No Op registered for RFFT" in said


def test_it_is_told_at_the_layer(spec: Path, request: pytest.FixtureRequest) -> None:
    typed = load(spec).typed
    assert typed is not None
    hold_told(find_lacking(typed, "onnx"), request, spec.parent)


def test_a_plain_validate_says_nothing_of_runtimes(spec: Path) -> None:
    assert run(["validate", str(spec)]) == 0
    assert NO_OPERATION.sort == "language" and load(spec).ok and RUNTIMES[0] == "saved_model"


def test_only_the_model_for_inference_counts(spec: Path) -> None:
    from cnnlstm_spec.compiler.deploy import deploy

    graph = deploy(load(spec)).inference.typed
    assert graph is not None
    assert [each.facts["layer"] for each in find_lacking(graph, "onnx")] == ["MelSpectrogram"]


def test_a_layer_that_reads_a_text_is_no_part_of_a_file() -> None:
    from cnnlstm_spec.compiler.deploy import deploy

    branch = "{input: {kind: text}, layers: [{Hashing: {num_bins: 8}}, {Embedding: {input_dim: 8, output_dim: 2}}, Flatten]}"
    graph = deploy(load(f"version: 1\nname: x\nbranches:\n  x: {branch}\nhead: [{{Dense: {{units: 1}}}}]\n")).inference.typed
    assert graph is not None and [each for format in RUNTIMES for each in find_lacking(graph, format)] == []
