"""What trains and is not meant, in other instances than those of the pages: found under its code, and mended where it can be."""

from __future__ import annotations

import pytest

from cnnlstm_spec.compiler.fixes import Clock, mend
from cnnlstm_spec.compiler.variants import sweep
from cnnlstm_spec.text.source import Source

VECTOR, STEPS = "{kind: vector, shape: [8]}", "{kind: sequence, shape: [20, 8]}"
PADDED, IMAGE = "{kind: sequence, shape: [20, 8], padding_value: 0}", "{kind: image, shape: [32, 32, 3]}"
LOGITS, HINGE = "{BinaryCrossentropy: {from_logits: true}}", "hinge"
CLASSES = "categorical_crossentropy"
PRETRAINED = "{weights: imagenet, include_top: false, pooling: avg}"
FORWARD, BACK = "{GRU: {units: 4, return_sequences: true}}", "{GRU: {units: 4, return_sequences: true, go_backwards: true}}"


def spec(input: str, layers: str, head: str = "[{Dense: {units: 1}}]", **section: str) -> str:
    """A spec of one branch; `targets` beside the keys of `compile`."""
    targets = section.pop("targets", "")
    compiled = "compile: {" + ", ".join(f"{key}: {value}" for key, value in section.items()) + "}\n" if section else ""
    more = f"targets: {{head: {targets}}}\n" if targets else ""
    listed = "".join(f"      - {each}\n" for each in layers.split("; ") if each)
    written = f"    layers:\n{listed}" if listed else ""
    return f"version: 1\nname: k\nbranches:\n  x:\n    input: {input}\n{written}head: {head}\n{compiled}{more}"


def head(units: int, activation: str = "linear") -> str:
    return f"[{{Dense: {{units: {units}, activation: {activation}}}}}]"


NUMBERS = "sparse_categorical_crossentropy"
PREDICTED = "[{OneHotMeanIoU: {num_classes: 4, sparse_y_pred: true}}]"
BEST_THREE = "[{SparseTopKCategoricalAccuracy: {k: 3}}]"
TO_TEN = "{encoding: real, shape: [1], range: [0, 10]}"
BELOW = "{encoding: real, shape: [1], range: [-1, null]}"
CROSSED = "\nfusion:\n- {{name: y, inputs: [x]}}\n- {{name: z, strategy: cross_attention, query: x, inputs: [{}]}}"
SCALED = "Rescaling: {scale: 1/255}"
SHIFTED = "Op: {function: subtract, x2: 127.5}; Op: {function: divide, x2: 127.5}"
DEVIATION = "Op: {function: std, axis: 1}"
MENDED = [
    ("labels-outside-the-loss", spec(VECTOR, "", head(1), loss="msle", targets=BELOW)),
    ("labels-outside-the-loss", spec(VECTOR, "", head(1), loss="{MeanSquaredLogarithmicError: {}}", targets=BELOW)),
    ("accuracy-of-one-class", spec(VECTOR, "", head(6), loss=LOGITS, metrics="[accuracy]")),
    ("threshold-on-logits", spec(VECTOR, "", head(1), loss=LOGITS, metrics="[{F1Score: {threshold: 0.5}}]")),
    ("threshold-on-logits", spec(VECTOR, "", head(1), loss=LOGITS, metrics="[{Recall: {thresholds: 0.7}}]")),
    ("threshold-on-logits", spec(VECTOR, "", head(1), loss=LOGITS, metrics="[{BinaryIoU: {threshold: 0.5}}]")),
    ("threshold-on-logits", spec(VECTOR, "", head(1), loss=LOGITS, metrics="[{PrecisionAtRecall: {recall: 0.5}}]")),
    ("threshold-on-logits", spec(VECTOR, "", head(4), loss="{CategoricalCrossentropy: {from_logits: true}}", metrics="[AUC]")),
    ("metric-without-meaning", spec(VECTOR, "", head(1, "sigmoid"), loss="bce", metrics="[{OneHotMeanIoU: {num_classes: 2}}]")),
    ("metric-without-meaning", spec(VECTOR, "", head(4, "softmax"), loss=CLASSES, metrics="[{MeanIoU: {num_classes: 4}}]")),
    ("metric-without-meaning", spec(VECTOR, "", head(4, "softmax"), loss=NUMBERS, metrics=PREDICTED)),
    ("precision-is-accuracy", spec(VECTOR, "", head(5, "softmax"), loss=CLASSES, metrics="[{F1Score: {average: micro}}]")),
    ("accuracy-of-margins", spec(VECTOR, "", head(1), loss=HINGE, metrics="[AUC]")),
    ("accuracy-of-margins", spec(VECTOR, "", head(1, "tanh"), loss="squared_hinge", metrics="[Precision]")),
    ("metric-without-meaning", spec(VECTOR, "", head(4, "softmax"), loss=CLASSES, metrics="[top_k_categorical_accuracy]")),
    ("metric-without-meaning", spec(VECTOR, "", head(3, "softmax"), loss=NUMBERS, metrics=BEST_THREE)),
    ("positive-expected", spec(VECTOR, "", head(1), loss="mse", metrics="[Poisson]")),
    ("probabilities-expected", spec(VECTOR, "", head(5, "relu"), loss="mse", metrics="[kl_divergence]")),
    ("probabilities-expected", spec(VECTOR, "", head(5), loss="categorical_hinge", metrics="[AUC]")),
    ("probabilities-expected", spec(VECTOR, "", head(5, "tanh"), loss="categorical_hinge", metrics="[Precision]")),
    ("probabilities-expected", spec(VECTOR, "", head(1), loss=HINGE, metrics="[{F1Score: {threshold: 0.5}}]")),
    ("outside-its-domain", spec(VECTOR, "Dense: {units: 4, activation: relu}; Op: {function: rsqrt}")),
    ("outside-its-domain", spec(VECTOR, "Dense: {units: 4, activation: relu}; Op: {function: power, x2: 0.5}", loss="mse")),
    ("outside-its-domain", spec(VECTOR, "Dense: {units: 4}; Op: {function: arcsin}")),
    ("outside-its-domain", spec(VECTOR, "Dense: {units: 4}; Op: {function: log1p}")),
    ("outside-its-domain", spec(VECTOR, "Dense: {units: 4, activation: hard_tanh}; Op: {function: erfinv}")),
    ("one-step", spec("{kind: sequence, shape: [1, 8]}", "MultiHeadAttention: {num_heads: 2, key_dim: 4}; Flatten")),
    ("logits-expected", spec(VECTOR, "", "[{Dense: {units: 1}}, {Op: {function: sigmoid}}]", loss=LOGITS)),
    ("softmax-with-binary", spec(VECTOR, "", "[{Dense: {units: 3}}, {Op: {function: softmax}}]", loss="bce")),
    ("softmax-over-one", spec(VECTOR, "", "[{Dense: {units: 1}}, Softmax]", loss="bce")),
    ("masking-never-fires", spec(STEPS, "ReLU; Masking: {mask_value: -1}; LSTM: {units: 4}")),
    ("masking-never-fires", spec(STEPS, "Op: {function: add, x2: 1}; Masking; LSTM: {units: 4}")),
    ("masking-never-fires", spec(STEPS, "Op: {name: exp}; Masking; LSTM: {units: 4}")),
    ("masking-never-fires", spec(STEPS, "Softmax; Masking; LSTM: {units: 4}")),
    ("masking-never-fires", spec(STEPS, "Residual: {layers: [{Dense: {units: 8}}]}; Masking; LSTM: {units: 4}")),
    ("masking-never-fires", spec(STEPS, "TimeDistributed: [{Dense: {units: 3}}]; Masking; LSTM: {units: 4}")),
    (
        "masking-never-fires",
        spec("{kind: tokens, shape: [9]}", "Embedding: {input_dim: 9, output_dim: 4}; Masking; LSTM: {units: 4}"),
    ),
    (
        "padding-made-anew",
        spec(PADDED, "LSTM: {units: 4}; Dense: {units: 80}; Reshape: {target_shape: [20, 4]}", head(8), loss="mse"),
    ),
    ("padding-made-anew", spec(PADDED, "Bidirectional: {layer: {GRU: {units: 4}}}; RepeatVector: {n: 20}", head(8), loss="mse")),
    ("pixels-scaled-otherwise", spec(IMAGE, f"Rescaling: {{scale: 1/127.5, offset: -1}}; DenseNet121: {PRETRAINED}")),
    ("pixels-not-scaled", spec(IMAGE, f"DenseNet169: {PRETRAINED}")),
    ("pixels-scaled-twice", spec(IMAGE, f"Rescaling: {{scale: 1/127.5, offset: -1}}; ConvNeXtTiny: {PRETRAINED}")),
    ("probabilities-along-steps", spec(STEPS, "", "[{Dense: {units: 5}}, {Softmax: {axis: [1, 2]}}]", loss=CLASSES)),
    (
        "probabilities-changed",
        spec(VECTOR, "", "[{Dense: {units: 5, activation: softmax}}, {Rescaling: {scale: 10}}]", loss=CLASSES),
    ),
    (
        "channels-come-first",
        spec("{kind: image, shape: [3, 64, 64]}", "Rescaling: {scale: 1/255}; Conv2D: {filters: 4, kernel_size: 3}; Flatten"),
    ),
    ("channels-come-first", spec("{kind: volume, shape: [1, 32, 32, 32]}", "Conv3D: {filters: 4, kernel_size: 1}; Flatten")),
    (
        "channels-come-first",
        spec(
            "{kind: video, shape: [9, 3, 64, 64]}",
            "TimeDistributed: [{Conv2D: {filters: 4, kernel_size: 3}}, Flatten]; LSTM: {units: 4}",
        ),
    ),
    ("reshape-swaps-axes", spec(IMAGE, "Reshape: {target_shape: [3, 32, 32]}; Flatten")),
    ("reshape-swaps-axes", spec(STEPS, "Reshape: {target_shape: [8, 20, 1]}; Flatten")),
    ("reshape-swaps-axes", spec("{kind: image, shape: [32, 100, 8]}", "Reshape: {target_shape: [100, 256]}; LSTM: {units: 4}")),
    (
        "softmax-not-over-channels",
        spec(
            IMAGE, "Conv2D: {filters: 4, kernel_size: 1, data_format: channels_first}; Activation: {activation: softmax}; Flatten"
        ),
    ),
    ("rate-clipped", spec(STEPS, "LSTM: {units: 4, dropout: 1}")),
    ("rate-clipped", spec(STEPS, "SimpleRNN: {units: 4, recurrent_dropout: -0.5}")),
    ("optimizer-in-half", spec(VECTOR, "", optimizer="{Nadam: {learning_rate: 0.1}}", loss="mse", dtype_policy="bfloat16")),
    ("optimizer-in-half", spec(VECTOR, "", "[{Dense: {units: 1, dtype: bfloat16}}]", optimizer="adam", loss="mse")),
]
ZEROS = "kernel_initializer: zeros"
NO_DECAY = "{CosineDecay: {initial_learning_rate: -0.01, decay_steps: 100}}"
PHASES = "fit: {phases: [{name: a, epochs: 1, optimizer: {SGD: {learning_rate: -0.1}}}]}\n"
FIRST = "{Conv2D: {filters: 4, kernel_size: 3, padding: same, data_format: channels_first, name: c}}"
TWICE = "- {name: c, inputs: [x.c]}\n- {name: f, %s, inputs: [x, c]}"
BALANCED = "{BinaryFocalCrossentropy: {apply_class_balancing: true, alpha: %s}}"
BYTES = "{kind: image, shape: [32, 32, 3], dtype: uint8}"
WORDS = "{kind: tokens, shape: [20], padding_value: 0}"
SMOOTHED = "{CategoricalCrossentropy: {label_smoothing: %s}}"
MENDED += [
    ("mask-made-twice", spec(PADDED, "Dense: {units: 6}; Masking: {mask_value: -1}; LSTM: {units: 4}")),
    ("mask-made-twice", spec(WORDS, "Embedding: {input_dim: 9, output_dim: 4, mask_zero: true}; LSTM: {units: 4}")),
    ("masking-never-fires", spec(STEPS, "Repeat: {times: 2, layers: [{Dense: {units: 6}}, Masking]}; LSTM: {units: 4}")),
    ("outside-its-domain", spec(BYTES, "Op: {function: cast, dtype: float32}; Op: {name: log}; Flatten", loss="mse")),
    ("no-share", spec(VECTOR, "", head(4, "softmax"), loss=SMOOTHED % 10)),
    ("no-share", spec(VECTOR, "", head(1), loss="mse", optimizer="{Adam: {beta_2: 99.9}}")),
    ("no-share", spec(IMAGE, "BatchNormalization: {momentum: 90}; Flatten", loss="mse")),
    (
        "joined-not-over-channels",
        spec(IMAGE, f"Parallel: {{paths: {{a: [{FIRST}], b: [{FIRST}]}}, merge: concat}}; Flatten".replace(", name: c", "")),
    ),
    ("joined-not-over-channels", spec(IMAGE, FIRST[1:-1], f"[Flatten]\nfusion:\n{TWICE % 'strategy: concat'}")),
    ("joined-not-over-channels", spec(IMAGE, FIRST[1:-1], f"[Flatten]\nfusion:\n{TWICE % 'layer: Concatenate'}")),
    ("features-not-channels", spec(IMAGE, f"{FIRST[1:-1]}; Dense: {{units: 4}}; Flatten")),
    ("stays-at-zero", spec(VECTOR, f"Dense: {{units: 4, {ZEROS}}}; ReLU", loss="mse")),
    (
        "stays-at-zero",
        spec(IMAGE, f"Conv2D: {{filters: 4, kernel_size: 3, {ZEROS}}}; BatchNormalization; ReLU; Flatten", loss="mse").replace(
            "zeros}", "zeros, use_bias: false}"
        ),
    ),
    ("stays-at-zero", spec(STEPS, f"MultiHeadAttention: {{num_heads: 2, key_dim: 4, {ZEROS}}}; Flatten", loss="mse")),
    (
        "stays-at-zero",
        spec(STEPS, f"EinsumDense: {{equation: 'abc,cd->abd', output_shape: [20, 4], {ZEROS}}}; ReLU; Flatten", loss="mse"),
    ),
    ("rate-not-positive", spec(VECTOR, "", head(1), loss="mse", optimizer="{Adam: {learning_rate: 0.0}}")),
    ("rate-not-positive", spec(VECTOR, "", head(1), loss="mse", optimizer=f"{{SGD: {{learning_rate: {NO_DECAY}}}}}")),
    ("rate-not-positive", spec(VECTOR, "", head(1), loss="mse") + PHASES),
    ("features-not-channels", spec(IMAGE, f"{FIRST[1:-1]}; ReLU; MultiHeadAttention: {{num_heads: 2, key_dim: 4}}; Flatten")),
    ("features-not-channels", spec(STEPS, "MaxPooling1D: {data_format: channels_first}; GRU: {units: 4}")),
    ("value-range-differs", spec(IMAGE, "Op: {function: divide, x2: 255.0}; RandomBrightness: {factor: 0.2}; Flatten")),
    ("pixels-scaled-otherwise", spec(IMAGE, f"Op: {{function: multiply, x2: 1/255}}; MobileNetV2: {PRETRAINED}")),
    ("pixels-scaled-twice", spec(IMAGE, f"{SHIFTED}; EfficientNetB0: {PRETRAINED}")),
    ("pixels-scaled-twice", spec(IMAGE, f"{SCALED}; RandomFlip; {SCALED}; Conv2D: {{filters: 4, kernel_size: 3}}; Flatten")),
    ("embedding-of-one-number", spec(VECTOR, "", head(1), loss="cosine_similarity")),
    ("outside-its-domain", spec(VECTOR, "Dense: {units: 4}; Op: {function: norm, axis: -1, keepdims: true}", loss="mse")),
    ("outside-its-domain", spec(STEPS, "Conv1D: {filters: 4, kernel_size: 3, activation: relu}; " + DEVIATION, loss="mse")),
    ("outside-its-domain", spec(VECTOR, "Dense: {units: 4, activation: relu}; Op: {function: arccosh}")),
    ("outside-its-domain", spec(VECTOR, "Dense: {units: 4}; Op: {function: norm, ord: 2, axis: -1, keepdims: true}", loss="mse")),
    ("steps-reversed", spec(STEPS, BACK[1:-1], head(3), loss="mse")),
    ("steps-reversed", spec(STEPS, f"Parallel: {{paths: {{a: [{FORWARD}], b: [{BACK}]}}, merge: multiply}}; LSTM: {{units: 4}}")),
    ("pixels-scaled-otherwise", spec(IMAGE, f"Rescaling: {{scale: 1/255}}; ResNet50: {PRETRAINED}")),
    ("pixels-not-scaled", spec(IMAGE.replace("3]", "3], dtype: uint8"), f"VGG16: {PRETRAINED}")),
]
CUT, BOTH = "{Dense: {units: 1, activation: relu}}", "{Dense: {units: 4, activation: tanh}}"
MENDED += [
    ("margins-expected", spec(VECTOR, "", head(1, "relu"), loss="squared_hinge")),
    ("margins-expected", spec(VECTOR, "", head(3, "softmax"), loss=HINGE)),
    ("margins-expected", spec(VECTOR, "", head(1, "sigmoid"), loss=HINGE, metrics="[accuracy]")),
    ("margins-expected", spec(VECTOR, "", head(1, "sigmoid"), loss="bce", metrics="[hinge]")),
    ("logits-bounded", spec(VECTOR, "", f"[{CUT}, {{Activation: {{activation: sigmoid}}}}]", loss="bce")),
    ("logits-bounded", spec(VECTOR, "", f"[{BOTH}, Softmax]", loss=CLASSES)),
    ("logits-bounded", spec(VECTOR, "", head(4, "relu"), loss="{CategoricalCrossentropy: {from_logits: true}}")),
    ("logits-bounded", spec(VECTOR, "", head(1, "softplus"), loss=LOGITS)),
    ("norm-without-channels", spec(IMAGE, "LayerNormalization: {axis: 1}; Flatten")),
    ("norm-without-channels", spec(STEPS, "Dense: {units: 4}; LayerNormalization: {axis: 1}; Flatten")),
    ("norm-without-channels", spec(IMAGE, "Conv2D: {filters: 4, kernel_size: 3}; UnitNormalization: {axis: 2}; Flatten")),
    ("norm-not-over-channels", spec(IMAGE, "BatchNormalization: {axis: 1}; Flatten")),
]
MENDED += [
    ("metric-twice", spec(VECTOR, "", head(1, "sigmoid"), loss="bce", metrics="[acc, AUC, accuracy]")),
    ("metric-twice", spec(VECTOR, "", head(1, "sigmoid"), loss="bce", metrics="[accuracy, BinaryAccuracy]")),
    ("metric-twice", spec(VECTOR, "", head(3, "softmax"), loss=CLASSES, metrics="[accuracy, categorical_accuracy]")),
]
SPLIT = "[{Dense: {units: 1}}]\nfusion:\n- {name: y, inputs: [x], layers: [{Dense: {units: 3}}, %s]}\n- {name: z, strategy: concat, inputs: [x, y]}"
FOUND = [
    ("features-not-channels", spec(IMAGE, FIRST[1:-1], f"[Flatten]\nfusion:\n{TWICE % 'strategy: gated'}")),
    ("features-not-channels", spec(IMAGE, FIRST[1:-1], f"[Flatten]\nfusion:\n{TWICE % 'strategy: add, units: 5'}")),
    ("never-learns", spec(VECTOR, "", SPLIT % "{Dropout: {rate: 1.0}}", loss="mse")),
    ("never-learns", spec(VECTOR, "", SPLIT % "ReLU, {Dense: {units: 2}}, {Op: {function: sign}}, {Op: {function: floor}}", loss="mse")),
    ("never-learns", spec(VECTOR, "", SPLIT % "{Op: {function: argmax, axis: -1}}, {Embedding: {input_dim: 3, output_dim: 2}}", loss="mse")),
    ("metric-without-meaning", spec(VECTOR, "", head(1), loss="mse", metrics="[CosineSimilarity]")),
    ("no-share", spec(VECTOR, "", head(4, "softmax"), loss=SMOOTHED % 1)),
    ("no-share", spec(VECTOR, "", head(1), loss="mse", optimizer="{RMSprop: {rho: -0.5}}")),
    ("no-share", spec(VECTOR, "", head(1, "sigmoid"), loss=BALANCED % -2)),
    ("labels-outside-the-loss", spec(VECTOR, "", head(1), loss="mape", targets=TO_TEN)),
    ("probabilities-expected", spec(VECTOR, "", head(5), loss="categorical_hinge", metrics="[{F1Score: {threshold: 0.5}}]")),
    ("target-range", spec(VECTOR, "", "[{Dense: {units: 1}}, {ReLU: {max_value: 6}}]", loss="mse", targets=TO_TEN)),
    ("outside-its-domain", spec(VECTOR, "Dense: {units: 4}; Op: {function: divide, x2: 0.0}", loss="mse")),
    ("outside-its-domain", spec(IMAGE, "Op: {function: fmod, x2: 0}; Flatten", loss="mse")),
    ("outside-its-domain", spec(VECTOR, "Dense: {units: 4}; Op: {function: norm, ord: 3, axis: -1, keepdims: true}", loss="mse")),
    ("one-step", spec(VECTOR, "", head(1) + "\nfusion: {strategy: gated, inputs: [x]}", loss="mse")),
    ("one-step", spec(VECTOR, "", head(1) + "\nfusion: {strategy: learned_weights, inputs: [x]}", loss="mse")),
    ("one-step", spec(VECTOR, "", head(1) + "\nfusion: {strategy: attention, inputs: [x], units: 6}", loss="mse")),
    ("one-step", spec(VECTOR, "", head(1) + CROSSED.format("x, y"), loss="mse")),
    ("probabilities-along-steps", spec(STEPS, "", "[{Dense: {units: 3}}, {Op: {function: softmax, axis: 1}}]", loss=CLASSES)),
    ("logits-bounded", spec(VECTOR, "", "[{Dense: {units: 1}}, ReLU, {Activation: {activation: sigmoid}}]", loss="bce")),
    ("norm-not-over-channels", spec(IMAGE, "GroupNormalization: {axis: 1, groups: 8}; Flatten")),
    ("norm-not-over-channels", spec(IMAGE, f"Normalization: {{axis: 1, mean: {[0] * 32}, variance: {[1] * 32}}}; Flatten")),
    ("ignored-class-counted", spec(IMAGE, "", "[{Conv2D: {filters: 4, kernel_size: 1, activation: softmax}}]", loss="{SparseCategoricalCrossentropy: {ignore_class: 9}}", metrics="[{SparseTopKCategoricalAccuracy: {k: 2}}]")),
    ("target-range", spec(VECTOR, "", "[{Dense: {units: 1, activation: sigmoid}}, {Rescaling: {scale: 3}}]", loss="mse", targets="{encoding: real, shape: [1], range: [0, 9]}")),
]  # fmt: skip
MEANT = [
    spec(VECTOR, "", head(1, "sigmoid"), loss="bce", metrics="[Recall, {Recall: {thresholds: 0.9, name: r}}]"),
    spec(VECTOR, "", head(1, "sigmoid"), loss="bce", metrics="[accuracy]", weighted_metrics="[accuracy]"),
    spec(VECTOR, "", head(3, "softmax"), loss=NUMBERS, metrics="[accuracy, {SparseCategoricalAccuracy: {name: a}}]"),
    spec(VECTOR, "", head(3, "softmax"), loss="categorical_hinge"),
    spec(VECTOR, "", f"[{BOTH}, {{Rescaling: {{scale: 20}}}}, Softmax]", loss=CLASSES),
    spec(VECTOR, "", "[{Dense: {units: 4, activation: softplus}}, Softmax]", loss=CLASSES),
    spec(VECTOR, "", "[{Dense: {units: 1, activation: tanh}}, {Rescaling: {scale: 9}}]", loss=LOGITS),
    spec(IMAGE, "Conv2D: {filters: 4, kernel_size: 1, activation: relu}; GlobalAveragePooling2D", "[Softmax]", loss=CLASSES),
    spec(IMAGE, "LayerNormalization: {axis: [1, 2], center: false, scale: false}; Flatten"),
    spec(IMAGE, "LayerNormalization: {axis: [1, 2, 3]}; Flatten"),
    spec(STEPS, "LayerNormalization: {axis: 1, center: false, scale: false}; Flatten"),
    spec("{kind: image, shape: [3, 32, 32]}", "LayerNormalization: {axis: 1}; Flatten"),
    spec(IMAGE, FIRST[1:-1], f"[Flatten]\nfusion:\n{TWICE % 'strategy: concat, axis: -1'}"),
    spec(IMAGE, FIRST[1:-1], f"[Flatten]\nfusion:\n{TWICE % 'strategy: add'}"),
    spec(STEPS, "Conv1D: {filters: 4, kernel_size: 3}; Permute: {dims: [2, 1]}; Dense: {units: 5}; Flatten"),
    spec(IMAGE, f"{FIRST[1:-1]}; Permute: {{dims: [2, 3, 1]}}; Dense: {{units: 5}}; Flatten"),
    spec(IMAGE, f"{FIRST[1:-1]}; Flatten; Dense: {{units: 5}}"),
    spec(VECTOR, "", head(4, "softmax"), loss=SMOOTHED % 0.1, optimizer="{Adam: {beta_1: 0}}"),
    spec(VECTOR, "", head(1, "sigmoid"), loss=BALANCED % 1),
    spec(IMAGE, "BatchNormalization: {momentum: 1}; Flatten", loss="mse"),
    spec(VECTOR, "", head(1) + CROSSED.format("x, y, y"), loss="mse"),
    spec(VECTOR, "", SPLIT % "{Op: {function: stop_gradient}}", loss="mse"),
    spec(VECTOR, "", SPLIT % "{Op: {function: sign}}", loss="mse"),
    spec(VECTOR, "", (SPLIT % "{Op: {function: round}}").replace("units: 3", "units: 3, trainable: false"), loss="mse"),
    spec("{kind: tokens, shape: [5]}", "Embedding: {input_dim: 3, output_dim: 2}; Flatten", loss="mse"),
    spec(STEPS, "", head(1), loss="{CosineSimilarity: {axis: 1}}", metrics="[{CosineSimilarity: {axis: 1}}]"),
    spec(IMAGE, f"{SHIFTED}; MobileNetV2: {PRETRAINED}"),
    spec(IMAGE, f"{SCALED}; Rescaling: {{scale: 2, offset: -1}}; Conv2D: {{filters: 4, kernel_size: 3}}; Flatten"),
    spec(VECTOR, "", head(1) + "\nfusion: {strategy: average, inputs: [x]}", loss="mse"),
    spec(VECTOR, "Dense: {units: 4}; Op: {function: divide_no_nan, x2: 0.5}", loss="mse"),
    spec(VECTOR, "", head(5), loss="categorical_hinge", metrics="[accuracy]"),
    spec(VECTOR, "", head(1), loss=HINGE, metrics="[{BinaryAccuracy: {threshold: 0}}, {AUC: {from_logits: true}}]"),
    spec(VECTOR, "", head(2, "softmax"), loss=CLASSES, metrics="[{Precision: {thresholds: 0.9}}, {F1Score: {average: macro}}]"),
    spec(STEPS, "Residual: {layers: [{Dense: {units: 8, use_bias: false}}]}; Masking; LSTM: {units: 4}"),
    spec(STEPS, "Dense: {units: 8, use_bias: false, activation: relu}; Masking; LSTM: {units: 4}"),
    spec(PADDED, "LSTM: {units: 4}; Dense: {units: 40}; Reshape: {target_shape: [10, 4]}", head(8), loss="mse"),
    spec("{kind: image, shape: [3, 64, 64]}", "Permute: {dims: [2, 3, 1]}; Conv2D: {filters: 4, kernel_size: 3}; Flatten"),
    spec("{kind: image, shape: [3, 64, 64]}", "Conv2D: {filters: 4, kernel_size: 3, data_format: channels_first}; Flatten"),
    spec(
        "{kind: image, shape: [32, 100, 8]}", "Permute: {dims: [2, 1, 3]}; Reshape: {target_shape: [100, 256]}; LSTM: {units: 4}"
    ),
    spec("{kind: image, shape: [32, 100, 8]}", "Reshape: {target_shape: [32, 800]}; LSTM: {units: 4}"),
    spec("{kind: sequence, shape: [20, 8]}", "Reshape: {target_shape: [4, 40]}; LSTM: {units: 4}"),
    spec(VECTOR, "Dense: {units: 64}; Reshape: {target_shape: [4, 4, 4]}; Conv2D: {filters: 4, kernel_size: 1}; Flatten"),
    spec(VECTOR, "", "[{Dense: {units: 1, activation: sigmoid}}, {Rescaling: {scale: 0.5}}]", loss="bce"),
    spec(VECTOR, "", "[{Dense: {units: 1}}, {Op: {function: sigmoid}}]", loss="bce", metrics="[accuracy]"),
    spec(VECTOR, "", head(1, "softplus"), loss="mse", metrics="[Poisson]"),
    spec(VECTOR, "", head(1, "softplus"), loss="poisson", targets=TO_TEN),
    spec(VECTOR, "", head(1), loss="msle", targets=TO_TEN),
    spec(VECTOR, "", head(1), loss="mape", targets="{encoding: real, shape: [1], range: [1, null]}"),
    spec(VECTOR, "", head(4, "softmax"), loss=NUMBERS, metrics=BEST_THREE),
    spec(STEPS, "Rescaling: {scale: 1/127.5, offset: -1}; Masking: {mask_value: -1}; LSTM: {units: 4}"),
    spec(STEPS, "Op: {function: subtract, x2: 1}; Masking: {mask_value: -1}; LSTM: {units: 4}"),
    spec(STEPS, "Op: {function: clip, x_min: -5, x_max: 5}; Masking; LSTM: {units: 4}"),
    spec(
        STEPS,
        "Conv1D: {filters: 4, kernel_size: 3, use_bias: false}; BatchNormalization; Op: {function: std, axis: 1}",
        loss="mse",
    ),
    spec(VECTOR, "Dense: {units: 4, activation: softmax}; Op: {name: log}"),
    spec(VECTOR, "Dense: {units: 4}; Op: {function: norm, axis: -1, ord: 1, keepdims: true}", loss="mse"),
    spec(VECTOR, "Dense: {units: 4}; Op: {function: power, x2: 3}", loss="mse"),
    spec(VECTOR, "Dense: {units: 16}; Reshape: {target_shape: [16, 1]}; Conv1D: {filters: 4, kernel_size: 3}; Flatten"),
]


def found(text: str) -> list[str]:
    return [each.code.name for each in sweep(Source("k.yaml", text)).compile_plain().diagnostics]


@pytest.mark.parametrize(("code", "text"), MENDED)
def test_it_is_found_and_mended(code: str, text: str) -> None:
    mended = mend(sweep(Source("k.yaml", text)), True, Clock(lambda: 0.0))
    assert found(text) == [code] and mended.changed and not mended.found


@pytest.mark.parametrize(("units", "metric"), [(5, "kl_divergence"), (1, "AUC"), (1, "BinaryAccuracy"), (3, "Precision")])
def test_probabilities_are_expected_of_an_output_without_a_loss_too(units: int, metric: str) -> None:
    def told(activation: str) -> list[str]:
        text = spec(VECTOR, "", "{}", loss="{a: mse, b: null}", metrics=f"{{b: [{metric}]}}")
        return found(text.replace("head: {}", f"heads: {{a: {head(1)}, b: {head(units, activation)}}}"))

    assert told("linear") == ["probabilities-expected"]
    assert told("softmax" if metric == "kl_divergence" else "sigmoid") == []


@pytest.mark.parametrize(("code", "text"), FOUND)
def test_it_is_found(code: str, text: str) -> None:
    assert found(text) == [code]


@pytest.mark.parametrize("text", MEANT)
def test_what_is_meant_is_left_alone(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize("metrics", ["[Precision, Recall]", "[Recall, Precision, {Recall: {name: r}}]"])
def test_what_is_said_of_several_metrics_is_said_once(metrics: str) -> None:
    text = spec(VECTOR, "", head(2, "softmax"), loss=CLASSES, metrics=metrics)
    (one,) = sweep(Source("k.yaml", text)).compile_plain().diagnostics
    assert len(one.labels) == metrics.count(",") and "too" in one.labels[0].message
    mended = mend(sweep(Source("k.yaml", text)), True, Clock(lambda: 0.0))
    assert not mended.found and mended.changed[0][1].count("class_id: 1") == 1 + metrics.count(",")


def test_what_is_said_of_layers_of_several_kinds_is_said_once() -> None:
    scaled = "Rescaling: {scale: 1/127.5, offset: -1}; RandomSaturation: {factor: 0.3}; RandomHue: {factor: 0.1}"
    text = spec(IMAGE, f"{scaled}; Conv2D: {{filters: 4, kernel_size: 3}}; Flatten")
    (one,) = sweep(Source("k.yaml", text)).compile_plain().diagnostics
    assert one.code.name == "value-range-differs" and one.labels[-1].message == "`RandomHue` too"
    mended = mend(sweep(Source("k.yaml", text)), True, Clock(lambda: 0.0))
    assert not mended.found and mended.changed[0][1].count("value_range: [-1, 1]") == 2
