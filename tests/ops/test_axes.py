"""What would work over the samples of a batch is refused, whichever layer it is."""

from __future__ import annotations

import pytest

from cnnlstm_spec import load

SPEC = """version: 1
name: axes
branches:
  a: {{input: {{kind: sequence, shape: [4, 3]}}, layers: [{layer}, GlobalAveragePooling1D]}}
head: [{{Dense: {{units: 1}}}}]
"""
NUMBER = """version: 1
name: number
branches:
  a: {{input: {{kind: vector, shape: []}}, layers: [{layer}, {{Op: {{function: expand_dims, axis: -1}}}}]}}
head: [{{Dense: {{units: 1}}}}]
"""


def _codes(text: str) -> list[str]:
    return [each.code.name for each in load(text).diagnostics if each.code.severity == "error"]


@pytest.mark.parametrize("layer", ["Softmax", "UnitNormalization"])
@pytest.mark.parametrize("axis", ["0", "-3", "[0, 1]", "[1, -3]"])
def test_an_axis_that_is_the_batch(layer: str, axis: str) -> None:
    assert _codes(SPEC.format(layer=f"{{{layer}: {{axis: {axis}}}}}")) == ["works-over-the-batch"]


def test_every_axis_is_the_batch_too() -> None:
    assert _codes(SPEC.format(layer="{Softmax: {axis: null}}")) == ["works-over-the-batch"]


@pytest.mark.parametrize("axis", ["1", "-1", "[1, 2]", "[-1, 1]"])
def test_an_axis_of_the_sample(axis: str) -> None:
    assert _codes(SPEC.format(layer=f"{{Softmax: {{axis: {axis}}}}}")) == []


@pytest.mark.parametrize(
    "layer",
    [
        "Softmax",
        "UnitNormalization",
        *(f"{{Activation: {{activation: {name}}}}}" for name in ("softmax", "sparsemax", "log_softmax")),
    ],
)
def test_of_a_sample_that_is_one_number(layer: str) -> None:
    assert _codes(NUMBER.format(layer=layer)) == ["works-over-the-batch"]


def test_the_way_out_for_one_number() -> None:
    found = load(NUMBER.format(layer="Softmax")).diagnostics
    (help,) = found[0].help
    assert help.endswith("`Op: {function: expand_dims, axis: -1}`")
    assert _codes(NUMBER.format(layer="{Op: {function: expand_dims, axis: -1}}, Softmax")) == []
