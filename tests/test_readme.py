"""What the README shows is so."""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import cnnlstm_spec
from cnnlstm_spec.cli import run
from cnnlstm_spec.compiler import compile_source
from cnnlstm_spec.missing import install
from cnnlstm_spec.render.text import render
from cnnlstm_spec.source import Source

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS: list[tuple[str, str]] = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.S | re.M)
SPECS = [text for language, text in BLOCKS if language == "yaml"]


SPEC = (ROOT / "specs" / "equipment-fault.yaml").read_text("utf-8")


def test_the_spec_is_the_one_in_specs() -> None:
    assert SPECS[0] == SPEC[SPEC.index("version:") :]


def test_the_tour_validates() -> None:
    compilation = cnnlstm_spec.load(SPECS[1])
    assert [d.code.name for d in compilation.diagnostics] == ["multipliers-and-callbacks"]


def test_the_messages_are_those() -> None:
    shown = re.search(r"```\n(error.*?)\n\n2 errors in 1 file\n```", README, re.S)
    assert shown is not None
    flattened, misspelt = "      - Flatten\n", "loss: binary_crossentropy"
    assert SPEC.count(flattened) == SPEC.count(misspelt) == 1
    mistaken = SPEC.replace(flattened, f"{flattened}      - LSTM: {{units: 64}}\n").replace(misspelt, "loss: binary_crossentrpy")
    rendered = render(compile_source(Source("fault.yaml", mistaken)).diagnostics)
    assert rendered.strip() == shown[1].strip()


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
def test_the_lines_of_python_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    names: dict[str, Any] = {}
    exec(next(text for language, text in BLOCKS if language == "python" and "load(" in text and "overrides" in text), names)
    assert names["compilation"].ok and names["model"].get_layer("vibration_lstm").units == 128


def shown(begin: str) -> str:
    """The block of output that begins so."""
    return next(text for language, text in BLOCKS if not language and text.startswith(begin))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the first spec and the one that extends it."""
    shutil.copy(ROOT / "specs" / "equipment-fault.yaml", tmp_path)
    (tmp_path / "wide.yaml").write_text(SPECS[2], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_variants_are_those(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["validate", "wide.yaml"]) == 1
    assert shown("wide.yaml:") + "\n1 error in 1 file\n" in capsys.readouterr().out
    assert run(["shapes", "wide.yaml", "--format", "csv"]) == 1
    assert capsys.readouterr().out == shown("vars.width,")


def test_the_difference_is_that(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["diff", "equipment-fault.yaml", "wide.yaml"]) == 1
    assert capsys.readouterr().out == shown("equipment-fault.yaml -> wide.yaml")


INDEX = re.compile(r"cnnlstm[-_]spec\[|(?:pip|uv|pipx|poetry|conda)\b[^\n]*\b(?:install|add)\s+(?:-\S+\s+)*['\"]?cnnlstm")
"""An install line that asks an index for this package, which none has."""


def told() -> Iterator[tuple[str, str]]:
    """Every text that a person may come to read: of the package, its documents and its specs."""
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", ROOT / "Makefile", ROOT / "pyproject.toml"):
        yield path.name, path.read_text("utf-8")
    for folder in ("cnnlstm_spec", "docs", "specs", "bench"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in (".py", ".md", ".yaml"):
                yield str(path.relative_to(ROOT)), path.read_text("utf-8")


def test_nobody_is_told_to_install_what_no_index_has() -> None:
    assert INDEX.search("pip install -q 'cnnlstm-spec[plot]'") and INDEX.search("uv pip install cnnlstm_spec")
    assert not [name for name, text in told() if INDEX.search(text)]


def test_the_extras_that_people_are_told_of_are_there() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    named = {
        each for _, text in told() for found in re.findall(r"pip install '\.\[([\w,]+)\]'", text) for each in found.split(",")
    }
    assert {"tensorflow", "plot"} <= named <= set(extras)
    assert all(f"pip install '.[{each}]' in a checkout" in install(each) for each in extras)


def test_it_is_said_which_keras_loads_a_file() -> None:
    assert "wherever there is Keras 3.15 or\nlater" in README and re.search(r'"keras>=3\.15"', dict(told())["pyproject.toml"])
    assert not [name for name, text in told() if re.search(r"anywhere\s+Keras", text)]


FUSED = """version: 1
name: fused
branches:
  a: {input: {kind: vector, shape: [6]}}
  b: {input: {kind: vector, shape: [4]}, layers: [{Dense: {units: 6}}]}
"""


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("fusion", "wanted", "shape"),
    [
        ("{strategy: learned_weights}", "trust", (3, 2)),
        ("{strategy: gated, units: 5}", "trust", (3, 2)),
        ("{strategy: attention, num_heads: 2}", "scores", (3, 2, 2, 2)),
        ("{strategy: cross_attention, query: a, num_heads: 3}", "scores", (3, 3, 1, 1)),
    ],
)
def test_what_the_model_trusts_is_read_as_shown(fusion: str, wanted: str, shape: tuple[int, ...], tmp_path: Path) -> None:
    import keras
    import numpy

    block = next(text for language, text in BLOCKS if language == "python" and "fusion_weights" in text)
    (statement,) = (each for each in block.splitlines() if each.startswith(f"{wanted} ="))
    keras.utils.clear_session()
    cnnlstm_spec.load(FUSED + f"fusion: {fusion}\nhead: [{{Dense: {{units: 1}}}}]\n").to_keras().save(tmp_path / "model.keras")
    model = keras.models.load_model(tmp_path / "model.keras")
    batch = {"a": numpy.random.default_rng(0).normal(size=(3, 6)), "b": numpy.random.default_rng(1).normal(size=(3, 4))}
    names: dict[str, Any] = {"keras": keras, "model": model, "batch": batch}
    exec(statement, names)
    assert names[wanted].shape == shape
    numpy.testing.assert_allclose(names[wanted].sum(-1), numpy.ones(shape[:-1]), rtol=1e-5)
