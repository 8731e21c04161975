"""Conditions on sizes known only at run time: what warnings and errors say of drawn chains is so for every size from 1 to 300."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest
from sizes import after, draw, meaning, merged

from cnnlstm_spec.compiler import Compilation, compile_source
from cnnlstm_spec.source import Source

SIZES = list(range(1, 301))
FEW = [*range(1, 61), *range(291, 301)]
EACH = 50


def load(spec: Any) -> Compilation:
    return compile_source(Source("t.yaml", json.dumps(spec)))


def one(chain: Any, name: str = "n") -> dict[str, Any]:
    layers = [*chain, "GlobalMaxPooling1D"]
    branches = {"left": {"input": {"kind": "sequence", "shape": [name, 4]}, "layers": layers}}
    return {"version": 1, "name": "x", "branches": branches, "head": []}


def two(left: Any, right: Any, merge: Any, last: Any) -> dict[str, Any]:
    branches = {
        branch: {"input": {"kind": "sequence", "shape": [name, 4]}, "layers": layers}
        for branch, name, layers in (("left", "n", left), ("right", "m", right))
    }
    fusion = {"strategy": merge} if isinstance(merge, str) else merge
    return {"version": 1, "name": "x", "branches": branches, "fusion": fusion, "head": [*last, "GlobalMaxPooling1D"]}


def said(found: Compilation) -> list[str] | None:
    """The conditions of the warnings; None where an error says that no size fits, or what layer never runs."""
    if not found.ok:
        return None
    by_code = {each.code.name: each for each in found.diagnostics}
    assert "sizes-undecided" not in by_code, [each.message for each in found.diagnostics]
    return [str(each.facts["condition"]) for each in found.diagnostics if each.code.name == "depends-on-size"]


@pytest.mark.parametrize("first", range(0, 600, EACH))
def test_of_one_size(first: int) -> None:
    for seed in range(first, first + EACH):
        chain = draw(Random(seed), 5)
        runs = [after(chain, n) is not None for n in SIZES]
        told = said(load(one(chain)))
        if told is None:
            assert not any(runs), (seed, chain)
            continue
        assert meaning(told, ("n",), SIZES) == runs, (seed, chain, told)
        assert not all(runs) or not told, (seed, chain, told)


@pytest.mark.parametrize(("seeds", "sizes"), [(range(4), SIZES), (range(4, 60), FEW), (range(60, 120), FEW)])
def test_of_two_sizes(seeds: range, sizes: list[int]) -> None:
    """Against every pair of sizes; of most chains without those from 61 to 290, which takes too long."""
    for seed in seeds:
        rng = Random(seed)
        left, right, last = draw(rng, 3, 1), draw(rng, 3, 1), draw(rng, 1, 1)
        merge = rng.choice(["add", "add", {"strategy": "concat", "axis": 1}, {"layer": "Add"}])
        told = said(load(two(left, right, merge, last)))
        lefts, rights = ([after(chain, n) for n in sizes] for chain in (left, right))
        steps = [merged(merge, [a, b]) for a in lefts for b in rights]
        fitting = {joined for joined in set(steps) if after(last, joined) is not None}
        runs = [joined in fitting for joined in steps]
        if told is None:
            assert not any(runs), (seed, left, right, merge, last)
            continue
        assert meaning(told, ("n", "m"), sizes) == runs, (seed, left, right, merge, last, told)
        assert not all(runs) or not told, (seed, left, right, merge, last, told)
