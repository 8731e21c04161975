"""Specs that are drawn to be silent, for mistakes to be planted into. Imports no Keras."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import yaml

Spec = dict[str, Any]
Pair = tuple[Any, Any]
"""A spec, or a text, without a mistake and with one."""
NAMES = ("audio", "camera", "torque", "vitals", "weather")
ACTIVATIONS = ("relu", "tanh", "gelu", "elu", "selu")


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def text_in_style(spec: Any, flow: bool | None = False) -> str:
    """The spec in block style, or with its innermost lists and mappings in flow style."""
    return yaml.dump(spec, Dumper=_Dumper, sort_keys=False, default_flow_style=flow, width=1000)


def vector(rng: Random) -> Spec:
    """A branch that reads a vector."""
    layers = [{"Dense": {"units": rng.randint(4, 32), "activation": rng.choice(ACTIVATIONS)}} for _ in range(rng.randint(1, 3))]
    return {"input": {"kind": "vector", "shape": [rng.randint(4, 16)]}, "layers": [*layers, {"Dropout": {"rate": 0.25}}]}


def sequence(rng: Random) -> Spec:
    """A branch that reads steps by recurrent layers."""
    name = rng.choice(["LSTM", "GRU"])
    layers: list[Any] = [{name: {"units": rng.randint(4, 16), "return_sequences": True}} for _ in range(rng.randint(1, 2))]
    return {
        "input": {"kind": "sequence", "shape": [rng.randint(8, 30), rng.randint(3, 8)]},
        "layers": [*layers, {name: {"units": rng.randint(4, 16)}}],
    }


def image(rng: Random) -> Spec:
    """A branch that brings an image to a vector."""
    conv = {"filters": rng.randint(4, 16), "kernel_size": 3, "padding": "same", "activation": rng.choice(ACTIVATIONS)}
    layers = [each for _ in range(rng.randint(1, 2)) for each in ({"Conv2D": dict(conv)}, {"MaxPooling2D": {"pool_size": 2}})]
    size = rng.choice([16, 24, 32])
    return {"input": {"kind": "image", "shape": [size, size, 3]}, "layers": [*layers, "GlobalAveragePooling2D"]}


def spec_of(rng: Random, *kinds: Callable[[Random], Spec]) -> Spec:
    """Branches of those kinds or of some, joined where there are several, with a head of numbers."""
    kinds = kinds or tuple(rng.choices([vector, sequence, image], k=rng.randint(1, 3)))
    names = rng.sample(NAMES, len(kinds))
    spec: Spec = {"version": 1, "name": "drawn", "branches": {n: kind(rng) for n, kind in zip(names, kinds, strict=True)}}
    if len(names) > 1:
        spec["fusion"] = {"strategy": "concat", "inputs": names}
    spec["head"] = [{"Dense": {"units": rng.randint(2, 8)}}]
    spec["compile"] = {"optimizer": {"Adam": {"learning_rate": 0.001}}, "loss": "mean_squared_error"}
    return spec


def classes(rng: Random, units: int, activation: str | None, loss: Any, metrics: list[Any] | None = None, **more: Any) -> Spec:
    """A drawn spec with a head of classes."""
    spec = spec_of(rng)
    last = {"units": units} | ({"activation": activation} if activation else {})
    spec["head"] = [{"Dense": {"units": rng.randint(4, 16), "activation": "relu"}}, {"Dense": last}]
    spec["compile"] = {"loss": loss} | ({"metrics": metrics} if metrics else {})
    return spec | more


def slip(word: str, rng: Random) -> str:
    """One letter left out, doubled, swapped with the next, or another one."""
    at = rng.randrange(1, len(word) - 1)
    ways = [word[:at] + word[at + 1 :], word[:at] + word[at] + word[at:], word[:at] + "x" + word[at + 1 :]]
    ways.append(word[:at] + word[at + 1] + word[at] + word[at + 2 :])
    return rng.choice([way for way in ways if way != word])
