"""What may be written shorter: branches by `each`, patterns of their names, lists by a variable; and all of it written out.

It is written out naively, for the inputs that are fed and for the reading into Keras. Imports nothing of the compiler.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from fnmatch import fnmatchcase
from random import Random
from typing import Any

Spec = dict[str, Any]
ROUND = "at"
"""The variable of branches that are written once."""


def folded(branches: Spec, rng: Random, variable: Callable[[Any], tuple[Any, Any] | None]) -> Spec:
    """The branches with one written as two by `each`, where nothing refers to one; `variable` finds what may differ in them."""
    read = str([(each.get("share_layers_with"), each.get("layers")) for each in branches.values()])
    free = [name for name, each in branches.items() if each.get("layers") and f"'{name}" not in read and not _open(each)]
    if not free:
        return branches
    chosen = rng.choice(free)
    branch = copy.deepcopy(branches[chosen])
    values = [1, 2]
    if rng.random() < 0.7 and (found := variable(branch["layers"])) is not None:
        holder, key = found
        values = [holder[key], holder[key] % 4 + 1]
        values[1] += values[1] == values[0]
        holder[key] = f"${ROUND}"
    several = (f"{chosen}_${{{ROUND}}}", {"each": {ROUND: values}, **branch})
    return dict(several if name == chosen else (name, each) for name, each in branches.items())


def _open(branch: Spec) -> bool:
    """Whether branches like it would have steps that nothing makes equal, and one mask."""
    return "mask_input" in branch["input"] and branch["input"]["shape"][0] is None


def patterned(names: list[str], rng: Random) -> list[str]:
    """The names with those that begin alike as a pattern, if there are any."""
    starts = {each.split("_")[0] for each in names if "_" in each}
    found = [f"{each.split('_')[0]}_*" if each.split("_")[0] in starts else each for each in names]
    return list(dict.fromkeys(found)) if rng.random() < 0.7 else names


def below(spec: Spec, rng: Random) -> Spec:
    """The spec with some layers of a branch as a variable, where one has several that rest on no other variable."""
    lists = [each["layers"] for each in spec["branches"].values() if len(each.get("layers", ())) > 1 and "$" not in str(each)]
    if not lists:
        return spec
    items = rng.choice(lists)
    start = rng.randrange(len(items) - 1)
    stop = rng.randint(start + 1, len(items))
    spec = {**spec, "vars": {**spec.get("vars", {}), "below": items[start:stop]}}
    items[start:stop] = ["$below"]
    return spec


def written_out(spec: Spec) -> Spec:
    """The same spec with each branch by itself, and the names that patterns stand for."""
    branches: Spec = {}
    for name, branch in spec["branches"].items():
        for variables in _rounds(branch):
            own = {key: value for key, value in branch.items() if key != "each"}
            branches[_filled(name, variables)] = _filled(own, variables)
    found = {**spec, "branches": branches}
    for key in ("fusion", "heads"):
        if key in spec:
            found[key] = _matched(spec[key], list(branches))
    return found


def _rounds(branch: Spec) -> list[Spec]:
    each = branch.get("each")
    if each is None:
        return [{}]
    return [
        {"index": index, **dict(zip(each, values, strict=True))} for index, values in enumerate(zip(*each.values(), strict=True))
    ]


def _filled(value: Any, variables: Spec) -> Any:
    """The value with variables in place of their names; a whole value keeps its type."""
    if isinstance(value, dict):
        return {_filled(key, variables): _filled(each, variables) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, variables) for each in value]
    if not isinstance(value, str):
        return value
    for name, given in variables.items():
        if value == f"${name}":
            return copy.deepcopy(given)
        value = value.replace(f"${{{name}}}", str(given))
    return value


def _matched(value: Any, names: list[str]) -> Any:
    """Fusions or heads with the branches that patterns among their inputs stand for."""
    if isinstance(value, list):
        return [_matched(each, names) for each in value]
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("inputs"), list):
        return {**value, "inputs": [name for each in value["inputs"] for name in _names(each, names)]}
    return {key: _matched(each, names) if key != "layers" else each for key, each in value.items()}


def _names(reference: str, names: list[str]) -> list[str]:
    branch, dot, inner = reference.partition(".")
    return [f"{each}{dot}{inner}" for each in names if fnmatchcase(each, branch)] if "*" in branch else [reference]
