"""Warnings with numbers about what a pass cannot mend: large kernels, no cuDNN, long unrolled loops."""

from __future__ import annotations

import pytest

from cnnlstm_spec.compiler.compile import compile_source
from cnnlstm_spec.text.source import Source

SERIES = "{kind: sequence, shape: [200, 4]}"
PADDED = "{kind: sequence, shape: [frames, 4], padding_value: 0.0}"
VIDEO = "{kind: video, shape: [8, 64, 64, 3]}"
FLAT = "{TimeDistributed: [{Conv2D: {filters: 64, kernel_size: 1}}, Flatten, {Dropout: {rate: 0.1}}]}"


def said(input: str, layers: str, more: str = "") -> list[tuple[str, str]]:
    text = (
        f"version: 1\nname: t\nbranches:\n  x:\n    input: {input}\n    layers: {layers}\nhead: [{{Dense: {{units: 1}}}}]\n{more}"
    )
    compilation = compile_source(Source("t.yaml", text))
    assert compilation.ok, [each.message for each in compilation.diagnostics]
    return [(each.code.name, each.message) for each in compilation.diagnostics]


KERNELS = {
    f"[{FLAT}, {{LSTM: {{units: 16}}}}]": "the kernel of `LSTM` takes 67 MB: it reads 262,144 features",
    f"[{FLAT}, {{Bidirectional: {{layer: {{GRU: {{units: 11}}}}}}}}]": "the kernels of `Bidirectional` take 69 MB: it reads 262,144 features",
    f"[{FLAT}, {{Dense: {{units: 64}}}}, GlobalAveragePooling1D]": "the kernel of `Dense` takes 67 MB: it reads 262,144 features",
}


@pytest.mark.parametrize("layers", KERNELS)
def test_large_kernels(layers: str) -> None:
    # 64 MiB are 67.1 MB: one unit less is silent.
    more = layers.replace("units: 16", "units: 17").replace("units: 64", "units: 65")
    expected = KERNELS[layers].replace("67 MB", "71 MB" if "LSTM" in layers else "68 MB")
    assert said(VIDEO, more) == [("large-kernel", expected)]
    fewer = layers.replace("units: 16", "units: 15").replace("units: 64", "units: 63").replace("units: 11", "units: 10")
    assert said(VIDEO, fewer) == []
    reshaped = more.replace("Flatten", "{Reshape: {target_shape: [-1]}}")
    assert said(VIDEO, reshaped) == [("large-kernel", expected)]


def test_a_kernel_in_half_precision_takes_half() -> None:
    layers = f"[{FLAT}, {{Dense: {{units: 65}}}}]"
    half = "compile: {optimizer: adam, loss: mse, dtype_policy: %s}\n"
    assert "large-kernel" not in [name for name, _ in said(VIDEO, layers, half % "bfloat16")]
    assert "large-kernel" in [name for name, _ in said(VIDEO, layers, half % "mixed_float16")]


def test_a_kernel_that_no_flatten_feeds() -> None:
    assert said("{kind: vector, shape: [100000]}", "[{Dense: {units: 300}}]") == []


SLOW = {
    "{LSTM: {units: 2, recurrent_dropout: 0.1}}": [("cudnn-not-used", "`recurrent_dropout: 0.1` keeps `LSTM` from cuDNN")],
    "{GRU: {units: 2, activation: relu}}": [("cudnn-not-used", "`activation: relu` keeps `GRU` from cuDNN")],
    "{LSTM: {units: 2, activation: relu, recurrent_dropout: 0.1}}": [
        ("cudnn-not-used", "`recurrent_dropout: 0.1` keeps `LSTM` from cuDNN")
    ],
    "{Bidirectional: {layer: {LSTM: {units: 2, recurrent_activation: hard_sigmoid}}}}": [
        ("cudnn-not-used", "`recurrent_activation: hard_sigmoid` keeps `LSTM` from cuDNN")
    ],
    "{LSTM: {units: 2, unroll: true}}": [("unrolled-many-steps", "`unroll: true` writes out 200 steps of `LSTM`")],
    "{SimpleRNN: {units: 2, unroll: true}}": [("unrolled-many-steps", "`unroll: true` writes out 200 steps of `SimpleRNN`")],
    "{LSTM: {units: 2, activation: tanh, recurrent_dropout: 0, unroll: false}}": [],
    "{LSTM: {units: 2, activation: relu, use_cudnn: false}}": [],
    "{SimpleRNN: {units: 2, activation: relu, recurrent_dropout: 0.5}}": [],
}


@pytest.mark.parametrize("layer", SLOW)
def test_what_keeps_layers_from_cudnn(layer: str) -> None:
    assert said(SERIES, f"[{layer}]") == SLOW[layer]


def test_padding_that_comes_first() -> None:
    backwards = "{LSTM: {units: 2, return_sequences: true, go_backwards: true}}"
    found = [("padding-first", "padded steps come first here, which keeps `GRU` from cuDNN")]
    assert said(PADDED, f"[{backwards}, {{GRU: {{units: 2}}}}]") == found
    assert said(PADDED, f"[{backwards}, {{GRU: {{units: 2, use_cudnn: false}}}}]") == []
    assert said(SERIES, f"[{backwards}, {{GRU: {{units: 2}}}}]") == []


def joined(first: str, second: str) -> str:
    inputs = (
        f"  a: {{input: {{kind: sequence, shape: [5, 4]{first}}}}}\n  b: {{input: {{kind: sequence, shape: [6, 4]{second}}}}}\n"
    )
    fusion = "fusion: {strategy: concat, axis: 1, inputs: [a, b]}\nhead: [{LSTM: {units: 2}}]\n"
    return f"version: 1\nname: t\nbranches:\n{inputs}{fusion}"


@pytest.mark.parametrize("first", ["", ", mask_input: am"])
@pytest.mark.parametrize("second", ["", ", mask_input: bm"])
def test_padding_between_real_steps(first: str, second: str) -> None:
    """cuDNN stops at it; behind all real steps it takes it."""
    compilation = compile_source(Source("t.yaml", joined(first, second)))
    assert [each.code.name for each in compilation.diagnostics] == (["padding-first"] if first else [])
    assert ("use_cudnn=False" in compilation.to_python()) == bool(first)


@pytest.mark.parametrize("layer", ["{LSTM: {units: 3}}", "{Bidirectional: {layer: {GRU: {units: 3}}}}"])
@pytest.mark.parametrize("padding", ["", ", padding_value: 0"])
def test_sentences_that_are_all_padding(layer: str, padding: str) -> None:
    """In the batch they are samples without a real step, at which cuDNN stops."""
    words = f"[{{TimeDistributed: [{{Embedding: {{input_dim: 9, output_dim: 4, mask_zero: true}}}}, {layer}]}}, {{LSTM: {{units: 2}}}}]"
    input = f"{{kind: tensor, axes: [sentences, words], shape: [5, 7], dtype: int32{padding}, time_axis: sentences}}"
    text = f"version: 1\nname: t\nbranches: {{x: {{input: {input}, layers: {words}}}}}\nhead: []\n"
    compilation = compile_source(Source("t.yaml", text))
    assert not compilation.diagnostics
    assert compilation.to_python().count("use_cudnn=False") == bool(padding)


def test_cudnn_that_a_person_asks_for_stays() -> None:
    layers = "[{LSTM: {units: 2, return_sequences: true, go_backwards: true}}, {Bidirectional: {layer: {LSTM: {units: 2, use_cudnn: true}}}}]"
    text = f"version: 1\nname: t\nbranches: {{x: {{input: {PADDED}, layers: {layers}}}}}\nhead: []\n"
    assert "use_cudnn=True" in compile_source(Source("t.yaml", text)).to_python()
