"""What ordinary drawing seldom meets: dtypes of inputs, layers and policies, corrections of low rank, weights that are left out.

Small specs of their own, and changes to a drawn one. Imports no Keras.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from cnnlstm_spec.language.catalog import find_family, load_catalog
from cnnlstm_spec.model.rules.optimizers import EPSILONS
from cnnlstm_spec.ops import find_op
from cnnlstm_spec.ops.wrappers import NORMALIZABLE
from fuzz.arguments import NAMED, Draw

Spec = dict[str, Any]
INPUTS = ["int32", "int64", "uint8", "bool", "float16", "float64"]
LAYERS = ["float16", "bfloat16", "float64", "mixed_float16", "float32", "int32", "uint8", "bool"]
LOW_RANK = ("Dense", "Embedding", "EinsumDense")
SWITCHES = {"use_bias": "bias", "center": "beta", "scale": "gamma"}
OF_WEIGHTS = {"regularizer": "regularizers", "constraint": "constraints", "initializer": "initializers"}
SHARE = 0.1
"""How many specs are small ones, and how many of the others are changed."""


def small(rng: Random) -> Spec | None:
    """Now and then a small spec of an unusual kind."""
    return rng.choice(SMALL)(rng) if rng.random() < SHARE else None


def unusual(spec: Spec, rng: Random) -> Spec:
    """The spec, now and then with something unusual in it."""
    if rng.random() >= SHARE:
        return spec
    changed = copy.deepcopy(spec)
    for change in rng.sample(CHANGES, rng.choice([1, 1, 2])):
        change(changed, rng)
    return changed


def _layers(value: Any) -> Iterator[tuple[Any, Any, str, Spec]]:
    """Each layer: what holds it, where, its name and its arguments, which are written where there are none."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in list(entries):
        name = item if isinstance(item, str) else next(iter(item)) if isinstance(item, dict) and len(item) == 1 else None
        if (
            (isinstance(key, int) or key == "layer")
            and isinstance(name, str)
            and name[:1].isupper()
            and find_op(name) is not None
        ):
            if isinstance(item, str) or item[name] is None:
                item = value[key] = {name: {}}
            yield value, key, name, item[name]
        yield from _layers(item)


def _choose(spec: Spec, rng: Random, names: tuple[str, ...] | None = None) -> tuple[Any, Any, str, Spec] | None:
    found = [each for each in _layers({key: spec.get(key) for key in ("branches", "head", "heads")}) if isinstance(each[3], dict)]
    fitting = [each for each in found if names is None or each[2] in names]
    return rng.choice(fitting) if fitting else None


def _input(spec: Spec, rng: Random) -> None:
    """Another dtype of an input."""
    rng.choice(list(spec["branches"].values()))["input"]["dtype"] = rng.choice(INPUTS)


def _dtype(spec: Spec, rng: Random) -> None:
    """A policy of a layer's own."""
    if (found := _choose(spec, rng)) is not None and "layers" not in found[3] and found[2] != "Op":
        found[3]["dtype"] = rng.choice(LAYERS)


def _low_rank(spec: Spec, rng: Random) -> None:
    """A correction of low rank."""
    if (found := _choose(spec, rng, LOW_RANK)) is not None:
        found[3]["lora_rank"] = rng.choice([1, 2])


def _normalized(spec: Spec, rng: Random) -> None:
    """A layer in `SpectralNormalization`."""
    if (found := _choose(spec, rng, tuple(NORMALIZABLE))) is not None:
        holder, key, name, values = found
        if "share" not in values and key != "layer":
            holder[key] = {"SpectralNormalization": {"layer": {name: values}}}


def _left_out(spec: Spec, rng: Random) -> None:
    """A weight left out, and something asked of it."""
    found = _choose(spec, rng)
    op = find_op(found[2]) if found is not None else None
    switches = [each for each in SWITCHES if op is not None and each in op.arguments]
    if found is not None and switches:
        found[3].update(_without(rng.choice(switches), rng))


def _without(switch: str, rng: Random) -> Spec:
    ending = rng.choice(list(OF_WEIGHTS))
    return {switch: False, f"{SWITCHES[switch]}_{ending}": copy.deepcopy(rng.choice(NAMED[OF_WEIGHTS[ending]]))}


def _policy(spec: Spec, rng: Random) -> None:
    """Any optimizer under any policy."""
    if spec.get("compile"):
        spec["compile"]["dtype_policy"] = rng.choice(load_catalog()["dtype_policies"])
        spec["compile"]["optimizer"] = _any("optimizers", rng)


CHANGES: list[Callable[[Spec, Random], None]] = [_input, _dtype, _low_rank, _normalized, _left_out, _policy]


def _any(name: str, rng: Random) -> Any:
    return Draw(rng).named(name, rng.choice(sorted(find_family(name)["classes"])))


def _spec(branches: Spec, **more: Any) -> Spec:
    return {"version": 1, "name": "fuzzed", "branches": branches, **more}


def _table(rng: Random) -> Spec:
    """An embedding, under any optimizer and policy."""
    values: Spec = {"input_dim": 9, "output_dim": 2}
    if rng.random() < 0.2:
        values["lora_rank"] = 1
    layer: Any = {"Embedding": values}
    if rng.random() < 0.2:
        layer = {"SpectralNormalization": {"layer": layer}}
    optimizer = rng.choice([*EPSILONS, _any("optimizers", rng), _any("optimizers", rng)])
    section = {"optimizer": optimizer, "loss": "mse", "dtype_policy": rng.choice([*load_catalog()["dtype_policies"], "float16"])}
    return _spec({"left": {"input": {"kind": "tokens", "shape": [3]}, "layers": [layer]}}, head=[], compile=section)


def _matrix(rng: Random) -> Spec:
    """A matrix under any optimizer, with a number or a schedule, and policy."""
    optimizer = rng.choice(["Muon", _any("optimizers", rng)])
    name, values = (optimizer, {}) if isinstance(optimizer, str) else next(iter(optimizer.items()))
    if rng.random() < 0.5:
        values = {**values, "learning_rate": {"CosineDecay": {"initial_learning_rate": 0.01, "decay_steps": 10}}}
    section = {"optimizer": {name: values}, "loss": "mse", "dtype_policy": rng.choice(load_catalog()["dtype_policies"])}
    layers = [{"Dense": {"units": 3}}]
    return _spec({"left": {"input": {"kind": "vector", "shape": [4]}, "layers": layers}}, head=[], compile=section)


def _measured(rng: Random) -> Spec:
    """A metric of a head of any dtype, beside a head that is trained."""
    left = {"input": {"kind": "vector", "shape": [4]}}
    right = {"input": {"kind": "vector", "shape": [4], "dtype": rng.choice(INPUTS)}}
    heads = {"first": {"inputs": ["left"], "layers": [{"Dense": {"units": 2}}]}, "second": {"inputs": ["right"], "layers": []}}
    section = {"loss": {"first": "mse", "second": None}, "metrics": {"second": [_any("metrics", rng)]}}
    return _spec({"left": left, "right": right}, heads=heads, compile=section)


def _wide(rng: Random) -> Spec:
    """Labels for an output whose width is known only at run time."""
    layers = [{"Dense": {"units": rng.choice([1, 2, 8]), "activation": "softmax"}}, "Flatten"]
    loss = rng.choice(["sparse_categorical_crossentropy", "categorical_crossentropy", "Circle"])
    section = {"loss": loss, "metrics": [_any("metrics", rng)]}
    return _spec({"left": {"input": {"kind": "sequence", "shape": ["t", 3]}, "layers": layers}}, head=[], compile=section)


def _untrained(rng: Random) -> Spec:
    """Weights that no loss reaches, and penalties that may."""
    values: Spec = {"units": 3}
    if rng.random() < 0.7:
        values |= _without("use_bias", rng)
    if rng.random() < 0.2:
        values["kernel_regularizer"] = "l2"
    layers = [{"Dense": values}, {"Dropout": {"rate": rng.choice([1, 1, 0.5])}}]
    return _spec({"left": {"input": {"kind": "vector", "shape": [4]}, "layers": layers}}, head=[], compile={"loss": "mse"})


def _forgotten(rng: Random) -> Spec:
    """A penalty of a recurrent layer in any dtype."""
    name, penalty = rng.choice(["LSTM", "GRU", "SimpleRNN"]), rng.choice(["activity", "kernel", "bias"])
    layer = {name: {"units": 2, "dtype": rng.choice(LAYERS), f"{penalty}_regularizer": "l2"}}
    return _spec({"left": {"input": {"kind": "sequence", "shape": [4, 3]}, "layers": [layer]}}, head=[], compile={"loss": "mse"})


def _passed_on(rng: Random) -> Spec:
    """A layer without weights in any dtype, over pixels."""
    layer = {
        rng.choice(["Flatten", "ZeroPadding2D", "ReLU", "MaxPooling2D", "Permute", "Rescaling"]): {"dtype": rng.choice(LAYERS)}
    }
    for name, values in layer.items():
        values.update({"Permute": {"dims": [2, 1, 3]}, "Rescaling": {"scale": 2}}.get(name, {}))
    image = {"kind": "image", "shape": [4, 4, 1], "dtype": rng.choice(["uint8", "float32"])}
    layers = [layer, "Flatten", {"Dense": {"units": 1}}]
    return _spec({"left": {"input": image, "layers": layers}}, head=[], compile={"loss": "mse"})


def _wrapped(rng: Random) -> Spec:
    """A layer in `SpectralNormalization`, over integers or with a correction of low rank, by itself or over time."""
    inner: Spec = {"units": 2, **({"lora_rank": rng.choice([1, 2])} if rng.random() < 0.4 else {})}
    layer: Any = {"SpectralNormalization": {"layer": {"Dense": inner}}}
    if rng.random() < 0.4:
        layer = {"TimeDistributed": [layer]}
    kind = {"kind": "sequence", "shape": [3, 4]} if "TimeDistributed" in layer else {"kind": "vector", "shape": [4]}
    branch = {"input": {**kind, "dtype": rng.choice(["float32", *INPUTS])}, "layers": [layer]}
    return _spec({"left": branch}, head=[], compile={"loss": "mse"})


SMALL: list[Callable[[Random], Spec]] = [
    *(_table, _matrix, _measured, _wide, _untrained, _forgotten),
    *(_passed_on, _wrapped),
]
