"""Mistakes in networks of the size that people write: each is found at its line, mended to silence, and its right form is silent."""

from __future__ import annotations

import pytest

from cnnlstm_spec.compiler.fixes import Clock, mend
from cnnlstm_spec.compiler.variants import sweep
from cnnlstm_spec.text.diagnostic import Diagnostic
from cnnlstm_spec.text.source import Source

TILES = """branches:
  tile:
    input: {kind: image, shape: [128, 128, 4]}
    layers:
      - Rescaling: {scale: 1/255}
      - Conv2D: {filters: 32, kernel_size: 3, activation: relu}
      - MaxPooling2D
      - Conv2D: {filters: 64, kernel_size: 3, activation: relu}
      - GlobalAveragePooling2D
head:
  - Dense: {units: 17, activation: sigmoid}
compile: {optimizer: adam, loss: binary_crossentropy, metrics: [binary_accuracy, {F1Score: {average: macro, threshold: 0.5}}]}
targets: {head: {encoding: multi_hot, classes: 17}}
"""
AGE = """branches:
  face:
    input: {kind: image, shape: [200, 200, 3]}
    layers:
      - ResNet50: {weights: imagenet, include_top: false, pooling: avg, preprocess_input: true}
      - Dropout: {rate: 0.3}
head:
  - Dense: {units: 1, activation: relu}
compile: {optimizer: {Adam: {learning_rate: 1e-4}}, loss: mae, metrics: [mse]}
targets: {head: {encoding: real, shape: [1], range: [0, 120]}}
"""
REVIEWS = """branches:
  review:
    input: {kind: tokens, shape: [400]}
    layers:
      - Embedding: {input_dim: 20000, output_dim: 64, mask_zero: true}
      - Bidirectional: {layer: {LSTM: {units: 48, return_sequences: true}}}
      - GlobalAveragePooling1D
      - Dense: {units: 32, activation: relu}
head:
  - Dense: {units: 1, activation: sigmoid}
compile: {optimizer: rmsprop, loss: binary_crossentropy, metrics: [accuracy, AUC]}
"""
SLICES = """branches:
  slice:
    input: {kind: image, shape: [256, 256, 1]}
    layers:
      - Rescaling: {scale: 1/255}
      - Conv2D: {filters: 16, kernel_size: 3, padding: same, activation: relu, name: enc}
      - MaxPooling2D
      - Conv2D: {filters: 32, kernel_size: 3, padding: same, activation: relu}
      - UpSampling2D
fusion: {strategy: concat, inputs: [slice.enc, slice], layers: [{Conv2D: {filters: 16, kernel_size: 3, padding: same, activation: relu}}]}
head:
  - Conv2D: {filters: 5, kernel_size: 1, activation: softmax}
compile: {optimizer: adam, loss: sparse_categorical_crossentropy, metrics: [sparse_categorical_accuracy, {MeanIoU: {num_classes: 5, sparse_y_pred: false}}]}
"""
LOAD = """branches:
  load:
    input: {kind: sequence, shape: [168, 7]}
    layers:
      - LSTM: {units: 64, return_sequences: true}
      - Dropout: {rate: 0.2}
      - LSTM: {units: 32}
head:
  - Dense: {units: 24}
compile: {optimizer: {Adam: {learning_rate: 1e-3, clipnorm: 1.0}}, loss: mse, metrics: [mae]}
targets: {head: {encoding: real, shape: [24], range: [0, 90000]}}
"""
LEAVES = """branches:
  leaf:
    input: {kind: image, shape: [224, 224, 3]}
    layers:
      - RandomFlip: {mode: horizontal}
      - RandomBrightness: {factor: 0.2}
      - EfficientNetB0: {weights: imagenet, include_top: false, pooling: avg, trainable: false}
      - Dense: {units: 128, activation: relu}
      - BatchNormalization
head:
  - Dense: {units: 38, activation: softmax}
compile: {optimizer: adam, loss: sparse_categorical_crossentropy, metrics: [accuracy]}
"""
PAIRS = """branches:
  a:
    input: {kind: image, shape: [64, 64, 1]}
    layers:
      - Rescaling: {scale: 1/255}
      - Conv2D: {filters: 16, kernel_size: 5, activation: relu}
      - MaxPooling2D
      - Flatten
      - Dense: {units: 64}
  b:
    input: {kind: image, shape: [64, 64, 1]}
    share_layers_with: a
fusion: {layer: Subtract, layers: [{Op: {function: square}}, {Op: {function: sum, axis: -1, keepdims: true}}, {Rescaling: {scale: 1.0, offset: 1e-6}}, {Op: {name: sqrt}}]}
head:
  - Dense: {units: 1, activation: sigmoid}
compile: {optimizer: adam, loss: binary_crossentropy, metrics: [accuracy]}
"""
SCANS = """branches:
  ct:
    input: {kind: volume, shape: [32, 128, 128, 1]}
    layers:
      - Conv3D: {filters: 8, kernel_size: 3, use_bias: false}
      - BatchNormalization
      - ReLU
      - MaxPooling3D
      - Conv3D: {filters: 16, kernel_size: 3, activation: relu}
      - GlobalAveragePooling3D
head:
  - Dense: {units: 2, activation: softmax}
compile: {optimizer: {SGD: {learning_rate: 0.01, momentum: 0.9}}, loss: categorical_crossentropy, metrics: [accuracy]}
"""
BEATS = """branches:
  ecg:
    input: {kind: sequence, shape: [200, 2], padding_value: 0.0}
    layers:
      - LSTM: {units: 32, return_sequences: true}
      - LSTM: {units: 16, return_sequences: true}
head:
  - TimeDistributed: [{Dense: {units: 2}}]
compile: {optimizer: adam, loss: mse}
"""

LOGITS = REVIEWS.replace("units: 1, activation: sigmoid", "units: 1").replace(
    "loss: binary_crossentropy, metrics: [accuracy, AUC]",
    "loss: {BinaryCrossentropy: {from_logits: true}}, metrics: [{BinaryAccuracy: {threshold: 0.0}}, {AUC: {from_logits: true}}]",
)
BOTH_WAYS = LOAD.replace(
    "  - LSTM: {units: 64, return_sequences: true}\n",
    "  - Parallel:\n          paths:\n            on: [{GRU: {units: 32, return_sequences: true}}]\n"
    "            back: [{GRU: {units: 32, return_sequences: true, go_backwards: true}}, {Op: {function: flip, axis: 1}}]\n"
    "          merge: concat\n",
)
MARGINS = (
    AGE.replace("units: 1, activation: relu", "units: 1")
    .replace("loss: mae, metrics: [mse]", "loss: hinge")
    .partition("targets")[0]
)
ONE_OF_38 = f"{LEAVES}targets: {{head: {{encoding: integer, classes: 38}}}}\n"
LAST = REVIEWS.replace("      - GlobalAveragePooling1D\n", "").replace("units: 48, return_sequences: true", "units: 48")
UNMASKED = BEATS.replace(", padding_value: 0.0", "")
LOGARITHM = PAIRS.replace("{Rescaling: {scale: 1.0, offset: 1e-6}}, {Op: {name: sqrt}}", "{Op: {function: log1p}}")
SOFTPLUS = AGE.replace("activation: relu", "activation: softplus")

MISTAKES = [
    (TILES, "binary_accuracy", "accuracy", "accuracy-of-one-class", 14),
    (TILES, "activation: sigmoid", "activation: softmax", "target-activation", 15),
    (TILES, "average: macro, threshold: 0.5", "average: macro", "score-without-threshold", 14),
    (TILES, "loss: binary_cross", "loss: categorical_cross", "target-loss", 14),
    (AGE, "metrics: [mse]", "metrics: [accuracy]", "accuracy-of-numbers", 11),
    (AGE, "1, activation: relu", "1, activation: sigmoid", "target-range", 12),
    (AGE, "1, activation: relu", "1, activation: tanh", "target-range", 12),
    (AGE, "      - ResNet50", "      - Rescaling: {scale: 1/255}\n      - ResNet50", "pixels-scaled-twice", 7),
    (AGE, "rate: 0.3", "rate: 30", "out-of-range", 8),
    (AGE, "weights: imagenet", "weights: null, trainable: false", "frozen-at-random", 7),
    (REVIEWS, "- GlobalAveragePooling1D", "- Flatten", "mask-lost", 9),
    (REVIEWS, "loss: binary_crossentropy", "loss: {BinaryCrossentropy: {from_logits: true}}", "logits-expected", 12),
    (LOGITS, "{BinaryAccuracy: {threshold: 0.0}}", "accuracy", "threshold-on-logits", 13),
    (LOGITS, "{AUC: {from_logits: true}}", "AUC", "threshold-on-logits", 13),
    (REVIEWS, "activation: sigmoid", "activation: softmax", "softmax-over-one", 12),
    (REVIEWS, ", return_sequences: true", "", "wrong-rank", 9),
    (SLICES, "1, activation: softmax", "1, activation: sigmoid", "sigmoid-with-categorical", 14),
    (SLICES, ", sparse_y_pred: false", "", "metric-labels", 15),
    (SLICES, "32, kernel_size: 3, padding: same", "32, kernel_size: 3", "sizes-differ", 12),
    (SLICES, "1, activation: softmax}", "1}\n  - Softmax: {axis: 1}", "probabilities-along-steps", 15),
    (SLICES, "softmax}\n", "softmax}\n  - BatchNormalization\n", "probabilities-changed", 15),
    (LOAD, "metrics: [mae]", "metrics: [mae], dtype_policy: mixed_float16", "beyond-float16", 11),
    (LOAD, "units: 32", "units: 32, dropout: 20", "rate-clipped", 9),
    (LOAD, "units: 24", "units: 24, activation: tanh", "target-range", 13),
    (LOAD, "units: 24", "units: 12", "target-shape", 13),
    (BOTH_WAYS, ", {Op: {function: flip, axis: 1}}", "", "steps-reversed", 10),
    (LOAD, "[168, 7]", "[1, 7]", "one-step", 7),
    (
        BEATS,
        "units: 16, return",
        "units: 16}\n      - RepeatVector: {n: 200}\n      - LSTM: {units: 16, return",
        "padding-made-anew",
        9,
    ),
    (
        UNMASKED,
        "layers:\n",
        "layers:\n      - LayerNormalization\n      - Masking: {mask_value: 0.0}\n",
        "masking-never-fires",
        8,
    ),
    (LEAVES, "[accuracy]", "[accuracy, Precision]", "metric-labels", 14),
    (LEAVES, "softmax}\n", "softmax}\n  - Dropout: {rate: 0.5}\n", "probabilities-changed", 14),
    (LEAVES, "38, activation: softmax", "38", "probabilities-expected", 13),
    (ONE_OF_38, "units: 38", "units: 37", "target-width", 15),
    (ONE_OF_38, "encoding: integer", "encoding: one_hot", "target-loss", 14),
    (PAIRS, "{Rescaling: {scale: 1.0, offset: 1e-6}}, ", "", "outside-its-domain", 15),
    (PAIRS, "axis: -1, keepdims", "axis: 0, keepdims", "works-over-the-batch", 15),
    (LOGARITHM, "{Op: {function: log1p}}", "{ReLU: {}}, {Op: {name: log}}", "outside-its-domain", 15),
    (MARGINS, "loss: hinge", "loss: hinge, metrics: [accuracy]", "accuracy-of-margins", 11),
    (SCANS, "[accuracy]", "[accuracy, Precision, Recall]", "precision-is-accuracy", 15),
    (SCANS, "- BatchNormalization", "- BatchNormalization: {axis: 1}", "norm-not-over-channels", 8),
    (SCANS, "Conv3D: {filters: 16", "Conv2D: {filters: 16", "wrong-rank", 11),
    (
        SCANS,
        "      - Conv3D: {filters: 8",
        "      - Reshape: {target_shape: [128, 128, 32, 1]}\n      - Conv3D: {filters: 8",
        "reshape-swaps-axes",
        7,
    ),
]
"""A network, what is right in it and what is wrong, the code, and its line."""
UNMENDED = [
    (REVIEWS, "      - Bidirectional", "      - Conv1D: {filters: 64, kernel_size: 5}\n      - Bidirectional", "mask-lost", 8),
    (
        LAST,
        "units: 48}}}",
        "units: 48, return_sequences: true}}}\n      - Slice: {axis: 1, index: -1}",
        "mask-lost",
        9,
    ),
    (
        PAIRS,
        "  b:\n    input: {kind: image, shape: [64, 64, 1]}",
        "  b:\n    input: {kind: image, shape: [60, 60, 1]}",
        "shared-weights-differ",
        11,
    ),
]
"""Those to which a person has to know more."""


def find(text: str) -> list[Diagnostic]:
    found = sweep(Source("spec.yaml", f"version: 1\nname: n\n{text}")).find_in_all()
    return [each for each in found if each.severity != "advice"]


@pytest.mark.parametrize(("network", "right", "wrong", "code", "line"), [*MISTAKES, *UNMENDED])
def test_a_mistake_is_found_at_its_line(network: str, right: str, wrong: str, code: str, line: int) -> None:
    assert right in network
    (found,) = find(network.replace(right, wrong))
    span = found.place.span
    assert (found.code.name, span.source.find_position(span.start)[0]) == (code, line)
    assert found.help


@pytest.mark.parametrize(("network", "right", "wrong", "code", "line"), MISTAKES)
def test_it_is_mended_to_silence(network: str, right: str, wrong: str, code: str, line: int) -> None:
    text = f"version: 1\nname: n\n{network.replace(right, wrong)}"
    after = mend(sweep(Source("spec.yaml", text)), True, Clock(lambda: 0.0))
    assert not after.found and after.changed


@pytest.mark.parametrize("network", {each[0]: None for each in (*MISTAKES, *UNMENDED)})
def test_the_right_form_is_silent(network: str) -> None:
    assert not find(network)


def test_one_turn_mends_a_chain_of_single_steps() -> None:
    """The second layer reads what the first gives, and is not turned too."""
    text = f"version: 1\nname: n\n{LOAD.replace('[168, 7]', '[1, 7]')}"
    ((_, after),) = mend(sweep(Source("spec.yaml", text)), True, Clock(lambda: 0.0)).changed
    assert after.count("Permute") == 1


def test_scaled_pixels_are_found_behind_a_drawn_brightness() -> None:
    scaled = LEAVES.replace("      - RandomFlip", "      - Rescaling: {scale: 1/255}\n      - RandomFlip")
    told = scaled.replace("factor: 0.2", "factor: 0.2, value_range: [0, 1]")
    assert [each.code.name for each in find(told)] == ["pixels-scaled-twice"]
    assert [each.code.name for each in find(scaled)] == ["pixels-scaled-twice", "value-range-differs"]
