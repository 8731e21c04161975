"""Chains of layers over a size known only at run time: what is said of it against the same chain with sizes written.

Drawn beside the spec of a seed, which stays what it was. Imports no Keras.
"""

from __future__ import annotations

from random import Random
from typing import Any

from sizes import draw, meaning

from fuzz.layers import load

TRIED = 12
"""Sizes that are tried of each chain, beside those that an error or a condition names."""
LARGEST = 300


def chain(seed: int, steps: int | str = "n") -> dict[str, Any]:
    """The chain of a seed, as a spec of one branch over so many steps."""
    layers = [*draw(Random(f"sizes {seed}"), 6), "GlobalMaxPooling1D"]
    branch = {"input": {"kind": "sequence", "shape": [steps, 4]}, "layers": layers}
    return {"version": 1, "name": "x", "branches": {"left": branch}, "head": []}


def stated(spec: dict[str, Any], sizes: list[int]) -> list[bool]:
    """For which sizes the compiler says that the spec runs."""
    found = load(spec)
    told = [str(each.facts["condition"]) for each in found.diagnostics if each.code.name == "depends-on-size"]
    return meaning(told, ("n",), sizes) if found.ok else [False] * len(sizes)


def untrue(seed: int) -> str | None:
    """What is said of the sizes of the chain of a seed and is not so; None where all is."""
    spec = chain(seed)
    runs = stated(spec, list(range(1, LARGEST + 1)))
    fitting = [n for n, fits in enumerate(runs, 1) if fits]
    rng = Random(seed)
    some = rng.sample(range(1, LARGEST + 1), TRIED) + fitting[:TRIED] + rng.sample(fitting, min(TRIED, len(fitting)))
    for n in sorted(set(some)):
        if load(chain(seed, n)).ok != runs[n - 1]:
            return f"n = {n} {'does not run' if runs[n - 1] else 'runs'}, against what is said"
    return None
