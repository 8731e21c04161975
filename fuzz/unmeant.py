"""What trains and is not meant, planted into drawn specs that are silent, and mistakes of heads. Imports no Keras."""

from __future__ import annotations

import copy
from collections.abc import Callable
from random import Random
from typing import Any

from fuzz.drawn import Pair, Spec, classes, image, spec_of, vector
from fuzz.text import replaced, without


def _of_head(
    units: tuple[int, int], activation: str | None, loss: Any, metrics: list[Any] | None, change: Callable[[Spec, Random], Any]
) -> Callable[[Random], Pair]:
    """A head of so many classes, changed."""

    def plant(rng: Random) -> Pair:
        spec = classes(rng, rng.randint(*units), activation, copy.deepcopy(loss), copy.deepcopy(metrics))
        changed = copy.deepcopy(spec)
        change(changed, rng)
        return spec, changed

    return plant


def _last(spec: Spec) -> dict[str, Any]:
    last: dict[str, Any] = spec["head"][-1]["Dense"]
    return last


def _set(**values: Any) -> Callable[[Spec, Random], None]:
    """Other values in `compile`, or of the last layer."""

    def change(spec: Spec, rng: Random) -> None:
        for name, value in values.items():
            chosen = rng.choice(value) if isinstance(value, tuple) else value
            holder = _last(spec) if name in ("activation", "units") else spec["compile"]
            if chosen is None:
                holder.pop(name, None)
            else:
                holder[name] = chosen

    return change


def _target_loss(rng: Random) -> Pair:
    units = rng.randint(3, 9)
    encoding, loss, other = rng.choice(
        [
            ("integer", "sparse_categorical_crossentropy", "categorical_crossentropy"),
            ("one_hot", "categorical_crossentropy", "sparse_categorical_crossentropy"),
        ]
    )
    spec = classes(rng, units, "softmax", loss, targets={"head": {"encoding": encoding, "classes": units}})
    return spec, replaced(spec, ("compile", "loss"), other)


def _layers(before: list[Any], after: list[Any], **input: Any) -> Callable[[Random], Pair]:
    """A branch of those layers, and with a mistake of these."""

    def plant(rng: Random) -> Pair:
        spec = spec_of(rng, vector)
        (name,) = spec["branches"]
        spec["branches"][name] = {"input": input, "layers": before}
        spec["head"] = [{"Dense": {"units": rng.randint(1, 4)}}]
        return spec, replaced(spec, ("branches", name, "layers"), after)

    return plant


def _conv(**more: Any) -> Spec:
    return {"Conv2D": {"filters": 4, "kernel_size": 3, **more}}


def _beyond(rng: Random) -> Pair:
    """Labels that float16 does not hold, under a last layer that computes in it."""
    spec = spec_of(rng)
    units = spec["head"][-1]["Dense"]["units"]
    most = rng.choice([70_000, 900_000, 1e6])
    bounds = rng.choice([[0, most], [-most, 10], [None, most]])
    spec["head"] = [{"Dense": {"units": units, "dtype": "float32"}}]
    spec["compile"]["dtype_policy"] = "mixed_float16"
    spec["targets"] = {"head": {"encoding": "real", "shape": [units], "range": bounds}}
    return spec, without(spec, ("head", 0, "Dense", "dtype"))


def _reversed(rng: Random) -> Pair:
    """Two directions by hand, joined with and without the one turned round."""
    kind, merge = rng.choice(["LSTM", "GRU", "SimpleRNN"]), rng.choice(["concat", "add", "average"])
    ahead = {kind: {"units": rng.randint(4, 8), "return_sequences": True}}
    back = {kind: ahead[kind] | {"go_backwards": True}}

    def layers(turn: list[Any]) -> list[Any]:
        paths = {"ahead": [ahead], "back": [back, *turn]}
        return [{"Parallel": {"paths": paths, "merge": merge}}, {"LSTM": {"units": 4}}]

    return _layers(layers([{"Op": {"function": "flip", "axis": 1}}]), layers([]), **STEPS)(rng)


def _range(rng: Random) -> Pair:
    """An activation that does not reach the labels."""
    spec = spec_of(rng)
    units, bounds = spec["head"][-1]["Dense"]["units"], rng.choice([[0, 100], [-5, 5], [0, None], [None, None]])
    spec["targets"] = {"head": {"encoding": "real", "shape": [units], "range": bounds}}
    spec["head"] = [{"Dense": {"units": units, "activation": "linear"}}]
    return spec, replaced(spec, ("head", 0, "Dense", "activation"), rng.choice(["sigmoid", "tanh", "hard_sigmoid"]))


def _labels(rng: Random) -> Pair:
    """Labels that a loss of others does not take."""
    spec = spec_of(rng)
    units, bounds = spec["head"][-1]["Dense"]["units"], rng.choice([[-5, 5], [None, 9], [-1, None]])
    spec["targets"] = {"head": {"encoding": "real", "shape": [units], "range": bounds}}
    spec["compile"]["loss"] = "mean_squared_error"
    return spec, replaced(spec, ("compile", "loss"), rng.choice(["msle", "mape", "mean_squared_logarithmic_error"]))


def _ignored(rng: Random) -> Pair:
    """A class that the loss leaves out, and the metric does not."""
    spec, count, id = spec_of(rng, vector), rng.randint(3, 9), rng.choice([0, 255])
    (name,) = spec["branches"]
    conv = {"filters": count, "kernel_size": 3, "padding": "same", "activation": "softmax"}
    spec["branches"][name] = {"input": {"kind": "image", "shape": [16, 16, 3]}, "layers": [{"Conv2D": conv}]}
    overlap = {"num_classes": count, "sparse_y_pred": False}
    left = {"loss": {"SparseCategoricalCrossentropy": {"ignore_class": id}}}
    spec |= {"head": [], "compile": left | {"metrics": [{"MeanIoU": overlap | {"ignore_class": id}}]}}
    metric = rng.choice([{"MeanIoU": overlap}, "accuracy", "sparse_categorical_accuracy"])
    return spec, replaced(spec, ("compile", "metrics", 0), metric)


def _half(rng: Random) -> Pair:
    """Weights in half precision, under an optimizer whose numbers are 0 or 1 there."""
    spec = spec_of(rng, *rng.choices([vector, image], k=2))
    policy, optimizer = rng.choice(
        [("bfloat16", "adam"), ("bfloat16", {"Adam": {"learning_rate": 0.001}}), ("bfloat16", "nadam"), ("float16", "adamax")]
    )
    spec["compile"] |= {"optimizer": optimizer, "dtype_policy": f"mixed_{policy}"}
    return spec, replaced(spec, ("compile", "dtype_policy"), policy)


def _pixels(before: list[Any], after: list[Any], *models: str, **input: Any) -> Callable[[Random], Pair]:
    """A pretrained model behind those layers, and with a mistake behind these."""

    def plant(rng: Random) -> Pair:
        model = {rng.choice(models): {"weights": "imagenet", "include_top": False, "pooling": "avg"}}
        return _layers([*before, model], [*after, model], **(IMAGE | {"shape": [96, 96, 3]} | input))(rng)

    return plant


def _steps(rng: Random) -> Pair:
    """A softmax along the steps, before a loss of classes."""
    spec, count = spec_of(rng, vector), rng.randint(3, 9)
    (name,) = spec["branches"]
    spec["branches"][name] = {"input": {"kind": "sequence", "shape": [rng.randint(8, 20), 4]}}
    loss = rng.choice(["categorical_crossentropy", "sparse_categorical_crossentropy"])
    spec |= {"head": [{"Dense": {"units": count}}, {"Softmax": {"axis": -1}}], "compile": {"loss": loss}}
    return spec, replaced(spec, ("head", 1, "Softmax", "axis"), 1)


def _after_the_last(rng: Random) -> Pair:
    """A layer behind the last activation that belongs before it."""
    activation, loss = rng.choice([("softmax", "categorical_crossentropy"), ("sigmoid", "binary_crossentropy")])
    spec = classes(rng, rng.randint(3, 9), activation, loss)
    more = rng.choice([{"Dropout": {"rate": 0.5}}, "BatchNormalization", {"GaussianNoise": {"stddev": 0.1}}])
    first, last = spec["head"]
    first["Dense"] |= {"use_bias": False, "activation": "linear"} if more == "BatchNormalization" else {}
    return spec | {"head": [first, more, last]}, spec | {"head": [first, last, more]}


def _logits(rng: Random) -> Pair:
    """An activation between the last kernel and what makes probabilities of its logits."""
    units, activation, loss = rng.choice(
        [(1, "sigmoid", "binary_crossentropy"), (rng.randint(3, 9), "softmax", "categorical_crossentropy")]
    )
    spec, bounds = spec_of(rng), rng.choice(["relu", "relu6", "tanh"] + ["softplus"] * (units == 1))
    spec["head"] = [{"Dense": {"units": units}}, {"Activation": {"activation": activation}}]
    spec["compile"] = {"loss": loss}
    if rng.random() < 0.5:
        return spec, replaced(spec, ("head", 0, "Dense"), {"units": units, "activation": bounds})
    first, last = spec["head"]
    return spec, spec | {"head": [first, {"Activation": {"activation": bounds}}, last]}


def _anew(rng: Random) -> Pair:
    """Steps made of the vector of a padded sequence, without and with its mask."""
    spec, steps, width = spec_of(rng, vector), rng.randint(8, 20), rng.randint(3, 8)
    (name,) = spec["branches"]
    kind = rng.choice(["LSTM", "GRU"])
    layers: list[Any] = [{kind: {"units": 4}}, {"RepeatVector": {"n": steps}}, {kind: {"units": 6, "return_sequences": True}}]
    paths = {"again": layers[:2], "padding": [{"Rescaling": {"scale": 0}}]}
    padded = {"input": {"kind": "sequence", "shape": [steps, width], "padding_value": 0}, "layers": layers}
    spec["branches"][name] = padded
    spec |= {"head": [{"Dense": {"units": width}}], "compile": {"loss": "mean_squared_error"}}
    masked = {"Parallel": {"paths": paths, "merge": "concat"}}
    return replaced(spec, ("branches", name, "layers"), [masked, layers[2]]), spec


def _twice(rng: Random) -> Pair:
    """A metric that is listed again, under the same name or as what Keras makes of it."""
    spec = classes(rng, rng.randint(3, 9), "softmax", "categorical_crossentropy", ["accuracy", "AUC"])
    again = rng.choice(["accuracy", "acc", "categorical_accuracy", "CategoricalAccuracy", "AUC"])
    return spec, replaced(spec, ("compile", "metrics"), [*spec["compile"]["metrics"], again])


def _domain(rng: Random) -> Pair:
    """A function whose values, or whose gradient, are none where a layer before it reaches."""
    name, given, safe = rng.choice(
        [
            (rng.choice(["sqrt", "log", "log2", "rsqrt", "reciprocal"]), "relu", {"scale": 1, "offset": 1e-7}),
            (rng.choice(["arccos", "arctanh", "erfinv"]), "hard_tanh", {"scale": 0.999}),
        ]
    )
    last = {"Op": {"function": name}}
    first = {"Dense": {"units": rng.randint(3, 9), "activation": given}}
    spec, wrong = _layers([first, {"Rescaling": safe}, last], [first, last], kind="vector", shape=[6])(rng)
    return spec, wrong


def _of_features(rng: Random) -> list[Any]:
    """What weighs the features of each pixel."""
    attention = {"MultiHeadAttention": {"num_heads": 2, "key_dim": rng.randint(2, 5)}}
    return [rng.choice([{"Dense": {"units": rng.randint(2, 6)}}, attention]), "Flatten"]


def _begun(rng: Random, argument: str | None = None) -> Spec:
    """A layer with an activation that has no gradient at 0, which may begin with zeros."""
    values = {"units": 5, "activation": "relu"} | ({argument: rng.choice(["zeros", "Zeros"])} if argument else {})
    return {"Dense": values}


def _rate(rng: Random) -> Pair:
    name, rate = rng.choice(["Adam", "SGD", "RMSprop"]), rng.choice([0.1, 0.01, 1e-3])
    spec = classes(rng, rng.randint(3, 9), "softmax", "categorical_crossentropy")
    spec["compile"]["optimizer"] = {name: {"learning_rate": rate}}
    return spec, replaced(spec, ("compile", "optimizer", name, "learning_rate"), rng.choice([0, -rate]))


MERGES: tuple[Any, ...] = ("concat", {"strategy": "concat"}, {"layer": "Concatenate"})


def _side_by_side(merge: Any) -> Spec:
    """Two convolutions of one image whose channels come first, merged."""
    paths = {name: [{"Conv2D": {"filters": 4, "kernel_size": 3, "padding": "same", **FIRST}}] for name in ("a", "b")}
    return {"Parallel": {"paths": paths, "merge": merge}}


def _no_share(rng: Random) -> Pair:
    """A share written in percent, of the loss or of the optimizer."""
    share, percent = rng.choice([(0.1, 10), (0.05, 5), (0.2, 20)])
    spec = classes(rng, rng.randint(3, 9), "softmax", {"CategoricalCrossentropy": {"label_smoothing": share}})
    return spec, replaced(spec, ("compile", "loss", "CategoricalCrossentropy", "label_smoothing"), percent)


SIGMOID = ((1, 1), "sigmoid", "binary_crossentropy")
SOFTMAX = ((3, 9), "softmax", "categorical_crossentropy")
SEVERAL = ((3, 9), "sigmoid", "binary_crossentropy")
FIRST: Spec = {"data_format": "channels_first"}
IMAGE: Spec = {"kind": "image", "shape": [32, 32, 3]}
TURNED: Spec = {"kind": "image", "shape": [3, 32, 32]}
STEPS: Spec = {"kind": "sequence", "shape": [20, 8]}

UNMEANT: dict[str, Callable[[Random], Pair]] = {
    "probabilities-expected": lambda rng: _of_head(*rng.choice([SIGMOID, SOFTMAX]), None, _set(activation=(None, "relu")))(rng),
    "logits-expected": _of_head(*SOFTMAX, None, _set(loss={"CategoricalCrossentropy": {"from_logits": True}})),
    "softmax-over-one": _of_head(*SIGMOID, None, _set(activation="softmax")),
    "softmax-with-binary": _of_head(*SOFTMAX, None, _set(loss="binary_crossentropy")),
    "sigmoid-with-categorical": _of_head(*SOFTMAX, None, _set(activation="sigmoid")),
    "target-loss": _target_loss,
    "metric-labels": _of_head(*SOFTMAX, ["categorical_accuracy"], _set(metrics=["sparse_top_k_categorical_accuracy"])),
    "accuracy-of-one-class": _of_head(*SEVERAL, ["binary_accuracy"], _set(metrics=["accuracy"])),
    "accuracy-of-numbers": _of_head((1, 1), None, "mean_squared_error", ["mean_absolute_error"], _set(metrics=["accuracy"])),
    "accuracy-of-margins": _of_head((1, 1), None, "hinge", None, _set(metrics=["accuracy"])),
    "margins-expected": _of_head(
        (1, 1), "tanh", "hinge", None, _set(activation=("sigmoid", "relu"), loss=("hinge", "squared_hinge"))
    ),
    "logits-bounded": _logits,
    "threshold-on-logits": _of_head(
        (1, 1), None, {"BinaryCrossentropy": {"from_logits": True}}, None, _set(metrics=(["accuracy"], ["AUC"], ["Precision"]))
    ),
    "score-without-threshold": _of_head(*SEVERAL, None, _set(metrics=["F1Score"])),
    "precision-is-accuracy": _of_head(
        (2, 2), "softmax", "categorical_crossentropy", None, _set(metrics=(["Precision"], ["Recall"]))
    ),
    "rate-clipped": _layers([{"LSTM": {"units": 4, "dropout": 0.2}}], [{"LSTM": {"units": 4, "dropout": 20}}], **STEPS),
    "stays-at-zero": lambda rng: _layers([_begun(rng)], [_begun(rng, "kernel_initializer")], kind="vector", shape=[6])(rng),
    "rate-not-positive": _rate,
    "exponential-overflows": _layers(
        [{"SimpleRNN": {"units": 4}}], [{"SimpleRNN": {"units": 4, "activation": "exponential"}}], **STEPS
    ),
    "one-step": _layers(
        [{"Permute": {"dims": [2, 1]}}, {"LSTM": {"units": 4}}], [{"LSTM": {"units": 4}}], kind="sequence", shape=[1, 12]
    ),
    "reshape-swaps-axes": _layers(
        [{"Permute": {"dims": [2, 1]}}, {"LSTM": {"units": 4}}],
        [{"Reshape": {"target_shape": [8, 20]}}, {"LSTM": {"units": 4}}],
        **STEPS,
    ),
    "masking-never-fires": _layers(
        ["Masking", {"Dense": {"units": 4}}, {"LSTM": {"units": 4}}],
        [{"Dense": {"units": 4}}, "Masking", {"LSTM": {"units": 4}}],
        **STEPS,
    ),
    "channels-come-first": _layers([{"Permute": {"dims": [2, 3, 1]}}, _conv(), "Flatten"], [_conv(), "Flatten"], **TURNED),
    "data-format-differs": _layers(
        [_conv(**FIRST), {"MaxPooling2D": dict(FIRST)}, "Flatten"], [_conv(**FIRST), "MaxPooling2D", "Flatten"], **TURNED
    ),
    "joined-not-over-channels": lambda rng: _layers(
        [_side_by_side({"strategy": "concat", "axis": 1}), "Flatten"], [_side_by_side(rng.choice(MERGES)), "Flatten"], **TURNED
    )(rng),
    "no-share": _no_share,
    "positive-expected": _of_head((1, 1), "softplus", "poisson", None, _set(activation=None)),
    "embedding-of-one-number": _of_head((3, 9), None, "cosine_similarity", None, _set(units=1)),
    "features-not-channels": lambda rng: _layers(
        [_conv(**FIRST), {"Permute": {"dims": [2, 3, 1]}}, *(last := _of_features(rng))], [_conv(**FIRST), *last], **TURNED
    )(rng),
    "norm-not-over-channels": _layers(
        [_conv(**FIRST, use_bias=False), {"BatchNormalization": {"axis": 1}}, "Flatten"],
        [_conv(**FIRST, use_bias=False), "BatchNormalization", "Flatten"],
        **TURNED,
    ),
    "norm-without-channels": lambda rng: _layers(
        [_conv(), "LayerNormalization", "Flatten"],
        [_conv(), {rng.choice(["LayerNormalization", "UnitNormalization"]): {"axis": rng.choice([1, 2, -2, [1]])}}, "Flatten"],
        **IMAGE,
    )(rng),
    "value-range-differs": _layers(
        [{"Rescaling": {"scale": "1/255"}}, {"RandomBrightness": {"factor": 0.2, "value_range": [0, 1]}}, "Flatten"],
        [{"Rescaling": {"scale": "1/255"}}, {"RandomBrightness": {"factor": 0.2}}, "Flatten"],
        **IMAGE,
    ),
    "metric-twice": _twice,
    "outside-its-domain": _domain,
    "frozen-at-random": _layers(
        [{"Embedding": {"input_dim": 50, "output_dim": 4}}, "GlobalAveragePooling1D"],
        [{"Embedding": {"input_dim": 50, "output_dim": 4, "trainable": False}}, "GlobalAveragePooling1D"],
        kind="tokens",
        shape=[12],
    ),
    "beyond-float16": _beyond,
    "ignored-class-counted": _ignored,
    "optimizer-in-half": _half,
    "pixels-not-scaled": _pixels(
        [{"Rescaling": {"scale": "1/127.5", "offset": -1}}], [], "MobileNetV2", "Xception", "InceptionV3", dtype="uint8"
    ),
    "pixels-scaled-twice": _pixels(
        [{"Rescaling": {"scale": 1}}], [{"Rescaling": {"scale": "1/255"}}], "EfficientNetB0", "MobileNetV3Small", "ConvNeXtTiny"
    ),
    "pixels-scaled-otherwise": lambda rng: rng.choice(
        [
            _pixels(
                [{"Rescaling": {"scale": "1/127.5", "offset": -1}}],
                [{"Rescaling": {"scale": "1/255"}}],
                "MobileNetV2",
                "NASNetMobile",
            ),
            _pixels(
                [{"Rescaling": {"scale": "1/255"}}, {"Normalization": {"mean": [0.5] * 3, "variance": [0.05] * 3}}],
                [{"Rescaling": {"scale": "1/255"}}],
                "DenseNet121",
            ),
        ]
    )(rng),
    "probabilities-along-steps": _steps,
    "probabilities-changed": _after_the_last,
    "softmax-not-over-channels": _layers(
        [_conv(**FIRST, activation="linear"), {"Softmax": {"axis": 1}}, "Flatten"],
        [_conv(**FIRST, activation="softmax"), "Flatten"],
        **TURNED,
    ),
    "padding-made-anew": _anew,
    "steps-reversed": _reversed,
    "metric-without-meaning": _of_head(
        *SIGMOID,
        [{"BinaryIoU": {"target_class_ids": [1], "threshold": 0.5}}],
        _set(metrics=([{"IoU": {"num_classes": 2, "target_class_ids": [1]}}], [{"MeanIoU": {"num_classes": 2}}])),
    ),
    "target-range": _range,
    "labels-outside-the-loss": _labels,
}
"""By code, what draws a silent spec and the same with a mistake."""
