"""Random specs about one thing each, which whole random specs come by too rarely. Imports no Keras."""

from __future__ import annotations

import copy
from collections.abc import Callable
from random import Random
from typing import Any

from cnnlstm_spec.language.catalog import find_family
from cnnlstm_spec.language.named import find_kind
from cnnlstm_spec.ops import list_ops
from cnnlstm_spec.ops.functions.table import find_fact, list_names
from fuzz.arguments import NOTHING, Draw

SHARE = 0.12
"""How many of all specs are of a theme."""
FUNCTIONS = 0.06
"""How many of the others are of a function of `keras.ops`."""
HELD = 0.06
"""How many of the rest are of what is held against an output."""
HEAD = [{"Dense": {"units": 1}}]


def themed(seed: int) -> dict[str, Any] | None:
    """A spec of a theme, where the seed is one of those; drawn apart, so that all other specs stay as they are."""
    rng = Random(f"theme {seed}")
    return rng.choice(THEMES)(rng) if rng.random() < SHARE else None


def compiled(rng: Random) -> dict[str, Any]:
    """Images through layers of images, under `jit_compile: true`."""
    names = [op for op in list_ops() if op.arity == (1, 1) and op.examples and len(op.examples[0].shapes[0]) == 3]
    draw = Draw(rng)
    layers: list[Any] = [{"Conv2D": {"filters": 3, "kernel_size": 1}}] if rng.random() < 0.5 else []
    for op in rng.sample(names, 2):
        values = draw.arguments(op)
        for key in ("data_format", "lora_rank"):
            values.pop(key, None)
        if "interpolation" in op.arguments and rng.random() < 0.7:
            values["interpolation"] = draw.argument(op.arguments["interpolation"])
        layers.append({op.title(): values} if values else op.title())
    spec = _spec({"kind": "image", "shape": [8, 9, 3]}, [*layers, "Flatten"])
    return {**spec, "compile": {"loss": "mse", "optimizer": "sgd", "jit_compile": True}}


def resized(rng: Random) -> dict[str, Any]:
    """Images made larger or smaller in any way, before or behind what is trained."""
    op = rng.choice([op for op in list_ops() if op.title() in ("Resizing", "UpSampling2D")])
    draw = Draw(rng)
    values = {**draw.arguments(op), "interpolation": draw.argument(op.arguments["interpolation"])}
    values.pop("data_format", None)
    layers: list[Any] = [{op.title(): values}, {"Conv2D": {"filters": 2, "kernel_size": 1}}]
    rng.shuffle(layers)
    spec = _spec({"kind": "image", "shape": [6, 7, 3], "dtype": rng.choice(["float32", "uint8"])}, [*layers, "Flatten"])
    return {**spec, "compile": {"loss": "mse", "optimizer": "sgd"}}


def looked_up(rng: Random) -> dict[str, Any]:
    """Integers with a padding value or from bins, moved about, and looked up in a table that may be too small."""
    input: dict[str, Any] = {"kind": "tokens", "shape": [rng.randint(3, 6)]}
    if rng.random() < 0.6:
        input["padding_value"] = rng.choice([0, 4, 5, 9, -1, -6, -12])
    bins: list[Any] = [{"Hashing": {"num_bins": rng.randint(2, 40)}}]
    bins.append({"Discretization": {"bin_boundaries": [0.5 + n for n in range(rng.randint(1, 3))]}})
    layers = [rng.choice(bins)] if rng.random() < 0.5 else []
    moves: list[Any] = ["Identity", {"Reshape": {"target_shape": [-1]}}, {"Op": {"name": "abs"}}, {"Op": {"name": "sign"}}]
    layers += [rng.choice(moves)] if rng.random() < 0.5 else []
    tables: list[Any] = [{"Embedding": {"input_dim": rng.randint(4, 12), "output_dim": 2, "mask_zero": rng.random() < 0.3}}]
    tables.append({"CategoryEncoding": {"num_tokens": rng.randint(4, 12), "output_mode": rng.choice(["one_hot", "multi_hot"])}})
    return _spec(input, [*layers, rng.choice([tables[0], tables[0], tables[1]]), "Flatten"])


def measured(rng: Random) -> dict[str, Any]:
    """Classes of several, with losses and metrics that compare distributions, or sets of class numbers."""
    activation = rng.choice(["softmax", "softmax", "sigmoid"])
    overlap = {key: rng.random() < 0.5 for key in ("sparse_y_true", "sparse_y_pred") if rng.random() < 0.5}
    metrics = [
        "accuracy",
        {"MeanIoU": {"num_classes": 4, **overlap}},
        {"IoU": {"num_classes": 4, "target_class_ids": [0, 1], **overlap}},
    ]
    metrics += [{"OneHotMeanIoU": {"num_classes": 4}}, "F1Score", "categorical_accuracy"]
    losses = ["categorical_crossentropy", "sparse_categorical_crossentropy", "kl_divergence", "binary_crossentropy"]
    head = [{"Dense": {"units": 4, "activation": activation}}]
    section = {"loss": rng.choice(losses), "metrics": rng.sample(metrics, rng.randint(0, 2))}
    return {**_spec({"kind": "vector", "shape": [5]}, [], head), "compile": section}


def saved(rng: Random) -> dict[str, Any]:
    """One layer of any kind, with arguments, which the judge saves and loads."""
    op = rng.choice([op for op in list_ops() if op.arity == (1, 1) and op.examples])
    example = rng.choice(op.examples)
    values = {**Draw(rng).arguments(op, 0.4), **({} if rng.random() < 0.6 else example.arguments)}
    axes = [f"axis{index}" for index in range(len(example.shapes[0]))]
    arrays = {"kind": "tensor", "axes": axes, "shape": list(example.shapes[0]), "dtype": example.dtype}
    input = {"kind": "text"} if example.dtype == "string" else arrays
    return _spec(input, [{op.title(): values} if values else op.title()], [])


def computed(seed: int) -> dict[str, Any] | None:
    """A function of `keras.ops` on what it reads, of any dtype, with and without weights before it; drawn apart as well."""
    rng = Random(f"computed {seed}")
    if rng.random() >= FUNCTIONS:
        return None
    fact = find_fact(rng.choice(list_names()))
    assert fact is not None
    shape: list[Any] = list(fact.shape) if rng.random() < 0.6 else [rng.randint(1, 5) for _ in fact.shape]
    if rng.random() < 0.2:
        shape[0] = "n"
    values = {"function": fact.name, **fact.example}
    for each in fact.arguments:
        if rng.random() < 0.3 and (drawn := _value(each.kind, rng)) is not None:
            values[each.name] = drawn
    dtype = rng.choice(["float32", "float32", "float32", "int32", "int64", "uint8", "float16", "bool"])
    last = shape[-1]
    dense = [{"Dense": {"units": last, "activation": rng.choice(["relu", "linear"])}}] if isinstance(last, int) else []
    before: list[Any] = dense if dtype.startswith("float") and rng.random() < 0.5 else []
    input = {"kind": "tensor", "axes": [f"axis{place}" for place in range(len(shape))], "shape": shape, "dtype": dtype}
    cast: list[Any] = [{"Op": {"function": "cast", "dtype": "float32"}}] if rng.random() < 0.5 else []
    flat: list[Any] = ["Flatten"] if rng.random() < 0.7 else []
    spec = _spec(input, [*before, {"Op": values}, *cast, *flat], HEAD if rng.random() < 0.7 else [])
    if rng.random() < 0.6:
        jit = {"jit_compile": True} if rng.random() < 0.2 else {}
        spec["compile"] = {"loss": "mse", "optimizer": "sgd", **jit}
    return spec


OUTPUTS: list[list[Any]] = [[], [1], [2], [4], [1, 1], [1, 4], [3, 1], [3, 4], [4, 4], ["n", 4], ["n", 1], [1, 1, 4], [2, 1, 4]]
OUTPUTS += [[1, 2, 1], [1, 3, 4]]
COUNTED = {"num_classes": 4, "target_class_ids": [0]}
OF_LABELS = ("sparse_y_true", "sparse_y_pred", "class_id", "top_k", "k", "axis", "from_logits", "multi_label")
"""Arguments on which it rests what labels and outputs a loss or metric takes."""


def held(seed: int) -> dict[str, Any] | None:
    """A loss and metrics of any kind and arguments on an output of any axes, some of one; drawn apart as well."""
    rng = Random(f"held {seed}")
    if rng.random() >= HELD:
        return None
    shape = rng.choice(OUTPUTS)
    activation = rng.choice(["softmax", "sigmoid", "linear", "softplus"])
    head: list[Any] = (
        [{"Dense": {"units": shape[-1], "activation": activation}}] if shape else [{"Activation": {"activation": "tanh"}}]
    )
    entropies = ["SparseCategoricalCrossentropy", "CategoricalCrossentropy"]
    loss = rng.choice([*entropies, rng.choice(sorted(find_family("losses")["classes"]))])
    metrics = rng.sample(sorted(find_family("metrics")["classes"]), rng.randint(1, 2))
    section = {"loss": _thing("losses", loss, rng), "metrics": [_thing("metrics", each, rng) for each in metrics]}
    kind = ("vector", "vector", "sequence", "image")[len(shape)]
    return {**_spec({"kind": kind, "shape": list(shape)}, [], head), "name": "fuzzed", "compile": section}


def _thing(family: str, name: str, rng: Random) -> Any:
    """A loss or metric with what it needs, and now and then with other arguments."""
    draw, values = Draw(rng), dict[str, Any]()
    for each in find_family(family)["classes"][name]["arguments"]:
        key = each["name"]
        likely = 0.3 if key in OF_LABELS else 0.05
        if key not in ("name", "dtype") and (each.get("required") or rng.random() < likely):
            drawn = COUNTED[key] if key in COUNTED else draw.of(find_kind(each), key)
            if drawn is not NOTHING:
                values[key] = drawn
    return {name: values} if values else name


def _value(kind: str, rng: Random) -> Any:
    """A value of an argument of a function, by the word for it in the table; None where none is drawn."""
    kind = kind.removesuffix("?")
    if kind.startswith("choice:"):
        return rng.choice(kind.removeprefix("choice:").split())
    if kind == "bool":
        return rng.random() < 0.5
    if kind in ("int", "natural", "count", "block", "counts", "axes"):
        return rng.randint(-3, 4)
    return rng.choice([0, 1, 2, -1, 0.5, -0.5, 30]) if kind in ("number", "positive", "rate", "percent") else None


def into_backbones(rng: Random) -> dict[str, Any]:
    """A small backbone, of frames too: layers inside it are read, trained, frozen and told to learn at rates of their own."""
    name, more = rng.choice(
        [("MobileNetV2", {"alpha": 0.35}), ("MobileNetV3Small", {"alpha": 0.35}), ("MobileNet", {"alpha": 0.25})]
    )
    layers = rng.choice([INSIDE[name], INSIDE[name], [*INSIDE[name], "conv_99"]])
    values: dict[str, Any] = {"weights": None, "include_top": False, "name": "base", **more}
    if rng.random() < 0.4:
        values["train_from" if rng.random() < 0.8 else "trainable"] = rng.choice(layers) if rng.random() < 0.8 else False
    for key, share in (("freeze_batch_norm", 0.3), ("preprocess_input", 0.4)):
        if rng.random() < share:
            values[key] = True
    frames = [rng.choice([2, "frames"])] if rng.random() < 0.4 else []
    sizes = rng.choice([[32, 32], [33, 40], ["h", "w"]])
    net: Any = {name: values}
    taken = [{"TimeDistributed": [net]}] if frames else [net]
    read = rng.sample(layers, rng.randint(1, 2))
    pooled = [{"TimeDistributed": ["GlobalAveragePooling2D"]}, "GlobalAveragePooling1D"] if frames else ["GlobalAveragePooling2D"]
    heads: dict[str, Any] = {
        f"head{i}": {"inputs": [f"left.base.{each}"], "layers": copy.deepcopy([*pooled, *HEAD])} for i, each in enumerate(read)
    }
    if rng.random() < 0.5:
        heads["end"] = {"inputs": ["left"], "layers": copy.deepcopy([*pooled, *HEAD])}
    branch = {"input": {"kind": "video" if frames else "image", "shape": [*frames, *sizes, 3]}, "layers": taken}
    section: dict[str, Any] = {"loss": dict.fromkeys(heads, "mse"), "optimizer": "sgd"}
    if rng.random() < 0.4:
        section["learning_rate_multipliers"] = {
            f"branches.left.base.{each}": 0.5 for each in rng.sample(layers, rng.randint(1, 2))
        }
    return {"version": 1, "name": "themed", "branches": {"left": branch}, "heads": heads, "compile": section}


INSIDE = {
    "MobileNetV2": ["Conv1_relu", "block_1_project_BN", "block_3_expand", "block_6_depthwise", "out_relu"],
    "MobileNetV3Small": ["conv_bn", "expanded_conv_2_add", "activation_3", "re_lu_4", "expanded_conv_4_expand"],
    "MobileNet": ["conv1_bn", "conv_pw_3", "conv_dw_6_relu", "conv_pw_13_relu"],
}
"""Layers of backbones, in their order."""


def _spec(input: dict[str, Any], layers: list[Any], head: list[Any] | None = None) -> dict[str, Any]:
    branch = {"input": input, "layers": layers}
    return {"version": 1, "name": "themed", "branches": {"left": branch}, "head": copy.deepcopy(HEAD) if head is None else head}


THEMES: list[Callable[[Random], dict[str, Any]]] = [compiled, resized, looked_up, measured, saved, into_backbones]
