"""A value that cannot be read is one finding, whatever depends on it; all of these were found by the fuzz."""

from __future__ import annotations

import pytest

from cnnlstm_spec import load

TWO = "branches: {a: {input: {kind: vector, shape: [4]}}, b: {input: {kind: vector, shape: [4]}}}\n"
SERIES = "branches: {a: {input: {kind: sequence, shape: [8, 4]%s}, layers: [%s]}%s}\n"
BOTH = "branches: {a: {input: {kind: vector, shape: [4]}, layers: [%s, %s]}}\nhead: []"
SHARED = "{Residual: {share: both, layers: [{Dense: {units: %s}}], shortcut: projection}}"
MEASURED = (
    "branches: {a: {input: {kind: %s}, layers: [%s]}}\nhead: [{Dense: {units: 1}}]\n"
    "compile: {loss: mse, metrics: [TopKCategoricalAccuracy], dtype_policy: mixed_float16}"
)
"""What a mask would bring to float32 before it is measured."""


SPECS = {
    "units of a strategy that needs them": TWO + "fusion: {strategy: bilinear, units: $nowhere}\nhead: []",
    "units of another type": TWO + "fusion: {strategy: bilinear, units: {a: 1}}\nhead: []",
    "the query of a strategy": TWO + "fusion: {strategy: cross_attention, query: $nowhere}\nhead: []",
    "one of two that share": BOTH % (SHARED % "$nowhere", SHARED % 4),
    "what decides the axes of a slice": SERIES % ("", "{Slice: {axis: 1, index: $nowhere}}, {RepeatVector: {n: 2}}", "")
    + "head: []",
    "what decides the axes of a function": SERIES % ("", "{Op: {function: max, axis: $nowhere}}, {RepeatVector: {n: 2}}", "")
    + "head: []",
    "the function of an operation": SERIES % ("", "{Op: {functioxn: diagonal, axis1: 1, axis2: 2, name: d}}", "") + "head: []",
    "an operation without its function": SERIES % ("", "{Op: {axis: -1, name: inner}}", "")
    + "fusion: {inputs: [a.inner], layers: [Flatten]}\nhead: []",
    "a function named by another key": SERIES % ("", "{Op: {name: softmax, axis: -1}}", "") + "head: []",
    "the one input of a fusion": SERIES % ("", "Flatten", "") + "fusion: {inputsq: [a], layers: [Flatten]}\nhead: []",
    "the layer of a head": TWO
    + "fusion: {strategy: add}\nheads: {c: [], d: {inputs: [heads.c, a], layerq: Subtract, layers: []}}",
    "a key of branches that are written once": '"a_${at}": {each: {at: [1, 2]}, inputq: {kind: vector, shape: [4]}}'.join(
        ("branches: {", "}\nfusion: {strategy: add}\nhead: []")
    ),
    "the kind of a text": "branches: {a: {input: {kndz: text}, layers: [{TextVectorization: {vocabulary: [a]}}]}}\nhead: []",
    "a state": "branches: {a: {input: {kind: sequence, shape: [8, 4]}, layers: [{LSTM: {units: 3, initial_state: [b, b]}}]}, "
    "b: {input: {kind: vector, shape: [4]}, layers: [{Dense: {units: $nowhere}}]}}\nhead: {inputs: [a], layers: []}",
    "a width that a product needs": "branches: {a: {input: {kind: vector, shape: [4]}, layers: [{Dense: {unitsq: 3}}, "
    "{Activation: {activation: relu}}]}, b: {input: {kind: vector, shape: [3]}}}\nfusion: {layer: {Dot: {axes: -1}}}\nhead: []",
    "a width of a square": "branches: {a: {input: {kind: sequence, shape: [6, 4]}, layers: [{Dense: {unitsq: 6}}, "
    "{Op: {function: inv}}]}}\nhead: [Flatten]",
    "padding of known steps": SERIES
    % (
        ", padding_value: $nowhere",
        "Flatten",
        ", b: {input: {kind: sequence, shape: [8, 4], padding_value: 0}, layers: [Flatten], share_layers_with: a}",
    )
    + "fusion: {layer: {Dot: {axes: -1}}}\nhead: []",
    "padding of measured steps": MEASURED % ("sequence, shape: [8, 4], padding_value: $nowhere", "Identity"),
    "a key of branches of each": "branches:\n  a_${n}: {each: {n: [1, 2]}, inputq: {kind: vector, shape: [4]}}\n"
    "fusion: {strategy: add}\nhead: []",
    "what comes to a table of few positions": "branches: {a: {input: {kind: tensor, shape: [2, 2, 5], axes: [x, y, z]}, layers: "
    "[{DepthwiseConv2D: {strides: 4, kernel_sizeq: 2, padding: same}}, {TimeDistributed: [{Residual: {layers: "
    "[{PositionEmbedding: {sequence_length: 40}}, {GlobalMaxPooling1D: {keepdims: true}}]}}]}]}}\nhead: [Flatten]",
    "the loss that metrics disagree about": "branches: {a: {input: {kind: vector, shape: [4]}}}\nhead: [{Dense: {units: 3}}]\n"
    "compile: {loss: $nowhere, metrics: [categorical_accuracy, sparse_categorical_accuracy]}",
    "the strategy of a fusion of one": "branches: {a: {input: {kind: vector, shape: [4]}}}\n"
    "fusion: {strategyq: attention, pool: none, inputs: [a]}\nhead: []",
    "the inputs of a fusion of one": TWO + "fusion: {inptsz: a}\nhead: []",
    "an argument of a backbone": "branches: {a: {input: {kind: image, shape: [32, 32, 3]}, layers: [{MobileNetV3Small: "
    "{weightsq: null, include_top: false, alpha: 0.35}}, GlobalAveragePooling2D]}}\nhead: []",
    "an inner layer of a backbone": "branches: {a: {input: {kind: image, shape: [32, 32, 3]}, layers: [{MobileNetV2: "
    "{weights: null, include_top: false, name: base, train_from: out_relu}}]}}\nheads: {one: {inputs: [a.base.out_reluzq]}, "
    "two: {inputs: [a.base.Conv1_relu]}}",
    "the kind of a number without axes": "branches: {a: {input: {kindx: tokens, shape: []}, layers: [{Embedding: "
    "{input_dim: 8, output_dim: 3}}]}, b: {input: {kind: tokens, shape: []}, share_layers_with: a}}\n"
    "fusion: {layer: {Concatenate: {axis: 1}}}\nhead: []",
    "how often an operation is repeated": SERIES
    % (
        "",
        "{TimeDistributed: [{Repeat: {times: $nowhere, layers: [{Op: {function: var, axis: -1}}]}}]}, {RepeatVector: {n: 2}}",
        "",
    )
    + "head: []",
    "the mask of measured steps": MEASURED % ("sequence, shape: [8, 4], mask_input: [1]", "Identity"),
    "a masking of measured steps": MEASURED % ("sequence, shape: [8, 4]", "{Masking: {mask_value: $nowhere}}"),
    "a table of measured tokens": MEASURED
    % ("tokens, shape: [8]", "{Embedding: {input_dim: 9, output_dim: $nowhere, mask_zero: true}}"),
}


ONE = (["unknown-variable"], ["missing-key"], ["wrong-type"], ["unknown-key"], ["unknown-reference"])


@pytest.mark.parametrize("name", SPECS)
def test_it_is_told_once(name: str) -> None:
    errors = [each for each in load(f"version: 1\nname: t\n{SPECS[name]}\n").diagnostics if each.severity == "error"]
    assert [each.code.name for each in errors] in ONE, errors


@pytest.mark.parametrize(
    ("arguments", "told"), [("{axis: -1, name: inner}", "{axis: -1, name: inner}"), ("{name: softmax, axis: -1}", "name")]
)
def test_a_function_that_is_missing_is_told_where_it_is_to_be_written(arguments: str, told: str) -> None:
    text = f"version: 1\nname: t\n{SERIES % ('', f'{{Op: {arguments}}}', '')}head: []\n"
    (error,) = [each for each in load(text).diagnostics if each.severity == "error"]
    assert text[error.place.span.start : error.place.span.end] == told
