"""One mistake of each code that has a fix, planted into a drawn spec that is silent. Imports no Keras."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from fuzz.drawn import Pair, Spec, image, sequence, slip, spec_of, text_in_style, vector
from fuzz.text import get, paths_of, renamed, replaced, without
from fuzz.trained import TRAINED, misplaced
from fuzz.unmeant import UNMEANT


@dataclass(frozen=True)
class Mistake:
    """A text with one mistake of a code, and the text before it was planted."""

    code: str
    before: str
    text: str


def draw(code: str, seed: int) -> Mistake | None:
    """A mistake of that code; None where the drawn spec has no place for it."""
    rng = Random(f"{code} {seed}")
    found = PLANTS[code](rng)
    if found is None:
        return None
    before, after = found
    flow = rng.choice([None, False])
    texts = [each if isinstance(each, str) else text_in_style(each, flow) for each in (before, after)]
    return Mistake(code, *texts) if texts[0] != texts[1] else None


def _of_keys(*keys: str, new: Callable[[Any, Random], Any] | None = None) -> Callable[[Random], Pair | None]:
    """The key, or with `new` the value, of one of those keys of a drawn spec changed."""

    def plant(rng: Random) -> Pair | None:
        spec = spec_of(rng)
        paths = [path for path in paths_of(spec) if path[-1] in keys]
        if not paths:
            return None
        path = rng.choice(paths)
        value = get(spec, path)
        return spec, replaced(spec, path, new(value, rng)) if new else renamed(spec, path, slip(str(path[-1]), rng))

    return plant


def _layer_name(rng: Random) -> Pair:
    spec = spec_of(rng)
    named = [path for path in paths_of(spec) if isinstance(path[-1], str) and path[-1][0].isupper() and path[0] != "compile"]
    path = rng.choice(named)
    return spec, renamed(spec, path, slip(str(path[-1]), rng))


def _wrong_type(rng: Random) -> Pair:
    spec = spec_of(rng)
    paths = [path for path in paths_of(spec) if isinstance(get(spec, path), int | float) and path[0] == "branches"]
    path = rng.choice(paths)
    value = get(spec, path)
    if isinstance(value, bool):
        return spec, replaced(spec, path, rng.choice(["true", "yes"]) if value else "no")
    ways = [str(value)] if isinstance(value, float) or isinstance(path[-1], int) else [str(value), float(value), [value]]
    return spec, replaced(spec, path, rng.choice(ways))


def _reference(rng: Random) -> Pair:
    spec = spec_of(rng, *rng.choices([vector, sequence, image], k=2))
    at = rng.randrange(2)
    return spec, replaced(spec, ("fusion", "inputs", at), slip(spec["fusion"]["inputs"][at], rng))


def _branch(rng: Random) -> Pair:
    spec = spec_of(rng, vector, vector)
    first, second = spec["branches"]
    spec["branches"][second] = {"input": dict(spec["branches"][first]["input"]), "share_layers_with": first}
    return spec, replaced(spec, ("branches", second, "share_layers_with"), slip(first, rng))


def _heads(rng: Random) -> Spec:
    spec = spec_of(rng)
    del spec["head"]
    spec["heads"] = {"risk": [{"Dense": {"units": 1, "activation": "sigmoid"}}], "stay": [{"Dense": {"units": 1}}]}
    spec["compile"] = {"loss": {"risk": "binary_crossentropy", "stay": None}}
    return spec


def _head(rng: Random) -> Pair:
    spec = _heads(rng)
    spec["compile"]["loss"]["stay"] = "mean_squared_error"
    name = rng.choice(["risk", "stay"])
    return spec, renamed(spec, ("compile", "loss", name), slip(name, rng))


def _no_loss(rng: Random) -> Pair:
    spec = _heads(rng)
    return spec, without(spec, ("compile", "loss", "stay"))


def _address(rng: Random) -> Pair:
    spec = spec_of(rng, vector)
    ((name, branch),) = spec["branches"].items()
    spec["expect"] = {f"branches.{name}": [branch["layers"][-2]["Dense"]["units"]]}
    path = ("expect", f"branches.{name}")
    return spec, renamed(spec, path, f"branches.{slip(name, rng)}")


def _variable(rng: Random) -> Pair:
    spec = {"vars": {"width": rng.randint(4, 8), "rate": 0.1}, **spec_of(rng, vector)}
    (name,) = spec["branches"]
    spec["branches"][name]["layers"][0]["Dense"]["units"] = "$width"
    return spec, replaced(spec, ("branches", name, "layers", 0, "Dense", "units"), f"${slip('width', rng)}")


def _no_effect(rng: Random) -> Pair:
    spec = spec_of(rng)
    name, argument, value = rng.choice(
        [
            ("Adam", "ema_momentum", 0.9),
            ("AdamW", "ema_overwrite_frequency", 3),
            ("SGD", "nesterov", True),
            ("Adam", "ema_momentum", 0.5),
        ]
    )
    spec["compile"]["optimizer"] = {name: {"learning_rate": 0.001}}
    return spec, replaced(spec, ("compile", "optimizer", name, argument), value)


def _not_yaml(rng: Random) -> Pair | None:
    text = text_in_style(spec_of(rng), None)
    lines = text.splitlines(keepends=True)
    ways = {
        "dash": [n for n, line in enumerate(lines) if line.lstrip().startswith("- ")],
        "bracket": [n for n, line in enumerate(lines) if line.rstrip().endswith(("]", "}"))],
        "colon": [n for n, line in enumerate(lines) if line.startswith(("name: ", "version: "))],
    }
    way = rng.choice(list(ways))
    number = rng.choice(ways[way])
    line = lines[number]
    broken = {"dash": line.replace("- ", "-", 1), "bracket": line.rstrip()[:-1] + "\n", "colon": line.replace(": ", ":", 1)}[way]
    return text, "".join([*lines[:number], broken, *lines[number + 1 :]])


def _without_key(key: str, *kinds: Callable[[Random], Spec]) -> Callable[[Random], Pair]:
    """An argument left out that a layer after it needs."""

    def plant(rng: Random) -> Pair:
        spec = spec_of(rng, *kinds)
        path = rng.choice([path for path in paths_of(spec) if path[-1] == key])
        return spec, without(spec, path)

    return plant


def _wrong_rank(rng: Random) -> Pair:
    if rng.random() < 0.6:
        return _without_key("return_sequences", sequence)(rng)
    spec = spec_of(rng, image)
    (name,) = spec["branches"]
    branch = spec["branches"][name]
    size, layers = branch["input"]["shape"][0], branch["layers"]
    branch["input"] = {"kind": "video", "shape": [rng.randint(4, 10), size, size, 3]}
    branch["layers"] = [{"TimeDistributed": layers}, {"LSTM": {"units": 4}}]
    bare = replaced(spec, ("branches", name, "layers"), [*copy.deepcopy(layers), {"LSTM": {"units": 4}}])
    return spec, bare


def _kernel(rng: Random) -> Pair:
    spec = spec_of(rng, image)
    (name,) = spec["branches"]
    at = ("branches", name, "layers", 0, "Conv2D")
    spec = replaced(replaced(spec, (*at, "kernel_size"), rng.randint(40, 60)), (*at, "padding"), "same")
    return spec, replaced(spec, (*at, "padding"), "valid") if rng.random() < 0.5 else without(spec, (*at, "padding"))


def _joined(rng: Random) -> Spec:
    spec = spec_of(rng, sequence, sequence)
    steps = rng.randint(8, 20)
    for name in spec["branches"]:
        conv = {"filters": 4, "kernel_size": rng.choice([3, 5]), "padding": "same"}
        spec["branches"][name] = {"input": {"kind": "sequence", "shape": [steps, 4]}, "layers": [{"Conv1D": conv}]}
    spec["head"] = [{"LSTM": {"units": 4}}, {"Dense": {"units": 2}}]
    return spec


def _sizes(rng: Random) -> Pair:
    spec = _joined(rng)
    name = rng.choice(list(spec["branches"]))
    return spec, without(spec, ("branches", name, "layers", 0, "Conv1D", "padding"))


def _shapes(rng: Random) -> Pair:
    spec = spec_of(rng, vector, vector)
    width = rng.randint(4, 16)
    for branch in spec["branches"].values():
        branch["layers"] = [{"Dense": {"units": width, "activation": "relu"}}]
    spec["fusion"]["strategy"] = rng.choice(["learned_weights", "gated"])
    name = rng.choice(list(spec["branches"]))
    return spec, replaced(spec, ("branches", name, "layers", 0, "Dense", "units"), width + rng.randint(1, 9))


def _ranks(rng: Random) -> Pair:
    spec = spec_of(rng, sequence, vector)
    first = next(iter(spec["branches"].values()))
    first["layers"] = first["layers"][:-1]
    spec["fusion"]["broadcast"] = True
    spec["head"] = [{"GRU": {"units": 4}}, {"Dense": {"units": 2}}]
    return spec, without(spec, ("fusion", "broadcast"))


def _mask(rng: Random) -> Pair:
    spec = spec_of(rng, sequence)
    (branch,) = spec["branches"].values()
    branch["input"]["padding_value"] = 0
    branch["layers"] = [*branch["layers"][:-1], "GlobalAveragePooling1D"]
    at = ("branches", next(iter(spec["branches"])), "layers", len(branch["layers"]) - 1)
    return spec, replaced(spec, at, rng.choice(["Flatten", "GlobalMaxPooling1D"]))


def _bias(rng: Random) -> Pair:
    spec = spec_of(rng, image)
    (name,) = spec["branches"]
    conv = {"filters": rng.randint(4, 8), "kernel_size": 3, "use_bias": False}
    spec["branches"][name]["layers"] = [{"Conv2D": conv}, "BatchNormalization", "ReLU", "GlobalAveragePooling2D"]
    return spec, without(spec, ("branches", name, "layers", 0, "Conv2D", "use_bias"))


def _of_backbone(name: str, **more: Any) -> Spec:
    """Images through a pretrained backbone, scaled as it reads them."""
    values = {"weights": "imagenet", "include_top": False, "pooling": "avg", "preprocess_input": True, **more}
    branch = {"input": {"kind": "image", "shape": [96, 96, 3]}, "layers": [{name: values}]}
    return {"version": 1, "name": "drawn", "branches": {"photo": branch}, "head": [{"Dense": {"units": 1}}]}


def _inner_layer(rng: Random) -> Pair:
    layer = rng.choice(["block_13_expand", "block_2_depthwise_BN", "Conv_1", "block_16_project", "block_9_add"])
    spec = _of_backbone("MobileNetV2", train_from=layer)
    return spec, replaced(spec, ("branches", "photo", "layers", 0, "MobileNetV2", "train_from"), slip(layer, rng))


def _no_norm(rng: Random) -> Pair:
    name = rng.choice(["VGG16", "VGG19"])
    return _of_backbone(name), _of_backbone(name, freeze_batch_norm=True)


def _of_steps(rng: Random, *layers: Any) -> Spec:
    """A sequence with its layers, flattened behind them."""
    spec = spec_of(rng, vector)
    (name,) = spec["branches"]
    input = {"kind": "sequence", "shape": [rng.randint(12, 30), rng.randint(2, 8)]}
    spec["branches"][name] = {"input": input, "layers": [*copy.deepcopy(layers), "Flatten"]}
    spec["head"] = [{"Dense": {"units": rng.randint(1, 4)}}]
    return spec


def _of_layer(layer: str, sound: dict[str, Any], *wrong: Any) -> Callable[[Random], Pair]:
    """A layer on steps, with arguments that are sound and others that are not."""

    def plant(rng: Random) -> Pair:
        spec = _of_steps(rng, {layer: sound})
        (name,) = spec["branches"]
        return spec, replaced(spec, ("branches", name, "layers", 0), {layer: rng.choice(wrong)})

    return plant


def _of_states(change: Callable[[Spec, str, Random], None]) -> Callable[[Random], Pair]:
    """A decoder that begins with the states of an encoder, changed."""

    def plant(rng: Random) -> Pair:
        spec, units = spec_of(rng, vector), rng.randint(3, 9)
        kind = rng.choice(["LSTM", "GRU"])
        recurrent = {kind: {"units": units, "return_sequences": True, "name": "rnn"}}
        of_steps = {"kind": "sequence", "shape": [rng.randint(4, 9), rng.randint(2, 6)]}
        spec["branches"] = {
            "before": {"input": dict(of_steps), "layers": [recurrent, "GlobalAveragePooling1D"]},
            "vector": {"input": {"kind": "vector", "shape": [5]}, "layers": [{"Dense": {"units": units}}]},
            "after": {"input": dict(of_steps), "layers": [{kind: {"units": units, "initial_state": "before.rnn"}}]},
        }
        spec["fusion"] = {"strategy": "concat"}
        spec["head"] = [{"Dense": {"units": rng.randint(1, 4)}}]
        changed = copy.deepcopy(spec)
        change(changed, kind, rng)
        return spec, changed

    return plant


def _one_state(spec: Spec, kind: str, rng: Random) -> None:
    arguments = spec["branches"]["after"]["layers"][0].pop(kind)
    arguments["initial_state"] = rng.choice(["vector", ["vector"]])
    spec["branches"]["after"]["layers"][0]["LSTM"] = arguments


def _other_units(spec: Spec, kind: str, rng: Random) -> None:
    spec["branches"]["after"]["layers"][0][kind]["units"] += 1
    spec["branches"]["after"]["layers"][0][kind]["initial_state"] = {"LSTM": ["vector", "vector"], "GRU": "vector"}[kind]


_as_residual = _of_layer("Residual", {"layers": ["ReLU", "LayerNormalization"]}, ["ReLU", "LayerNormalization"])
_as_repeat = _of_layer("Repeat", {"times": 2, "layers": ["ReLU"]}, ["ReLU"])


def _alone(rng: Random) -> Pair:
    """Three layers that share, of which one is misspelt."""
    name = "".join(rng.choice("abcdefgh") for _ in range(rng.randint(5, 9)))
    shared = [{"Dense": {"units": 6, "share": name}} for _ in range(3)]
    spec = _of_steps(rng, {"Dense": {"units": 6}}, *shared)
    (branch,) = spec["branches"]
    at = rng.randint(1, 3)
    return spec, replaced(spec, ("branches", branch, "layers", at, "Dense", "share"), slip(name, rng))


def _value(rng: Random) -> Pair:
    """A value of an axis of the matrix that stands there already."""
    spec = spec_of(rng)
    axis, values = rng.choice(
        [("compile.loss", ["mean_squared_error", "mean_absolute_error", "huber"]), ("seed", rng.sample(range(90), 3))]
    )
    spec["matrix"] = {axis: values}
    again = [*values]
    again.insert(rng.randrange(1, 4), rng.choice(values))
    return spec, replaced(spec, ("matrix", axis), again)


_key = _of_keys("units", "filters", "kernel_size", "activation", "return_sequences", "padding", "strategy", "optimizer")

PLANTS: dict[str, Callable[[Random], Pair | None]] = {
    "wrong-type": _wrong_type,
    "unknown-key": lambda rng: misplaced(rng) if rng.random() < 0.2 else _key(rng),
    "unknown-layer": _layer_name,
    "unknown-name": _of_keys("activation", "loss", new=lambda value, rng: slip(value, rng)),
    "unknown-choice": _of_keys("padding", "strategy", new=lambda value, rng: slip(value, rng)),
    "unknown-reference": _reference,
    "unknown-branch": _branch,
    "unknown-head": _head,
    "unknown-address": _address,
    "unknown-variable": _variable,
    "value-twice": _value,
    "no-effect": _no_effect,
    "not-yaml": _not_yaml,
    "wrong-rank": _wrong_rank,
    "kernel-larger-than-input": _kernel,
    "sizes-differ": _sizes,
    "shapes-differ": _shapes,
    "ranks-differ": _ranks,
    "mask-lost": _mask,
    "bias-before-batchnorm": _bias,
    "head-without-loss": _no_loss,
    "unknown-inner-layer": _inner_layer,
    "no-batch-norm": _no_norm,
    "not-a-mapping": lambda rng: rng.choice((_as_residual, _as_repeat))(rng),
    "not-a-list": _of_layer("Residual", {"layers": ["ReLU"]}, {"layers": {"ReLU": {}}}, {"layers": "ReLU"}),
    "shared-alone": _alone,
    "slice-of-what": _of_layer("Slice", {"axis": 1, "start": 0}, {"axis": 1}, {"axis": 1, "start": 2, "index": 1}),
    "slice-not-there": _of_layer("Slice", {"axis": 1, "index": -1}, {"axis": 1, "index": 40}, {"axis": 2, "index": -9}),
    "slice-empty": _of_layer("Slice", {"axis": 1, "stop": 9}, *({"axis": 1, "start": n, "stop": m} for n, m in ((9, 2), (4, 4)))),
    "no-such-axis": _of_layer("Op", {"function": "softmax", "axis": -1}, {"function": "softmax", "axis": 3}),
    "works-over-the-batch": _of_layer(
        "Op", {"function": "mean", "axis": 1}, {"function": "mean"}, {"function": "max", "axis": 0}, {"function": "cumsum"}
    ),
    "positions-too-few": _of_layer("PositionEmbedding", {}, {"sequence_length": 3}, {"sequence_length": 11}),
    "initial-state-count": _of_states(_one_state),
    "initial-state-shape": _of_states(_other_units),
    **UNMEANT,
    **TRAINED,
}
"""By code, what draws a silent spec and the same with a mistake, as values or as texts."""
