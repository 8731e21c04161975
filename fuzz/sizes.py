"""Chains of layers over sizes known only at run time: what is said of them against the same chains with sizes written.

Drawn beside the spec of a seed, which stays what it was. Whether a chain runs at a size is what the compiler says of it, or what
Keras does (`shapes`). Imports no Keras.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from random import Random
from typing import Any

from sizes import draw, draw_stretched, meaning

from fuzz.layers import load

Spec = dict[str, Any]
TRIED = 12
"""Sizes that are tried of each chain, beside those that an error or a condition names."""
LARGEST = 300
SMALL = 8
"""Of two names all sizes up to here are looked at in pairs, with some that are larger."""
STRETCHED = (8, 9)
"""Seeds, of ten, whose branches are joins that stretch."""
FUSIONS = (
    {"strategy": "concat", "axis": 1},
    {"strategy": "concat", "axis": -1},
    *({"strategy": strategy} for strategy in ("add", "average", "multiply")),
    *({"layer": layer} for layer in ("Add", "Maximum")),
)


def chain(seed: int, **sizes: int) -> Spec:
    """The chain of a seed: a branch over `n` steps, and of odd seeds another over `m`; with the sizes that are given."""
    rng = Random(f"sizes {seed}")
    stretched = seed % 10 in STRETCHED
    left = _branch(draw_stretched(rng, 4) if stretched else draw(rng, 6), sizes.get("n", "n"))
    if seed % 2 == 0:
        left["layers"].append("GlobalMaxPooling1D")
        return _spec({"left": left})
    branches = {"left": left, "right": _branch(draw_stretched(rng, 3) if stretched else draw(rng, 3), sizes.get("m", "m"))}
    return _spec(branches, fusion={**rng.choice(FUSIONS), "layers": [*draw(rng, 2), "GlobalMaxPooling1D"]})


def _branch(layers: list[Any], steps: int | str) -> Spec:
    return {"input": {"kind": "sequence", "shape": [steps, 4]}, "layers": layers}


def _spec(branches: Spec, **more: Any) -> Spec:
    return {"version": 1, "name": "x", "branches": branches, **more, "head": []}


def is_sound(spec: Spec) -> bool:
    """Whether the compiler finds no error."""
    return load(spec).ok


def untrue(seed: int, runs: Callable[[Spec], bool] = is_sound) -> str | None:
    """What is said of the sizes of the chain of a seed and is not so; None where all is, or it is said to be undecided."""
    spec, rng = chain(seed), Random(seed)
    names = ("n", "m")[: len(spec["branches"])]
    found = load(spec)
    if any(each.code.name == "sizes-undecided" for each in found.diagnostics):
        return None
    told = [str(each.facts["condition"]) for each in found.diagnostics if each.code.name == "depends-on-size"]
    if any("..." in each for each in told):
        return None  # too long to be told whole
    alone = list(range(1, LARGEST + 1))
    sizes = alone if len(names) == 1 else [*alone[:SMALL], *sorted(rng.sample(alone[SMALL:], TRIED))]
    every = list(product(sizes, repeat=len(names)))
    said = dict(zip(every, meaning(told, names, sizes) if found.ok else [False] * len(every), strict=True))
    fitting = [each for each in every if said[each]]
    some = rng.sample(every, TRIED) + fitting[:TRIED] + rng.sample(fitting, min(TRIED, len(fitting)))
    for each in sorted(set(some)):
        given = dict(zip(names, each, strict=True))
        if runs(chain(seed, **given)) != said[each]:
            shown = ", ".join(f"{name} = {size}" for name, size in given.items())
            return f"{shown} {'does not run' if said[each] else 'runs'}, against what is said"
    return None
