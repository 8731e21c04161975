"""What people type first is mended where it is plain what they mean: the line that a message offers is written for them."""

from __future__ import annotations

import pytest
from told import hold_told

from cnnlstm_spec.compiler.fixes import Clock, mend
from cnnlstm_spec.compiler.variants import sweep
from cnnlstm_spec.text.source import Source

SPEC = """version: 1
name: habits
branches:
  x:
    input: {kind: vector, shape: [8]}
    layers:
      - LAYER
head: [{Dense: {units: 1}}]
compile:
  optimizer: adam
  loss: mse
"""
LAYERS = {
    "keras.layers.Dense: {units: 3}": "Dense: {units: 3}",
    "Dense: 3": "Dense: {units: 3}",
    "Dense:\n        units: 3\n        activation: relu  # a": "Dense:\n          units: 3\n          activation: relu  # a",
    "Dense: {units: 3, input_shape: [8]}": "Dense: {units: 3}",
    "activation: relu": "Activation: {activation: relu}",
    "ThresholdedReLU": "ReLU: {threshold: 1.0}",
    "SpectralNormalization: {Dense: {units: 3}}": "SpectralNormalization: {layer: {Dense: {units: 3}}}",
    "Softmax: {dim: 1}": "Softmax: {axis: 1}",
}
STEPS = {
    "CuDNNLSTM: {units: 3}": "LSTM: {units: 3}",
    "Bidirectional: {LSTM: {units: 3}}": "Bidirectional: {layer: {LSTM: {units: 3}}}",
    "Bidirectional:\n          LSTM:\n            units: 3": "Bidirectional:\n          layer:\n            LSTM:\n              units: 3",
    "LSTM: {units: 3, implementation: 2}": "LSTM: {units: 3}",
}
PLACES = [
    ("compile:\n  optimizer: adam\n  loss: mse\n", "optimizer: adam\nloss: mse\n", "compile:\n  optimizer: adam\n  loss: mse\n"),
    ("  loss: mse\n", "loss: mse\n", "  loss: mse\n"),
    ("  optimizer: adam\n", "  optimizer: adam\n  lr: 0.01\n", "  optimizer: {Adam: {learning_rate: 0.01}}\n"),
    ("  optimizer: adam\n", "  learning_rate: 0.01\n", "  optimizer: {Adam: {learning_rate: 0.01}}\n"),
    (
        "  optimizer: adam\n",
        "  optimizer: {SGD: {momentum: 0.9}}\n  learning_rate: 0.01\n",
        "  optimizer: {SGD: {momentum: 0.9, learning_rate: 0.01}}\n",
    ),
    ("  optimizer: adam\n", "  optimizer: {type: Adam, lr: 0.01}\n", "  optimizer: {Adam: {learning_rate: 0.01}}\n"),
    ("  loss: mse\n", "  loss: {type: mse}\n", "  loss: mse\n"),
    ("  loss: mse\n", "  loss: mse\n  metrics: {name: mae}\n", "  loss: mse\n  metrics: [mae]\n"),
    ("  loss: mse\n", "  loss: mse\n  mixed_precision: true\n", "  loss: mse\n  dtype_policy: mixed_float16\n"),
    ("compile:\n", "epochs: 3\ncompile:\n", "fit:\n  epochs: 3\ncompile:\n"),
    ("  loss: mse\n", "  loss: mse\n  epochs: 3\n", "  loss: mse\n"),
    ("input: {kind: vector, shape: [8]}", "input: [8]", "input: {kind: vector, shape: [8]}"),
    ("input: {kind: vector, shape: [8]}", "kind: vector\n    shape: [8]", "input:\n      kind: vector\n      shape: [8]"),
]
DATA = "data:\n  train: a.csv\n  inputs: {x: {columns: [a, b, c, d, e, f, g, h]}}\nfit:\n  epochs: 9\n"
SECTIONS = [
    ("  epochs: 9\n", "  epochs: 9\n  validation_split: 0.1\n", "validation: {fraction: 0.1}"),
    ("  epochs: 9\n", "  epochs: 9\n  validation_data: b.csv\n", "validation: b.csv"),
    ("  epochs: 9\n", "  epochs: 9\n  metrics: [mae]\n", "  metrics: [mae]\n"),
    ("  epochs: 9\n", "  epochs: 9\n  verbose: 1\n", "  epochs: 9\n"),
    ("  epochs: 9\n", "  epochs: 9\n  phases: [{name: a, epochs: 2}]\n", "  phases: [{name: a, epochs: 2}]\n"),
    ("  epochs: 9\n", "  epochs: 9\n  monitor: val_loss\n", "validation: {fraction: 0.2}"),
    ("  epochs: 9\n", "  epochs: 9\n  callbacks: [{EarlyStopping: {monitor: los, patience: 2}}]\n", "monitor: loss"),
    ("  epochs: 9\n", "  epochs: 9\n  callbacks: [{EarlyStopping: {monitor: loss, patience: 90}}]\n", "patience: 7"),
    ("  epochs: 9\n", "  epochs: 9\n  callbacks: [CSVLogger]\n", "callbacks: []"),
    ("g, h]", "g]", "shape: [7]"),
]


def mended(text: str, request: pytest.FixtureRequest) -> str:
    prepared = sweep(Source("habits.yaml", text))
    hold_told(prepared.compile_plain().diagnostics, request)
    found = mend(prepared, True, Clock(lambda: 0.0))
    assert not found.found, [each.message for each in found.found]
    ((_, after),) = found.changed
    return after


@pytest.mark.parametrize("written", LAYERS)
def test_a_layer(written: str, request: pytest.FixtureRequest) -> None:
    assert mended(SPEC.replace("LAYER", written), request) == SPEC.replace("LAYER", LAYERS[written])


@pytest.mark.parametrize("written", STEPS)
def test_a_layer_of_steps(written: str, request: pytest.FixtureRequest) -> None:
    steps = SPEC.replace("vector, shape: [8]", "sequence, shape: [20, 8]")
    assert mended(steps.replace("LAYER", written), request) == steps.replace("LAYER", STEPS[written])


@pytest.mark.parametrize(("sound", "written", "meant"), PLACES)
def test_a_key_that_stands_elsewhere(sound: str, written: str, meant: str, request: pytest.FixtureRequest) -> None:
    text = SPEC.replace("LAYER", "Dense: {units: 3}")
    assert sound in text
    after = mended(text.replace(sound, written), request)
    assert meant in after and after.count("loss: mse") == 1


@pytest.mark.parametrize(("sound", "written", "meant"), SECTIONS)
def test_sections(sound: str, written: str, meant: str, request: pytest.FixtureRequest) -> None:
    text = SPEC.replace("LAYER", "Dense: {units: 3}") + DATA
    assert sound in text
    assert meant in mended(text.replace(sound, written), request)
