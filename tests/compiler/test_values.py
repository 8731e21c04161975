"""What a person of a notebook gives and sees: numpy's values as overrides, one line for a compilation."""

from __future__ import annotations

import enum

import pytest
from places import ROOT

import cnnlstm_spec

SPEC = ROOT / "specs" / "equipment-fault.yaml"


def test_numbers_and_arrays_of_numpy_are_values() -> None:
    np = pytest.importorskip("numpy")
    given = {
        "seed": np.int64(3),
        "branches.thermal.input.shape": np.array([32, 32, 1]),
        "branches.vibration.layers[0].dropout": np.float32(0.5),
        "branches.vibration.layers[0].return_sequences": np.bool_(False),
        "compile.loss": np.str_("mse"),
        "head": [{"Dense": {"units": np.int32(2)}}],
    }
    plain = {**given, "seed": 3, "branches.thermal.input.shape": [32, 32, 1], "head": [{"Dense": {"units": 2}}]}
    plain |= {"branches.vibration.layers[0].dropout": 0.5, "branches.vibration.layers[0].return_sequences": False}
    plain["compile.loss"] = "mse"
    one, two = cnnlstm_spec.load(SPEC, given), cnnlstm_spec.load(SPEC, plain)
    assert one.ok and one.to_python() == two.to_python()
    found = cnnlstm_spec.load(SPEC, {"head[0].units": np.float64(2.5)}).diagnostics
    assert [each.message for each in found] == ["`units` is a positive integer; this is 2.5"]


class Width(enum.IntEnum):
    WIDE = 8


class Name(str):
    """A text of a class of its own."""


def test_subclasses_of_plain_values_are_values() -> None:
    assert cnnlstm_spec.load(SPEC, {"head[0].units": Width.WIDE, "compile.loss": Name("mse")}).ok
    assert cnnlstm_spec.load(SPEC, {"head[0].units": Name("wide")}).diagnostics[0].code.name == "wrong-type"
    with pytest.raises(TypeError, match="no place in a spec"):
        cnnlstm_spec.load(SPEC, {"head[0].units": object()})


def test_a_compilation_is_one_line() -> None:
    shown = repr(cnnlstm_spec.load(SPEC))
    assert shown.startswith("<Compilation equipment-fault: thermal, vibration -> head (features=1), ")
    assert shown.endswith(" parameters, no errors>") and len(shown) < 200


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\n",
        'version: 1\nname: "\\e[31m\\u202e"\nbranches: {x: {input: {kind: vector, shape: [4]}}}\nhead: []\n',
        "[",
        "version: 1\nname: a\n",
    ],
)
def test_of_a_wrong_one_too(text: str) -> None:
    shown = repr(cnnlstm_spec.load(text))
    assert shown.startswith("<Compilation") and " error" in shown and shown.isprintable()


def test_it_is_short_whatever_the_spec() -> None:
    branches = ", ".join(f"b{n}: {{input: {{kind: vector, shape: [4]}}}}" for n in range(300))
    text = f"version: 1\nname: {'n' * 5000}\nbranches: {{{branches}}}\nfusion: {{strategy: concat}}\nhead: [{{Dense: {{units: 1}}}}]\n"
    assert len(repr(cnnlstm_spec.load(text))) < 400
