"""Layers of images whose `data_format` Keras reads: images with channels first give what they give with channels last."""

from __future__ import annotations

import os
from typing import Any

import pytest

from cnnlstm_spec import load
from cnnlstm_spec.ir.op import Op
from cnnlstm_spec.ops import list_ops

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

DRAWN = {"AugMix": "draws anew, whatever its seed"}
GIVEN = {"RandomErasing": {"fill_value": 0.5}}
"""Arguments without which values are drawn by the shape."""


def takes_images(op: type[Op]) -> bool:
    return "data_format" in op.arguments and op.arity[0] <= 1 and bool(op.examples) and len(op.examples[0].shapes[0]) == 3


def tuples(value: Any) -> Any:
    return tuple(map(tuples, value)) if isinstance(value, list) else value


FORMATTED = [op for op in list_ops() if op.title() not in ("Op", "ConvLSTM1D", *DRAWN) and op.has_class and takes_images(op)]


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.sampled(every=16, long=4)
@pytest.mark.parametrize("op", FORMATTED, ids=lambda op: op.title())
def test_channels_come_first(op: type[Op]) -> None:
    """Of what does not, `data_format` has no such choice."""
    keras, numpy = pytest.importorskip("keras"), pytest.importorskip("numpy")
    tensorflow = pytest.importorskip("tensorflow")
    values = {key: tuples(value) for key, value in op.examples[0].arguments.items() if key != "data_format"}
    more = {"seed": 7, "value_range": (0, 1)}
    values |= {key: value for key, value in more.items() if key in op.arguments} | GIVEN.get(op.title(), {})
    x = numpy.random.default_rng(1).random((4, 8, 8, 3), "float32")
    turned = x.transpose(0, 3, 1, 2)
    layers = [getattr(keras.layers, op.title())(data_format=each, **values) for each in ("channels_last", "channels_first")]
    for layer, given in zip(layers, (x, turned), strict=True):
        layer.build(given.shape)
    layers[1].set_weights(layers[0].get_weights())
    last, first = (
        numpy.asarray(tensorflow.function(lambda given, layer=layer: layer(given, training=True), autograph=False)(given))
        for layer, given in zip(layers, (x, turned), strict=True)
    )
    is_read = numpy.allclose(last.transpose(0, 3, 1, 2) if last.ndim == 4 else last, first, atol=1e-4)
    text = f"version: 1\nname: t\nbranches: {{x: {{input: {{kind: image, shape: [3, 3, 3]}}, layers: [{op.title()}: "
    found = load(f"{text}{{data_format: channels_first}}]}}}}\nhead: []\n").diagnostics
    assert is_read == ("not-a-choice" not in [each.code.name for each in found])


BOTH = ({"format": "channels_last", "axis": -1}, {"format": "channels_first", "axis": 1})
FORMAT = "data_format: $format"


def network(layers: str, shape: str, **written: Any) -> str:
    """A spec of images, of which `vars` say where the channels are."""
    body = f"branches: {{x: {{input: {{kind: image, shape: {shape}}}, layers: {layers}}}}}\nhead: [{{Dense: {{units: 2}}}}]\n"
    return f"version: 1\nname: t\nvars: {written}\n{body}"


CONV = f"{{Conv2D: {{filters: 6, kernel_size: 3, padding: same, strides: 2, use_bias: false, {FORMAT}}}}}"
POOL = f"{{GlobalAveragePooling2D: {{{FORMAT}}}}}"
GATE = "{paths: {x: [], gate: [%s, {Dense: {units: 6, activation: sigmoid}}]}, merge: {strategy: multiply, broadcast: true}}"
NETWORKS = {
    "projection": f"[{{Residual: {{layers: [{CONV}, {{BatchNormalization: {{axis: $axis}}}}], shortcut: projection}}}}, {POOL}]",
    "projection of the input": f"[{{Residual: {{layers: [{{MaxPooling2D: {{{FORMAT}}}}}], shortcut: projection}}}}, {POOL}]",
    "projection behind": f"[{CONV}, {{Residual: {{layers: [ReLU], shortcut: projection}}}}, {POOL}]",
    "gate": f"[{CONV}, {{Parallel: {GATE % POOL}}}, {POOL}]",
}


@pytest.mark.keras
@pytest.mark.parametrize("layers", NETWORKS.values(), ids=NETWORKS)
def test_what_is_between_layers_has_its_channels_where_they_have_theirs(layers: str) -> None:
    """The same weights on the same images, turned: the same predictions."""
    numpy = pytest.importorskip("numpy")
    x = numpy.random.default_rng(1).random((4, 10, 8, 3), "float32")
    last, first = (
        load(network(layers, shape, **written)) for shape, written in zip(("[10, 8, 3]", "[3, 10, 8]"), BOTH, strict=True)
    )
    assert {each.code.name for made in (last, first) for each in made.diagnostics} <= {"unused-definition"}
    assert last.typed and first.typed
    counts = [sum(node.macs for node in each.typed.nodes.values()) for each in (last, first)]
    assert last.typed.params == first.typed.params and counts[0] == counts[1]
    models = [each.to_keras() for each in (last, first)]
    models[1].set_weights(models[0].get_weights())
    predicted = [model.predict(images, verbose=0) for model, images in zip(models, (x, x.transpose(0, 3, 1, 2)), strict=True)]
    assert numpy.allclose(*predicted, atol=1e-5)


def test_axes_are_called_as_the_layers_read_them() -> None:
    typed = load(network(f"[{CONV}, {POOL}]", "[3, 10, 8]", **BOTH[1])).typed
    assert typed is not None and (given := typed.nodes["x_conv2d"].type) is not None
    assert list(map(str, given.axes)) == ["channels=6", "height=5", "width=4"]


def bidirectional(rank: int, more: str, mode: str) -> str:
    """Both directions of a ConvLSTM that has the channels first."""
    shape, names = [3, 2, *[5, 6, 7][:rank]], ", ".join(["time", "channels", "x", "y", "z"][: rank + 2])
    inner = f"{{ConvLSTM{rank}D: {{filters: 2, kernel_size: 3, data_format: channels_first{more}}}}}"
    return (
        f"version: 1\nname: fuzzed\nbranches:\n  a:\n    input: {{kind: tensor, axes: [{names}], shape: {shape}, time_axis: time}}\n"
        f"    layers: [{{Bidirectional: {{layer: {inner}, merge_mode: {mode}}}}}]\nhead: []\n"
    )


@pytest.mark.parametrize(("mode", "codes"), [("concat", ["joined-not-over-channels"]), ("sum", []), ("ave", [])])
def test_both_directions_are_joined_along_the_last_axis(mode: str, codes: list[str]) -> None:
    for more in ("", ", return_sequences: true"):
        found = load(bidirectional(2, more, mode))
        assert [each.code.name for each in found.diagnostics] == codes
        assert found.typed and (given := found.typed.nodes["a_bidirectional"].type) is not None
        assert [axis.size for axis in given.axes][-3:] == [2, 3, 8 if codes else 4]


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_so_keras_joins_them(rank: int) -> None:
    import yaml

    from fuzz.judge import judge

    for mode in ("concat", "sum"):
        for more in ("", ", return_sequences: true"):
            outcome = judge(yaml.safe_load(bidirectional(rank, more, mode)))
            assert outcome.disagreement is None, outcome
