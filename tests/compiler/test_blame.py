"""A mistake that an override brings is told at the override; one that the spec has without it stays where it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from places import ROOT, TESTS
from told import hold, tell

import cnnlstm_spec
from cnnlstm_spec.cli.main import run

SPEC = ROOT / "specs" / "equipment-fault.yaml"
RANKS = "branches.vibration.layers[0].return_sequences=true"


def told(*overrides: str) -> list[tuple[str, str, str]]:
    """Code, the text in which it is told, and the text of its place."""
    found = [each for each in cnnlstm_spec.load(SPEC, overrides).diagnostics if each.severity == "error"]
    return [(each.code.name, (span := each.place.span).source.name, span.source.text[span.start : span.end]) for each in found]


BREAKS = {
    RANKS: "ranks-differ",
    "branches.thermal.input.shape=[4,4,1]": "kernel-larger-than-input",
    "fusion=null": "missing-fusion",
    "head=[{Conv1D: {filters: 2, kernel_size: 3}}]": "wrong-rank",
}


def test_what_is_said_of_overrides(request: pytest.FixtureRequest) -> None:
    """Of those above, and of some that name nothing or are no overrides."""
    amiss = [
        "brnches.thermal=3",
        "branches.thermal.layers[9].Conv2D=3",
        "head=",
        "seed",
        "vars.a=1",
        "name=[",
        "branches.thermal+=3",
    ]
    said = [tell(cnnlstm_spec.load(SPEC, [each]).diagnostics).replace(f"{ROOT}/", "") for each in (*BREAKS, *amiss)]
    hold(TESTS / "specs" / "said" / "overrides.out", "\n\n".join(said) + "\n", request)


@pytest.mark.parametrize(("override", "code"), BREAKS.items())
def test_it_is_told_at_the_override(override: str, code: str) -> None:
    assert [(name, source) for name, source, _ in told(override)] == [(code, "--set")]
    # Whichever of several it is.
    several = told("seed=3", override, "description=words")
    assert [(name, source) for name, source, _ in several] == [(code, "--set")] and several[0][2] in override


def test_where_it_shows_is_told_beside_it() -> None:
    (found,) = cnnlstm_spec.load(SPEC, [RANKS]).diagnostics
    assert found.labels[0].message == "shows here" and found.labels[0].place.span.source.name == str(SPEC)


def test_overrides_of_python_too() -> None:
    (found,) = cnnlstm_spec.load(SPEC, {"branches.vibration.layers[0].return_sequences": True}).diagnostics
    assert found.place.span.source.name == "overrides"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_mistakes_of_the_spec_stay_in_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = SPEC.read_text("utf-8").replace("units: 1,", "units: none,")
    (folder / "_base.yaml").write_text(text)
    (folder / "spec.yaml").write_text("extends: _base.yaml\n")
    for path in ("_base.yaml", "spec.yaml"):
        assert run(["validate", path, "--format", "concise", "--set", RANKS]) == 1
        lines = sorted(line.split(": ")[:2] for line in capsys.readouterr().out.splitlines())
        assert lines == sorted([[path, "error[ranks-differ]"], ["_base.yaml:25:20", "error[wrong-type]"]])


def test_variants(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "spec.yaml").write_text(SPEC.read_text("utf-8") + "matrix: {seed: [1, 2]}\n")
    assert run(["validate", "spec.yaml", "--set", RANKS]) == 1
    out = capsys.readouterr().out
    assert "--> --set:1:1" in out and "2 variants, 2 fail" in out
