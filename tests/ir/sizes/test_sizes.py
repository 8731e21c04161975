"""Conditions on sizes known only at run time: what warnings and errors say of drawn chains is so for every size from 1 to 300."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from random import Random
from time import process_time
from typing import Any

import pytest
from sizes import after, draw, draw_stretched, meaning, merged

from cnnlstm_spec.compiler.compile import Compilation, compile_source
from cnnlstm_spec.text.source import Source

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


@pytest.mark.sampled(every=3, long=1)
@pytest.mark.parametrize("first", range(0, 600, EACH))
def test_of_one_size(first: int) -> None:
    for seed in range(first, first + EACH):
        chain = draw(Random(seed), 5) if seed % 5 else draw_stretched(Random(seed), 6)
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
        hold_two(seed, left, right, merge, last, sizes)


@pytest.mark.parametrize(("seeds", "sizes"), [(range(2), SIZES), (range(2, 60), FEW)])
def test_of_two_sizes_that_stretch(seeds: range, sizes: list[int]) -> None:
    """The same of joins that hold in three ways each."""
    for seed in seeds:
        rng = Random(f"stretched {seed}")
        left, right, last = draw_stretched(rng, 3), draw_stretched(rng, 3), draw_stretched(rng, 2) if seed % 2 else []
        merge = rng.choice(["add", {"layer": "Add"}, {"layer": "Maximum"}, {"strategy": "concat", "axis": 1}])
        hold_two(seed, left, right, merge, last, sizes)


def hold_two(seed: int, left: Any, right: Any, merge: Any, last: Any, sizes: list[int]) -> None:
    """What is said of two branches and what joins them is so for every pair of sizes."""
    told = said(load(two(left, right, merge, last)))
    lefts, rights = ([after(chain, n) for n in sizes] for chain in (left, right))
    steps = [merged(merge, [a, b]) for a in lefts for b in rights]
    fitting = {joined for joined in set(steps) if after(last, joined) is not None}
    runs = [joined in fitting for joined in steps]
    if told is None:
        assert not any(runs), (seed, left, right, merge, last)
        return
    assert meaning(told, ("n", "m"), sizes) == runs, (seed, left, right, merge, last, told)
    assert not all(runs) or not told, (seed, left, right, merge, last, told)


POOLED = {"Repeat": {"times": 300, "layers": [{"MaxPooling1D": {"pool_size": 2}}, {"UpSampling1D": {"size": 3}}]}}
PATHS = {"a": ["MaxPooling1D"], "b": ["ZeroPadding1D"]}
JOINED = {"Repeat": {"times": 50, "layers": [{"Parallel": {"paths": PATHS, "merge": {"strategy": "concat", "axis": 1}}}]}}


@pytest.mark.parametrize("repeated", [POOLED, JOINED], ids=["pooled", "joined"])
def test_deep_sizes_take_no_time(repeated: Any) -> None:
    """Nor a recursion, nor a line that nobody reads."""
    started = process_time()
    found = load(one([repeated]))
    assert process_time() - started < 2
    assert [each.message for each in found.diagnostics] == ["runs where `n` is at least 2"]
    assert found.typed is not None
    assert max(len(str(x.type)) for x in found.typed.nodes.values()) < 250
    assert "keras.Model" in found.to_python()
    assert "max pooling" in found.to_svg().lower().replace("maxpooling", "max pooling")


FOUND = {
    "Residual": {
        "layers": [{"Conv1D": {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same"}}],
        "shortcut": ["MaxPooling1D"],
    }
}
UNDECIDED = [{"AveragePooling1D": {"pool_size": 1009}}, {"UpSampling1D": {"size": 3}}, {"AveragePooling1D": {"pool_size": 1013}}]
UP = {"Residual": {"layers": ["MaxPooling1D", "UpSampling1D"]}}


def test_conditions_that_are_not_one_another_are_not_taken_for_one() -> None:
    assert said(load(one([{"Repeat": {"times": 5, "layers": [FOUND]}}]))) == ["`n` is a multiple of 32"]
    assert said(load(one([{"MaxPooling1D": {"pool_size": 4}}, UP]))) == ["`n // 4` is even, and `n` is at least 8"]
    pool, padded = (
        {"MaxPooling1D": {"pool_size": 2}},
        {"Residual": {"layers": ["MaxPooling1D", "UpSampling1D", {"ZeroPadding1D": {"padding": [0, 1]}}]}},
    )
    never = load(one([{"MaxPooling1D": {"pool_size": 8}}, UP, pool, UP, padded]))
    assert [each.code.name for each in never.diagnostics] == ["sizes-never-fit"]


def test_what_is_too_deep_is_said_to_be_so() -> None:
    found = [each.message for each in load(one([*UNDECIDED, UP])).diagnostics]
    assert "where it runs is not decided; of `n` from 1 to 300, none fits" in found


SHRINKING = [UP, {"MaxPooling1D": {"pool_size": 3}}, {"UpSampling1D": {"size": 2}}]
STRETCHED = {
    "Parallel": {"paths": {"a": ["MaxPooling1D"], "b": [{"MaxPooling1D": {"padding": "same"}}]}, "merge": {"layer": "Maximum"}}
}


@pytest.mark.parametrize(
    ("repeated", "rule"),
    [(SHRINKING, "`n` is a multiple of 2, and `n` is at least 35875968"), pytest.param([STRETCHED], "", marks=pytest.mark.whole)],
)
def test_rules_of_large_sizes_take_no_time(repeated: Any, rule: str) -> None:
    """Where the least size is in the millions they took minutes, and each round of what is stretched thrice the last."""
    started = process_time()
    told = [each.facts.get("condition") for each in load(one([{"Repeat": {"times": 40, "layers": repeated}}])).diagnostics]
    assert process_time() - started < 20
    assert not rule or rule in told


POOLED_BY_3 = {
    "Parallel": {
        "paths": {"a": [{"MaxPooling1D": {"pool_size": 3}}], "b": [{"MaxPooling1D": {"pool_size": 3, "padding": "same"}}]},
        "merge": {"layer": "Maximum"},
    }
}
DOWN_AND_UP = {"Parallel": {"paths": {"a": ["MaxPooling1D", "UpSampling1D"], "b": []}, "merge": {"layer": "Maximum"}}}


def test_two_sizes_that_stretch_are_decided_soon() -> None:
    """Each round can hold in three ways; all ways together took seconds, and were given up."""
    branches = [[{"Repeat": {"times": 3, "layers": [each]}}] for each in (STRETCHED, POOLED_BY_3)]
    started = process_time()
    told = said(load(two(*branches, {"layer": "Maximum"}, [])))
    assert process_time() - started < 2
    assert told is not None and told[-1] == "`(n + 7) // 8` and `(m + 26) // 27` are equal, or one of them is 1"


def test_many_joins_that_stretch_take_no_time() -> None:
    """Each time twice what the last asked, where the larger of two was not seen to be one of them."""
    started = process_time()
    assert said(load(one([{"Repeat": {"times": 300, "layers": [DOWN_AND_UP]}}]))) == ["`n` is a multiple of 2"]
    assert process_time() - started < 3


def test_long_sums_that_are_equal_are_seen_to_be() -> None:
    """The heights of both paths are one sum, too long for its terms to be told apart; so with the widths."""

    def joined(axis: int) -> Any:
        pool, padding = [1, 1], [[0, 0], [0, 0]]
        pool[axis], padding[axis] = 2, [0, 1]
        paths = {"a": [{"MaxPooling2D": {"pool_size": pool}}], "b": [{"ZeroPadding2D": {"padding": padding}}]}
        return {"Parallel": {"paths": paths, "merge": {"strategy": "concat", "axis": axis + 1}}}

    spec = one([{"Repeat": {"times": 50, "layers": [joined(0), joined(1)]}}])
    spec["branches"]["left"] = {**spec["branches"]["left"], "input": {"kind": "image", "shape": ["h", "w", 4]}}
    spec["branches"]["left"]["layers"][-1] = "GlobalMaxPooling2D"
    assert said(load(spec)) == ["`h` is at least 2", "`w` is at least 2"]


@pytest.mark.whole
def test_many_sizes_are_given_up_soon() -> None:
    """Of more than two sizes nothing is promised; these took minutes."""
    started = process_time()
    text = Path(__file__).with_name("many_sizes.yaml").read_text("utf-8")
    found = compile_source(Source("many_sizes.yaml", text))
    assert process_time() - started < 10
    assert {each.code.name for each in found.diagnostics if each.severity == "error"} == {"shapes-differ"}


def test_conditions_that_are_cut_to_the_same_words_are_two() -> None:
    """In a message of one line they look alike; what the second asks was told as a place of the first."""
    found = compile_source(Source("cut.yaml", Path(__file__).with_name("cut_alike.yaml").read_text("utf-8"))).diagnostics
    *_, third, fourth = [each for each in found if each.code.name == "depends-on-size"]
    assert third.message == fourth.message and third.facts["condition"] != fourth.facts["condition"]
    assert third.place != fourth.place


def test_what_was_said_before_changes_nothing() -> None:
    """The expressions of a spec are there when another has the same: in which order that made them is not seen.

    In a process of its own each spec is read after one with its branches turned, and the last of them first.
    """
    specs = list(map(draw_two, range(60)))
    program = "import json, sys, test_sizes; print(json.dumps(test_sizes.tell_turned(json.load(sys.stdin))))"
    shown = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(specs),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for spec, told in zip(specs, json.loads(shown), strict=True):
        assert told == describe(load(spec)), spec


def draw_two(seed: int) -> dict[str, Any]:
    """A spec of two sizes that stretch."""
    rng = Random(f"before {seed}")
    merge = rng.choice(["add", {"layer": "Maximum"}, {"strategy": "concat", "axis": 1}])
    return two(draw(rng, 2, 1), draw_stretched(rng, 2), merge, draw(rng, 1, 1))


def tell_turned(specs: list[dict[str, Any]]) -> list[list[str]]:
    """What is said of each spec where another was read before that has the same sizes, made in another order."""
    told = []
    for spec in reversed(specs):
        before = load({**spec, "branches": dict(reversed(spec["branches"].items()))})
        told.append(describe(load(spec)))
        assert before.spec is not None
    return told[::-1]


def describe(found: Compilation) -> list[str]:
    """All that is said."""
    return [str([each.message, each.facts, each.help]) for each in found.diagnostics]
