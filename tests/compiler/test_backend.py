"""The backend that Keras would take: which it is, and what it lacks, told with its line and without importing it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cnnlstm_spec import Unbuildable, load
from cnnlstm_spec.cli.main import run
from cnnlstm_spec.compiler.backend import explain_failure, find_backend

CODES = """version: 1
name: codes
branches:
  code:
    input: {kind: tokens, shape: [4]}
    layers:
      - IntegerLookup: {vocabulary: [1, 2, 3]}
      - Embedding: {input_dim: 4, output_dim: 2}
      - Flatten
head: [{Dense: {units: 1}}]
"""


def test_the_environment_comes_before_the_file_of_keras(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert find_backend() == "tensorflow"
    (tmp_path / "keras.json").write_text('{"backend": "torch"}')
    assert find_backend() == "torch"
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert find_backend() == "jax"


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_a_layer_that_a_backend_lacks_is_told_with_its_line(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", backend)
    with pytest.raises(Unbuildable) as raised:
        load(CODES).to_keras()
    first, second = str(raised.value).splitlines()
    assert first.endswith(f":7:9: `{backend}` has no operation for `IntegerLookup`")
    assert second == "`KERAS_BACKEND=tensorflow` has every layer"


def test_a_backend_that_builds_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "numpy")
    with pytest.raises(Unbuildable, match="no model is built with the backend `numpy`"):
        load(CODES).to_keras()


def test_compile_tells_it_before_keras_is_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    (tmp_path / "spec.yaml").write_text(CODES)
    assert run(["compile", str(tmp_path / "spec.yaml"), "-o", str(tmp_path / "out")]) == 1
    assert "spec.yaml:7:9: `jax` has no operation for `IntegerLookup`" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_validate_tells_it_where_it_is_asked(backend: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "spec.yaml").write_text(CODES)
    assert run(["validate", str(tmp_path / "spec.yaml")]) == 0
    assert run(["validate", str(tmp_path / "spec.yaml"), "--for", backend]) == 1
    said = capsys.readouterr().out
    assert f"`{backend}` has no operation for `IntegerLookup`" in said and "`KERAS_BACKEND=tensorflow` has it" in said


DOUBLE = """version: 1
name: double
branches:
  rows: {input: {kind: vector, shape: [4]}, layers: [{Dense: {units: 2}}, {Dense: {units: 3MORE}}]}
head: [{Dense: {units: 1}}]
compile: {loss: mse, dtype_policy: POLICY}
"""


@pytest.mark.parametrize(("policy", "more", "column"), [("float64", "", 55), ("float32", ", dtype: float64", 76)])
def test_float64_is_told_where_jax_would_take_float32(
    policy: str, more: str, column: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.delenv("JAX_ENABLE_X64", raising=False)
    compilation = load(DOUBLE.replace("MORE", more).replace("POLICY", policy))
    with pytest.raises(Unbuildable) as raised:
        compilation.need_backend()
    first, second = str(raised.value).splitlines()
    assert first.endswith(f":4:{column}: `Dense` computes in float64, and the backend `jax` would in float32")
    assert second == "`JAX_ENABLE_X64=1` before the command lets it have float64"
    monkeypatch.setenv("JAX_ENABLE_X64", "True")
    compilation.need_backend()
    monkeypatch.delenv("JAX_ENABLE_X64")
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    compilation.need_backend()


def catch(function: Callable[..., object], *arguments: object) -> BaseException:
    with pytest.raises(Exception) as raised:
        function(*arguments)
    return raised.value


@pytest.mark.keras
def test_what_keras_raises_is_told_where_it_is_no_bug_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    import keras

    of_keras = catch(keras.ops.matmul, keras.ops.ones((2, 3)), keras.ops.ones((2, 3)))
    # 128 TiB.
    exhausted = catch(keras.ops.zeros, (2**22, 2**23))
    ours = catch(load(CODES).to_svg, "deep")
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    assert explain_failure(of_keras) is None and explain_failure(ours) is None
    told = explain_failure(exhausted)
    assert told is not None and told[0].startswith("there is not enough memory for this model: ResourceExhaustedError: OOM when")
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert explain_failure(ours) is None
    told = explain_failure(of_keras)
    assert told is not None and told[0].startswith("the backend `jax` fails with this model: InvalidArgumentError: ")
    assert told[1:] == ("`KERAS_BACKEND=tensorflow` runs all that `validate` finds sound",)


@pytest.mark.keras
def test_a_model_that_memory_does_not_hold_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """128 TiB of weights: it ended with status 70."""
    (tmp_path / "spec.yaml").write_text(
        "version: 1\nname: large\n"
        "branches: {x: {input: {kind: vector, shape: [4194304]}, layers: [{Dense: {units: 8388608}}]}}\n"
        "head: [{Dense: {units: 1}}]\n"
    )
    assert run(["compile", str(tmp_path / "spec.yaml"), "-o", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err
    assert "Error: there is not enough memory for this model: ResourceExhaustedError: OOM when allocating" in said
    assert not (tmp_path / "out").exists()
