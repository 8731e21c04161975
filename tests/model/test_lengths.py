"""Inputs of unknown length without a mask: who is told of them, and where."""

from __future__ import annotations

import pytest

from cnnlstm_spec import Compilation, load
from cnnlstm_spec.text.diagnostic import Diagnostic

TRAINED = "compile: {optimizer: adam, loss: mse}\n"
SEQUENCE = "{kind: sequence, shape: [steps, 4]}"
VIDEO = "{kind: video, shape: [frames, 8, 8, 3]}"
TOKENS = "{kind: tokens, shape: [words]}"
EMBEDDING = "{Embedding: {input_dim: 9, output_dim: 4}}"


def one(layers: str, input: str = SEQUENCE, more: str = "") -> Compilation:
    compilation = load(f"version: 1\nname: t\nbranches:\n  a:\n    input: {input}\n    layers: [{layers}]\nhead: []\n{more}")
    assert compilation.ok, compilation.diagnostics
    return compilation


def told(compilation: Compilation) -> list[Diagnostic]:
    return [each for each in compilation.diagnostics if each.code.name == "no-mask-for-length"]


READ = [
    "{LSTM: {units: 2}}",
    "{GRU: {units: 2, go_backwards: true}}",
    "{Bidirectional: {layer: {LSTM: {units: 2}}}}",
    "{MultiHeadAttention: {num_heads: 1, key_dim: 2}}",
    "{Dense: {units: 3}}, GlobalAveragePooling1D",
    "{Softmax: {axis: 1}}",
    "{Softmax: {axis: [1, 2]}}",
    "{Softmax: {axis: -2}}",
    "BatchNormalization",
    "{Conv1D: {filters: 2, kernel_size: 1}}, GlobalAveragePooling1D",
    "{MaxPooling1D: {pool_size: 2}}, {Conv1D: {filters: 2, kernel_size: 1}}, {LSTM: {units: 2}}",
    "{Residual: {layers: [{Conv1D: {filters: 4, kernel_size: 3, padding: same}}]}}, GlobalAveragePooling1D",
]
NOT_READ = [
    "{Dense: {units: 2}}",
    "{Conv1D: {filters: 2, kernel_size: 1}}",
    "{Conv1D: {filters: 2, kernel_size: 1}}, GlobalMaxPooling1D",
    "{AveragePooling1D: {pool_size: 2}}",
    "{GlobalAveragePooling1D: {data_format: channels_first}}",
    "Softmax",
    "LayerNormalization",
    "{BatchNormalization: {trainable: false}}",
    "{Conv1D: {filters: 2, kernel_size: 1}}, GlobalMaxPooling1D, BatchNormalization",
]


@pytest.mark.parametrize("layers", READ)
def test_a_layer_that_would_read_the_mask_is_told(layers: str) -> None:
    assert len(told(one(layers))) == 1
    assert told(one(layers, SEQUENCE.replace("steps", "null")))
    assert not told(one(layers, SEQUENCE.replace("steps", "9")))
    assert not told(one(layers, SEQUENCE.replace("]", "], padding_value: 0.0")))
    assert not told(one(layers, SEQUENCE.replace("]", "], mask_input: a_mask")))
    assert not told(one(layers, more="batch_size: 1\n"))


@pytest.mark.parametrize("layers", NOT_READ)
def test_a_layer_to_which_a_mask_makes_no_difference_is_not(layers: str) -> None:
    assert not told(one(layers))


def test_the_loss_counts_padded_steps() -> None:
    for layers in ("{Dense: {units: 1}}", "{Conv1D: {filters: 2, kernel_size: 1}}"):
        assert not told(one(layers)) and len(told(one(layers, more=TRAINED))) == 1
    assert not told(one("GlobalMaxPooling1D", more=TRAINED))
    heads = "version: 1\nname: t\nbranches: {a: {input: %s}}\nheads: {h: [{Dense: {units: 2}}, {Dense: {units: 1}}], g: [GlobalMaxPooling1D, {Dense: {units: 1}}]}\n%s"
    for losses, count in (("{h: null, g: mse}", 0), ("{h: mse, g: mse}", 1)):
        compilation = load(heads % (SEQUENCE, f"compile: {{optimizer: adam, loss: {losses}}}\n"))
        assert compilation.ok and len(told(compilation)) == count


def test_a_video_and_tokens() -> None:
    frames = "{TimeDistributed: [{Conv2D: {filters: 2, kernel_size: 3}}, BatchNormalization, GlobalAveragePooling2D]}"
    assert not told(one(frames, VIDEO))
    assert len(told(one(f"{frames}, {{LSTM: {{units: 2}}}}", VIDEO))) == 1
    (found,) = told(one(f"{EMBEDDING}, {{LSTM: {{units: 2}}}}", TOKENS))
    assert found.message == "`a` is of any length, and nothing says which steps are padding"
    assert found.help[0].startswith("`mask_zero: true` of the `Embedding`")
    assert not told(one(f"{EMBEDDING[:-2]}, mask_zero: true}}}}, {{LSTM: {{units: 2}}}}", TOKENS))


def test_a_way_out_that_would_lose_the_mask_is_none() -> None:
    (found,) = told(one("{Conv1D: {filters: 2, kernel_size: 1}}, GlobalAveragePooling1D"))
    assert found.help[1] == "a mask from the input would be lost at `Conv1D` on the way"
    assert not any("padding_value" in each for each in found.help)
    (found,) = told(one("GlobalAveragePooling1D"))
    assert "padding_value" in found.help[0] and found.labels[0].message == "`GlobalAveragePooling1D` reads them all here"


def two(layers: str, a: str = SEQUENCE, b: str = SEQUENCE, fusion: str = "strategy: concat") -> Compilation:
    text = f"version: 1\nname: t\nbranches:\n  a: {{input: {a}}}\n  b: {{input: {b}}}\nfusion: {{{fusion}}}\n"
    compilation = load(f"{text}head: [{layers}]\n")
    assert compilation.ok, compilation.diagnostics
    return compilation


def test_one_finding_with_each_input() -> None:
    read = "{LSTM: {units: 2, return_sequences: true}}, {LSTM: {units: 2}}"
    (found,) = told(two(read))
    assert found.labels[-1].message == "`b` too"
    masked = SEQUENCE.replace("]", "], padding_value: 0.0")
    assert told(two(read, masked)) == []


def test_a_padded_query_harms_no_other_step() -> None:
    fixed = "{kind: sequence, shape: [6, 4]}"
    cross = "strategy: cross_attention, query: a"
    assert not told(two("GlobalMaxPooling1D", SEQUENCE, fixed, cross))
    assert len(told(two("GlobalMaxPooling1D", fixed, SEQUENCE, cross))) == 1
    assert len(told(two("GlobalAveragePooling1D", SEQUENCE, fixed, cross))) == 1


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("layers", [each for each in READ if "BatchNormalization" not in each])
def test_padding_changes_what_comes_out(layers: str) -> None:
    """Where it is told; and no more where there is a mask that is not lost, as the help says."""
    import keras
    import numpy

    shorter = numpy.random.default_rng(0).normal(1.0, 1.0, (1, 6, 4)).astype("float32")
    longer = numpy.pad(shorter, ((0, 0), (0, 4), (0, 0)), constant_values=9.0)
    changes = {}
    for input in (SEQUENCE, SEQUENCE.replace("]", "], padding_value: 9.0")):
        keras.utils.clear_session(free_memory=False)
        compilation = one(layers, input)
        if any(each.code.name == "mask-lost" for each in compilation.diagnostics):
            continue
        model = compilation.to_keras()
        left, right = (numpy.asarray(model({"a": each}, training=False)) for each in (shorter, longer))
        changes[input] = float(abs(left - (right[:, :6] if left.ndim > 2 else right)).max())
    assert changes.pop(SEQUENCE) > 1e-4
    assert all(each < 1e-5 for each in changes.values()), changes
