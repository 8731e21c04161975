"""What the fuzz draws: each form of the language, within the seeds that are written here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fuzz.generate import generate
from fuzz.layers import load
from fuzz.shorter import written_out

SEEDS = 800
"""Among which each form is drawn, in a spec without errors; most are long before."""


def inside(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every key or position of a spec, with what stands there."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in entries:
        yield key, each
        yield from inside(each)


def has(holds: Callable[[Any, Any], bool]) -> Callable[[Any], bool]:
    """Whether any key and what stands there are such."""
    return lambda spec: any(holds(key, each) for key, each in inside(spec))


def layer(name: str, *keys: str) -> Callable[[Any], bool]:
    """Whether a layer is there with those arguments."""
    return has(lambda key, each: key == name and (not keys or (isinstance(each, dict) and all(k in each for k in keys))))


def reads(begins: str, dots: int | None = None) -> Callable[[Any], bool]:
    """Whether something is read that begins so, with so many dots."""

    def holds(key: Any, each: Any) -> bool:
        read = each if key == "inputs" and isinstance(each, list) else ()
        return any(one.startswith(begins) and dots in (None, one.count(".")) for one in read)

    return has(holds)


def is_alone(spec: Any) -> bool:
    fusions = spec.get("fusion", [])
    fusions = fusions if isinstance(fusions, list) else [fusions]
    return any(len(each.get("inputs", ())) == 1 and not {"strategy", "layer"} & set(each) for each in fusions)


FORMS: dict[str, Callable[[Any], bool]] = {
    "a head that reads a head": reads("heads.", 1),
    "a head that reads a layer of a head": reads("heads.", 2),
    "a head of several inputs": lambda spec: any(
        isinstance(each, dict) and len(each.get("inputs", ())) > 1 for each in spec.get("heads", {}).values()
    ),
    "branches by `each`": lambda spec: any("each" in each for each in spec["branches"].values()),
    "a pattern of branches": has(lambda key, each: key == "inputs" and "*" in str(each)),
    "paths by `each`": layer("Parallel", "each"),
    "rounds by `each`": layer("Repeat", "each"),
    "a scalar": has(lambda key, each: key == "shape" and each == []),
    "layers by a variable": has(lambda key, each: each == "$below"),
    "a fusion of one input": is_alone,
    "a layer that a fusion reads": lambda spec: "fusion" in spec and reads("left.", 1)({"fusion": spec["fusion"]}),
    "a slice": layer("Slice"),
    "a function": layer("Op", "function"),
    "learned positions": layer("PositionEmbedding"),
    "positions of sines": layer("SinePositionEncoding"),
    "a learned step": layer("ClassToken"),
    "states that are given": has(lambda key, each: key == "initial_state"),
    "attention to what was": has(lambda key, each: key == "use_causal_mask" and each is True),
    "a layer inside a backbone": reads("left.base."),
    "a mask that branches share": lambda spec: sum("mask_input" in each["input"] for each in spec["branches"].values()) > 1,
    "text": has(lambda key, each: key == "kind" and each == "text"),
}


@pytest.mark.whole(every=1)
def test_each_form_is_drawn() -> None:
    wanted = dict(FORMS)
    for seed in range(SEEDS):
        spec = generate(seed)
        if found := [name for name, holds in wanted.items() if holds(spec)]:
            wanted = {name: holds for name, holds in wanted.items() if name not in found or not load(spec).ok}
        if not wanted:
            break
    assert list(wanted) == []


BRANCHES = {
    "left_${at}": {
        "each": {"at": [1, 2]},
        "input": {"kind": "vector", "shape": [3]},
        "layers": [{"Dense": {"units": "$at", "name": "inner"}}],
    },
    "right": {"input": {"kind": "vector", "shape": [3]}},
}


def test_what_is_written_shorter_is_written_out() -> None:
    spec = {
        "branches": BRANCHES,
        "fusion": {"strategy": "concat", "inputs": ["left_*", "right"]},
        "heads": {"a": {"inputs": ["left_*.inner"]}},
    }
    long = written_out(spec)
    assert list(long["branches"]) == ["left_1", "left_2", "right"]
    assert [each["layers"][0]["Dense"]["units"] for each in list(long["branches"].values())[:2]] == [1, 2]
    assert long["fusion"]["inputs"] == ["left_1", "left_2", "right"]
    assert long["heads"]["a"]["inputs"] == ["left_1.inner", "left_2.inner"]


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
def test_what_is_not_as_written_out_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables of branches that are all the first's are told by the judge."""
    from cnnlstm_spec.spec import read_spec
    from fuzz.judge import judge

    head: list[Any] = []
    spec = {"version": 1, "name": "x", "branches": BRANCHES, "fusion": {"strategy": "concat"}, "head": head}
    assert judge(spec).disagreement is None
    read = read_spec.read_branch_rounds

    def rounds_of_the_first(*given: Any) -> Any:
        found = read(*given)
        return [(entry, found[0][1]) for entry, _ in found]

    monkeypatch.setattr(read_spec, "read_branch_rounds", rounds_of_the_first)
    assert judge(spec).disagreement == "not as written out"
