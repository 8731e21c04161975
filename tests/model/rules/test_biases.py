"""The advice on a bias that a batch norm takes away: where it is given, with what, and that it is true."""

from __future__ import annotations

from typing import Any

import pytest

from cnnlstm_spec.compiler.compile import compile_source
from cnnlstm_spec.text.diagnostic import Diagnostic
from cnnlstm_spec.text.source import Source

IMAGE = "{kind: image, shape: [9, 8, 4]}"
VIDEO = "{kind: video, shape: [frames, 9, 8, 4]}"
CONV = "{Conv2D: {filters: 6, kernel_size: 3}}"


def text(layers: str, input: str = IMAGE, more: str = "") -> str:
    return f"version: 1\nname: t\n{more}branches:\n  x:\n    input: {input}\n    layers: {layers}\nhead: []\n"


def found(layers: str, input: str = IMAGE, more: str = "") -> list[Diagnostic]:
    compilation = compile_source(Source("t.yaml", text(layers, input, more)))
    assert compilation.ok, [each.message for each in compilation.diagnostics]
    return [each for each in compilation.diagnostics if each.code.name == "bias-before-batchnorm"]


def at(diagnostic: Diagnostic) -> str:
    span = diagnostic.place.span
    return span.source.text[span.start : span.end]


def test_both_lines_the_count_and_the_way_out() -> None:
    (each,) = found(f"\n      - {CONV}\n      - BatchNormalization")
    assert each.message == "the bias of `Conv2D` does nothing before a batch norm: 6 parameters"
    assert each.severity == "warning" and each.help == ("write `use_bias: false`; `beta` is the bias that counts",)
    lines = [place.span.source.find_position(place.span.start)[0] for place in (each.place, each.labels[0].place)]
    assert lines == [7, 8]


SAID = {
    f"[{CONV}, BatchNormalization]": 6,
    "[{Conv2D: {filters: 6, kernel_size: 3, activation: linear, use_bias: true}}, {BatchNormalization: {axis: 3}}]": 6,
    f"[{CONV}, {{Activation: {{activation: linear}}}}, Identity, BatchNormalization]": 6,
    "[{Conv2DTranspose: {filters: 5, kernel_size: 3}}, {BatchNormalization: {scale: false}}]": 5,
    "[{SeparableConv2D: {filters: 5, kernel_size: 3}}, {BatchNormalization: {center: false}}]": 5,
    "[{DepthwiseConv2D: {kernel_size: 3, depth_multiplier: 2}}, BatchNormalization]": 8,
    "[{Repeat: {each: {filters: [2, 3]}, layers: [{Conv2D: {filters: $filters, kernel_size: 3}}, BatchNormalization, ReLU]}}]": 5,
}
SILENT = {
    "no bias": "[{Conv2D: {filters: 6, kernel_size: 3, use_bias: false}}, BatchNormalization]",
    "an activation": "[{Conv2D: {filters: 6, kernel_size: 3, activation: relu}}, BatchNormalization]",
    "a layer between": f"[{CONV}, ReLU, BatchNormalization]",
    "read by another": f"[{CONV}, {{Residual: {{layers: [BatchNormalization]}}}}]",
    "another axis": f"[{CONV}, {{BatchNormalization: {{axis: 1}}}}]",
    "a frozen norm": f"[{CONV}, {{BatchNormalization: {{trainable: false}}}}]",
    "a penalty on the output": "[{Conv2D: {filters: 6, kernel_size: 3, activity_regularizer: l2}}, BatchNormalization]",
    "another norm": f"[{CONV}, LayerNormalization]",
    "dense": "[{Dense: {units: 6}}, BatchNormalization]",
    "shared": "[{Conv2D: {filters: 4, kernel_size: 3, share: c}}, BatchNormalization, {Conv2D: {filters: 4, kernel_size: 3, share: c}}]",
}


@pytest.mark.parametrize("layers", SAID)
def test_said(layers: str) -> None:
    (each,) = found(layers)
    assert each.facts["count"] == SAID[layers]
    assert at(each) == ("true" if "use_bias: true" in layers else str(each.facts["what"]).split("`")[1])
    assert ("beta" in each.help[0]) == ("center: false" not in layers)


@pytest.mark.parametrize("name", SILENT)
def test_silent(name: str) -> None:
    assert found(SILENT[name]) == []


def test_within_time() -> None:
    for layers in (
        f"[{{TimeDistributed: [{CONV}, BatchNormalization]}}]",
        f"[{{TimeDistributed: [{CONV}]}}, BatchNormalization]",
    ):
        assert [each.facts["count"] for each in found(layers, VIDEO)] == [6]


def test_channels_first() -> None:
    input = "{kind: tensor, axes: [channels, height, width], shape: [4, 9, 8]}"
    conv = "{Conv2D: {filters: 6, kernel_size: 3, data_format: channels_first}}"
    assert len(found(f"[{conv}, {{BatchNormalization: {{axis: 1}}}}]", input)) == 1
    assert found(f"[{conv}, BatchNormalization]", input) == []


def test_a_block_that_is_used_twice_is_told_once() -> None:
    more = "blocks:\n  cn:\n    parameters: {n: required}\n    layers:\n      - Conv2D: {filters: $n, kernel_size: 3}\n      - BatchNormalization\n      - ReLU\n"
    (each,) = found("[{cn: {n: 3}}, {cn: {n: 4}}]", IMAGE, more)
    assert each.facts["count"] == 7


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("layers", [each for each in SAID if "Repeat" not in each])
def test_it_is_true(layers: str) -> None:
    """In training the output is the same whatever the bias, and its gradient is 0."""
    import numpy
    import tensorflow

    pytest.importorskip("keras")
    model: Any = compile_source(Source("t.yaml", text(layers))).to_keras()
    rng = numpy.random.default_rng(0)
    x = tensorflow.constant(rng.normal(size=(5, 9, 8, 4)), "float32")
    bias = next(weight for weight in model.trainable_variables if weight.path.endswith("/bias"))
    outputs = []
    for _ in range(2):
        bias.assign(rng.normal(size=bias.shape))
        with tensorflow.GradientTape() as tape:
            y = model(x, training=True)
            loss = tensorflow.reduce_sum(tensorflow.sin(3 * y))
        outputs.append(y)
        assert numpy.abs(tape.gradient(loss, bias)).max() < 1e-3
    numpy.testing.assert_allclose(outputs[0], outputs[1], rtol=1e-4, atol=1e-4)
