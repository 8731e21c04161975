"""The package from Python."""

from __future__ import annotations

from pathlib import Path

import pytest
from places import ROOT

import cnnlstm_spec
from cnnlstm_spec import Compilation, SpecError, compile_model, load

SPEC = ROOT / "specs" / "equipment-fault.yaml"


def test_load_takes_a_path_or_a_text() -> None:
    for spec in (SPEC, str(SPEC), SPEC.read_text("utf-8"), "\ufeff" + SPEC.read_text("utf-8"), "{version: 1, name: x}"):
        compilation = load(spec)
        assert isinstance(compilation, Compilation)
        assert compilation.ok is (spec != "{version: 1, name: x}")


def test_overrides() -> None:
    path = "branches.vibration.layers[0].units"
    for overrides in ({path: 8}, [f"{path}=8"], f"{path}=8", iter([f"{path}=8"])):
        typed = load(SPEC, overrides).typed
        assert typed is not None and typed.nodes["vibration_lstm"].type is not None
        assert typed.nodes["vibration_lstm"].type.shape == (8,)
    with pytest.raises(TypeError):
        load(SPEC, {path: object()})


@pytest.mark.parametrize("path", ["none.yaml", Path("none.yaml"), ".", "a\0b"])
def test_a_file_that_cannot_be_read_is_a_diagnostic(path: str | Path) -> None:
    compilation = load(path)
    assert not compilation.ok
    assert compilation.diagnostics[0].code.name in ("no-such-file", "unreadable-file")


def test_errors_are_raised_with_their_text() -> None:
    with pytest.raises(SpecError, match="did you mean `units`") as caught:
        compile_model(SPEC, {"head[0].unitss": 3})
    assert "error[unknown-key]" in str(caught.value)
    with pytest.raises(SpecError):
        load("none.yaml").to_python()


def test_all_names_are_there() -> None:
    assert all(getattr(cnnlstm_spec, name) for name in cnnlstm_spec._HOMES)
    assert set(cnnlstm_spec._HOMES) <= set(dir(cnnlstm_spec))
    with pytest.raises(AttributeError):
        cnnlstm_spec.nothing  # noqa: B018


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
def test_compile_model() -> None:
    model = compile_model(SPEC)
    assert model.count_params() == 60865 and model.compiled
