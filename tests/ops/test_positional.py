"""Positions, the class token, `Slice` and causal masks, against what they stand for, computed by hand."""

from __future__ import annotations

import os
from typing import Any

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
keras = pytest.importorskip("keras")

from test_folding import clip, one_branch  # noqa: E402
from test_fusion import built, close, compiled  # noqa: E402

numpy = pytest.importorskip("numpy", reason="every test here needs Keras, which brings it")
pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore")]

SEQUENCE = "{kind: sequence, shape: [steps, 5]}"


def of(layers: str, input: str = SEQUENCE) -> Any:
    return built(compiled(one_branch(input, layers)))


def waves(steps: int, features: int, longest: float) -> Any:
    """What KerasHub's `SinePositionEncoding` gives."""
    feature = numpy.arange(features)
    angles = numpy.arange(steps)[:, None] * (1 / longest) ** (2 * (feature // 2) / features)
    return numpy.where(feature % 2, numpy.cos(angles), numpy.sin(angles))


@pytest.mark.parametrize("input", [SEQUENCE, "{kind: sequence, shape: [7, 5]}"])
def test_positions_are_added(input: str) -> None:
    """A learned table's first rows, then sines; whatever else stands in the batch."""
    model = of("[{PositionEmbedding: {sequence_length: 9}}, {SinePositionEncoding: {max_wavelength: 500}}]", input)
    (table,) = model.get_weights()
    assert table.shape == (9, 5)
    for batch in (1, 3):
        x = clip(batch, 7, 5)
        close(model.predict(x, verbose=0), x + table[:7] + waves(7, 5, 500))


def test_positions_in_every_window() -> None:
    """Inside `TimeDistributed` they count from 0 in each step of the outer axis."""
    input = "{kind: tensor, axes: [windows, steps, features], shape: [windows, steps, 4]}"
    x = clip(2, 3, 6, 4)
    model = of("[{TimeDistributed: [SinePositionEncoding, ClassToken, {Slice: {axis: 1, start: 1}}]}]", input)
    close(model.predict(x, verbose=0), x + waves(6, 4, 10000))


def test_the_class_token_is_a_step_of_its_own() -> None:
    model = of("[{ClassToken: {initializer: ones}}]")
    model.set_weights([numpy.arange(5.0)[None]])
    x = clip(2, 4, 5)
    close(model.predict(x, verbose=0), numpy.concatenate([numpy.tile(numpy.arange(5.0), (2, 1, 1)), x], axis=1))


RANGES = [(None, 4, None), (2, None, None), (-3, None, None), (1, -1, None), (None, -2, 2), (-6, 7, None), (1, 100, 3)]


@pytest.mark.parametrize(("start", "stop", "step"), RANGES)
def test_a_range_is_pythons(start: int | None, stop: int | None, step: int | None) -> None:
    """Of a known and an open number of steps, the size inferred too."""
    written = {"start": start, "stop": stop, "step": step}
    keys = ", ".join(f"{name}: {value}" for name, value in written.items() if value is not None)
    for input in (SEQUENCE, "{kind: sequence, shape: [7, 5]}"):
        compilation = compiled(one_branch(input, f"[{{Slice: {{axis: 1, {keys}}}}}]"))
        assert compilation.typed is not None
        size = compilation.typed.nodes["x_slice"].type.axes[0].size  # type: ignore[union-attr]
        for steps in (5, 7, 12) if input is SEQUENCE else (7,):
            x = clip(2, steps, 5)
            wanted = x[:, start:stop:step]
            assert (size if isinstance(size, int) else size.evaluate(dict.fromkeys(size.symbols, steps))) == wanted.shape[1]
            close(built(compilation)(x), wanted)


MASKED = "{kind: sequence, shape: [8, 4], mask_input: real}"


def test_padding_reaches_nothing_through_a_token() -> None:
    """A causal encoder with a class token, a cut mask before a recurrent layer, and the step behind it."""
    layers = (
        "[ClassToken, {MultiHeadAttention: {num_heads: 2, key_dim: 3}}, {Slice: {axis: 1, start: 1, stop: 8, step: 2}},"
        " {LSTM: {units: 3, return_sequences: true}}, {Slice: {axis: 1, index: -1}}]"
    )
    compilation = compiled(one_branch(MASKED, layers))
    assert [each.code.name for each in compilation.diagnostics] == []
    model = built(compilation)
    x, other = clip(2, 8, 4), clip(2, 8, 4)
    real = numpy.array([[1] * 8, [1] * 3 + [0] * 5], bool)
    padded = numpy.where(real[..., None], x, other + 5)
    close(model.predict({"x": x, "real": real}, verbose=0), model.predict({"x": padded, "real": real}, verbose=0))


ATTENTIONS = [
    "Attention: {use_causal_mask: true}",
    "AdditiveAttention: {use_causal_mask: true}",
    "MultiHeadAttention: {num_heads: 2, key_dim: 3, use_causal_mask: true}",
    "GroupQueryAttention: {head_dim: 3, num_query_heads: 2, num_key_value_heads: 1, use_causal_mask: true}",
]


@pytest.mark.parametrize("layer", ATTENTIONS)
def test_no_step_attends_to_a_later_one(layer: str) -> None:
    """With padding beside it too, and once the model is saved and loaded."""
    model = built(compiled(one_branch(MASKED, f"[{{{layer}}}]")))
    x = clip(2, 8, 4)
    real = numpy.array([[1] * 8, [1] * 6 + [0] * 2], bool)
    whole = model.predict({"x": x, "real": real}, verbose=0)
    later = x.copy()
    later[:, 4:] += 1
    changed = model.predict({"x": later, "real": real}, verbose=0)
    close(whole[:, :4], changed[:, :4])
    assert abs(whole[:, 4:6] - changed[:, 4:6]).max() > 1e-3


RECURRENT = {
    "{LSTM: {units: 3, return_sequences: true}}": {-1, 0, 4},
    "{GRU: {units: 3, return_sequences: true, go_backwards: true}}": {-1},
    "{Bidirectional: {layer: {GRU: {units: 3, return_sequences: true}}}}": set[int](),
}
"""Layers, and the positions of which no warning is given."""


@pytest.mark.parametrize("layer", RECURRENT)
def test_a_position_behind_a_recurrent_layer(layer: str) -> None:
    """Where no warning is given, a sample with padding behind it gives there what it gives without."""
    heads = ", ".join(f"at{index + 1}: [{{Slice: {{axis: 1, index: {index}}}}}]" for index in (-1, 0, 4))
    masked = "{kind: sequence, shape: [steps, 5], padding_value: 0.0}"
    compilation = compiled(one_branch(masked, f"[{layer}]").replace("head: []", f"heads: {{{heads}}}"))
    lost = [each for each in compilation.diagnostics if each.code.name == "mask-lost"]
    warned = {place for each in lost for place in (each.place, *(label.place for label in each.labels))}
    model, x = compilation.to_keras(), clip(1, 5, 5)
    without, behind = model(x), model(numpy.concatenate([x, numpy.zeros((1, 4, 5), x.dtype)], axis=1))
    for index in (-1, 0, 4):
        head = f"at{index + 1}"
        silent = not any(("heads", head) == place.path[:2] for place in warned)
        assert silent == (index in RECURRENT[layer])
        assert not silent or numpy.allclose(without[head], behind[head], atol=1e-6)
