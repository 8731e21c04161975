"""Random specs that name what stands elsewhere: files of weights, objects of a person's own, and weights of another fusion.

Imports no Keras.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

from fuzz.themes import HEAD, INSIDE

Spec = dict[str, Any]
SHARE = 0.05
"""How many specs are of these."""
POLICIES = ("float16", "mixed_float16", "bfloat16", "float64")


def outside(seed: int) -> Spec | None:
    """A spec of this kind, where the seed is one of those; drawn apart, so that all other specs stay as they are."""
    rng = Random(f"outside {seed}")
    # What was drawn once and stands in two places is written twice.
    return dict(json.loads(json.dumps(rng.choice(KINDS)(rng)))) if rng.random() < SHARE else None


def vectors(rng: Random) -> Spec:
    """An embedding that begins with the matrix of a file, which may have other sizes; by itself, shared, over time or frozen."""
    rows, width = rng.randint(4, 9), rng.randint(1, 4)
    held = (rows, width) if rng.random() < 0.85 else (rows + rng.choice([0, 1]), width + 1)
    dtype = rng.choice(["float32", "float32", "float64", "float16", "int64", "bool"])
    values: Spec = {"input_dim": rows, "output_dim": width, "weights": f"vectors-{held[0]}x{held[1]}-{dtype}.npy"}
    more = {"mask_zero": True, "trainable": False, "embeddings_regularizer": "l2", "embeddings_constraint": "unit_norm"}
    more |= {"dtype": rng.choice(POLICIES), "lora_rank": 1, "embeddings_initializer": "ones", "share": "both"}
    values |= {key: each for key, each in more.items() if rng.random() < 0.12}
    table: list[Any] = [{"Embedding": values}]
    if rng.random() < 0.15:
        table = [{rng.choice(["TimeDistributed", "Residual", "block"]): {"layers": table}}]
        table = [{"TimeDistributed": table[0]["TimeDistributed"]}] if "TimeDistributed" in table[0] else table
    steps = rng.choice([3, 5, "t"])
    end = rng.choice(["GlobalAveragePooling1D", {"LSTM": {"units": 2}}, {"Conv1D": {"filters": 2, "kernel_size": 1}}])
    blocks = {"block": {"layers": table[0]["block"]["layers"]}} if "block" in table[0] else {}
    table = ["block"] if blocks else table
    branch = {"input": {"kind": "tokens", "shape": [steps]}, "layers": [*table, end]}
    return _with_compile({"blocks": blocks} if blocks else {}, {"left": branch}, rng)


def backbone(rng: Random) -> Spec:
    """A small backbone that begins with the weights of a file, of all or of some of its layers, trained or not."""
    name, alpha = rng.choice([("MobileNetV2", 0.35), ("MobileNetV3Small", 0.75), ("MobileNet", 0.25)])
    values: Spec = {"weights": f"{name}-{alpha}.weights.h5", "include_top": False, "alpha": alpha, "name": "base"}
    if rng.random() < 0.5:
        values |= rng.choice([{"trainable": False}, {"train_from": rng.choice(INSIDE[name])}, {"freeze_batch_norm": True}])
    if rng.random() < 0.2:
        values["pooling"] = rng.choice(["avg", "max"])
    net: Any = {name: values}
    frames = [2] if rng.random() < 0.3 else []
    layers = [{"TimeDistributed": [net]}] if frames else [net]
    branch = {"input": {"kind": "video" if frames else "image", "shape": [*frames, 32, 32, 3]}, "layers": layers}
    spec = _with_compile({}, {"left": branch}, rng)
    if rng.random() < 0.3:
        heads = {"end": {"inputs": ["left"], "layers": ["Flatten", *HEAD]}}
        heads["inner"] = {"inputs": [f"left.base.{rng.choice(INSIDE[name])}"], "layers": ["Flatten", *HEAD]}
        spec = {**spec, "heads": heads, "compile": {"loss": {"end": "mse", "inner": "mse"}, "optimizer": "sgd"}}
        del spec["head"]
    return spec


def own(rng: Random) -> Spec:
    """Objects of a person's own wherever Keras's may stand."""
    penalty = {"Band": {"factor": rng.choice([0.01, 1])}}
    start = rng.choice(["Stripes", {"Stripes": {"value": rng.choice([0, 0.2, 1])}}])
    kinds: list[tuple[Spec, str, Spec]] = [
        ({"kind": "vector", "shape": [4]}, "Dense", {"units": 3}),
        ({"kind": "sequence", "shape": [rng.choice([5, "t"]), 2]}, rng.choice(["LSTM", "GRU", "SimpleRNN"]), {"units": 3}),
        ({"kind": "image", "shape": [6, 6, 2]}, "Conv2D", {"filters": 3, "kernel_size": 3}),
    ]
    input, name, values = rng.choice(kinds)
    choices = {"activation": "bent", "kernel_regularizer": penalty, "bias_regularizer": penalty, "kernel_initializer": start}
    choices |= {"bias_initializer": start, "activity_regularizer": penalty}
    values |= {key: each for key, each in choices.items() if rng.random() < 0.35}
    flat: list[Any] = ["Flatten"] if name == "Conv2D" else []
    layers: list[Any] = [{name: values}, *(["BatchNormalization"] if rng.random() < 0.2 else []), *flat]
    if rng.random() < 0.2:
        layers.append({"Activation": {"activation": "bent"}})
    loss = rng.choice(["PowerLoss", {"PowerLoss": {"power": rng.choice([1, 1.5, 3])}}, "largest_error", "mse"])
    metrics = rng.sample(["largest_error", "Counted", {"Counted": {"factor": 2}}, "mae"], rng.choice([0, 1, 2]))
    section: Spec = {"loss": loss, "optimizer": rng.choice(["sgd", "adam"])}
    if metrics:
        section[rng.choice(["metrics", "weighted_metrics"])] = metrics
    if rng.random() < 0.25:
        section["dtype_policy"] = rng.choice(POLICIES)
    if rng.random() < 0.15:
        section["jit_compile"] = True
    spec = _spec({"left": {"input": input, "layers": layers}}, [{"Dense": {"units": rng.choice([1, 3])}}], compile=section)
    if rng.random() < 0.25:
        heads = {each: {"inputs": ["left"], "layers": [{"Dense": {"units": 2}}]} for each in ("first", "second")}
        spec |= {"heads": heads, "compile": {**section, "loss": {"first": loss, "second": rng.choice(["mse", "largest_error"])}}}
        for key in ("metrics", "weighted_metrics"):
            if key in section:
                spec["compile"][key] = {"second": section[key]}
        del spec["head"]
    return {"version": 1, "name": spec["name"], "objects_from": ["fuzz.own"], **spec}


MERGES: list[Spec] = [
    *({"strategy": each, "units": 4} for each in ("add", "average", "maximum", "multiply", "concat")),
    {"strategy": "learned_weights"},
    {"strategy": "gated"},
    *({"strategy": "attention", "num_heads": 1, "key_dim": 2, "pool": each} for each in ("mean", "none", "concat")),
    {"strategy": "bilinear", "units": 3},
    *({"layer": each} for each in ({"Attention": {"use_scale": True}}, "AdditiveAttention")),
    {"layer": {"MultiHeadAttention": {"num_heads": 1, "key_dim": 2}}},
]


def fusions(rng: Random) -> Spec:
    """Fusions that share their weights: over the same inputs or others, projected or not, at the end or within a branch."""
    shape = rng.choice([[4], [4], [3, 4], ["t", 4]])
    input = {"kind": "vector" if len(shape) == 1 else "sequence", "shape": shape}
    names = ["left", "right", "third"][: rng.choice([2, 2, 3])]
    branches: Spec = {name: {"input": dict(input)} for name in names}
    for branch in branches.values():
        if len(shape) > 1 and rng.random() < 0.3:
            branch["input"]["padding_value"] = 0
        if rng.random() < 0.2:
            branch["layers"] = [{"Dense": {"units": rng.choice([4, 4, 2])}}]
    merge = {**rng.choice(MERGES), "share": "both"}
    if merge.get("strategy") not in (None, "bilinear") and rng.random() < 0.4:
        merge["units"] = rng.choice([2, 4])
    if rng.random() < 0.1:
        merge["trainable"] = False
    if rng.random() < 0.3:
        # Within a branch: a `Parallel` twice, or in each round.
        twice: Any = {"Parallel": {"paths": {"plain": [], "bent": ["ReLU"]}, "merge": merge}}
        layers = rng.choice(
            [[twice, twice], [{"Repeat": {"times": 2, "layers": [twice]}}], [{"TimeDistributed": [twice, twice]}]]
        )
        return _with_compile({}, {"left": {"input": dict(input), "layers": layers}}, rng)
    inputs = [rng.sample(names, rng.randint(2, len(names))) for _ in range(2)]
    other = {**merge, **({"units": 3} if rng.random() < 0.1 else {})}
    written: list[Spec] = [
        {"name": "one", **merge, "inputs": inputs[0]},
        {"name": "two", **other, "inputs": inputs[1] if rng.random() < 0.6 else ["one", rng.choice(names)]},
        {"name": "all", "strategy": rng.choice(["concat", "add"]), "inputs": ["one", "two"]},
    ]
    left = sorted(set(names) - {each for fusion in written for each in fusion["inputs"]})
    written[-1]["inputs"] = [*written[-1]["inputs"], *left]
    return _with_compile({}, branches, rng, fusion=written)


def _with_compile(first: Spec, branches: Spec, rng: Random, **more: Any) -> Spec:
    """A spec that trains, or one of a model alone."""
    spec = {**_spec(branches, rng.choice([[], HEAD, ["Flatten", *HEAD]]), **first, **more)}
    if rng.random() < 0.6:
        spec["compile"] = {"loss": "mse", "optimizer": "sgd"}
        if rng.random() < 0.2:
            spec["compile"]["dtype_policy"] = rng.choice(POLICIES)
    return spec


def _spec(branches: Spec, head: list[Any], **more: Any) -> Spec:
    return {"version": 1, "name": "themed", **more, "branches": branches, "head": head}


KINDS: list[Callable[[Random], Spec]] = [vectors, backbone, own, fusions]
