"""The reference of Keras's objects and of inputs: every example is sound, every list is whole."""

from __future__ import annotations

import re

import pytest

import cnnlstm_spec
from cnnlstm_spec.cli.main import run
from cnnlstm_spec.emit.words.object_pages import FAMILIES, list_object_names, write_example, write_object_pages
from cnnlstm_spec.language.catalog import load_catalog

NAMES = [(family, name) for family in FAMILIES for name in list_object_names()[family]]
SPEC = """version: 1
name: example
branches: {x: {input: {kind: sequence, shape: [20, 8]}}}
head:
  - GlobalMaxPooling1D
HEAD"""


def spec(family: str, name: str) -> str:
    example = write_example(family, name)
    if example.startswith("- "):
        return SPEC.replace("HEAD", f"  {example}\n")
    optimizer = "{Adam: {use_ema: true}}" if name == "SwapEMAWeights" else "adam"
    compiled = "" if "compile:" in example else f"compile: {{loss: mse, optimizer: {optimizer}}}\n"
    return SPEC.replace("HEAD", f"  - Dense: {{units: 8, activation: sigmoid}}\n{compiled}{example}\n")


@pytest.mark.parametrize(("family", "name"), NAMES, ids=lambda each: each)
def test_examples_are_read(family: str, name: str) -> None:
    """What is said of the example is about this loss or metric beside that head, not about how it is written."""
    found = [each.code.name for each in cnnlstm_spec.load(spec(family, name)).diagnostics if each.severity == "error"]
    of_writing = {
        "unknown-key",
        "unknown-name",
        "missing-key",
        "wrong-type",
        "out-of-range",
        "name-needs-arguments",
        "one-value-more",
    }
    assert not of_writing & set(found), found
    # A loss or metric may not suit that head, and `STFT` is for kernels of a spectrogram.
    if family not in ("losses", "metrics") and name != "STFT":
        assert not found


def test_every_class_and_identifier_has_a_page() -> None:
    for family in FAMILIES:
        known = load_catalog()["families"][family]
        for name in (*known["classes"], *known["identifiers"]):
            assert write_object_pages(name)


@pytest.mark.parametrize("kind", list_object_names()["inputs"])
def test_inputs(kind: str) -> None:
    (page,) = write_object_pages(kind)
    example = re.search(r"^  input: (.+)$", page, re.M)
    assert example is not None
    layers = "{TextVectorization: {vocabulary: [a]}}" if kind == "text" else "Flatten"
    text = f"version: 1\nname: a\nbranches: {{x: {{input: {example[1]}, layers: [{layers}]}}}}\nhead: []\n"
    assert not [each for each in cnnlstm_spec.load(text).diagnostics if each.code.name != "unused"] or kind == "tokens"


@pytest.mark.parametrize(
    "name", ["Adam", "adam", "CosineDecay", "mse", "AUC", "L2", "he_normal", "relu", "image", "gated", "Parallel", "LSTM"]
)
def test_the_command(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["layers", name]) == 0
    assert capsys.readouterr().out.count("\n") > 3


def test_a_name_of_two_things_has_both_pages(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["layers", "BinaryCrossentropy"]) == 0
    out = capsys.readouterr().out
    assert "a loss of Keras" in out and "a metric of Keras" in out


def test_the_list_and_what_is_not_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["layers"]) == 0
    out = capsys.readouterr().out
    assert all(f"\n{heading}\n" in out for heading in ("inputs", "losses", "schedules", "structures", "strategies of fusion"))
    assert run(["layers", "cosine_decay"]) == 2
    assert "did you mean `CosineDecay`?" in capsys.readouterr().err


def test_explain_lists_codes_with_what_they_say(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(re.fullmatch(r"[a-z0-9-]+  +.{10,110}", line) for line in lines), lines
    assert any(line.startswith("mask-lost ") for line in lines)
