"""The backend that Keras would take: which it is, and what it lacks, told with its line and without importing it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnnlstm_spec import Unbuildable, load
from cnnlstm_spec.cli.main import run
from cnnlstm_spec.compiler.backend import find_backend

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
