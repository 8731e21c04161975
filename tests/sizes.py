"""An arithmetic of its own for chains of layers over time, and the reading of what conditions on sizes say in words.

A chain is drawn as plain data: it is written as a spec for the compiler, and worked out here for one size at a time, by the
formulas of Keras's documentation. Imports nothing of what it is held against.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random
from typing import Any

Chain = list[Any]
POOLS = ("MaxPooling1D", "AveragePooling1D")


def draw(rng: Random, length: int, nesting: int = 2) -> Chain:
    """A chain of up to so many layers and joins."""
    return [_drawn(rng, nesting) for _ in range(rng.randint(1, length))]


def draw_stretched(rng: Random, rounds: int) -> Chain:
    """A chain of up to so many rounds of one join, in each of which one path is stretched to the other where it is 1."""
    pool = rng.choice([2, 2, 3])
    valid, same = {"MaxPooling1D": {"pool_size": pool}}, {"MaxPooling1D": {"pool_size": pool, "padding": "same"}}
    up, crop = {"UpSampling1D": {"size": pool}}, {"Cropping1D": {"cropping": [0, 1]}}
    first, second = rng.choice(
        [([valid], [same]), ([valid], [same]), ([valid, up], []), ([same, up], []), ([same], [crop, same])]
    )
    join = {"Parallel": {"paths": {"p": first, "q": second}, "merge": {"layer": rng.choice(["Add", "Maximum", "Average"])}}}
    return [join] * rng.randint(1, rounds)


def _drawn(rng: Random, nesting: int) -> Any:
    if nesting and rng.random() < 0.4:
        return _join(rng, nesting - 1)
    match rng.randint(0, 6):
        case 0 | 1:
            values: dict[str, Any] = {"pool_size": rng.choice([2, 2, 2, 3, 4])}
            if rng.random() < 0.3:
                values["strides"] = rng.choice([1, 2, 3])
            if rng.random() < 0.3:
                values["padding"] = "same"
            return {rng.choice(POOLS): values}
        case 2:
            values = {"filters": 4, "kernel_size": rng.choice([1, 2, 3, 5]), "padding": rng.choice(["same", "valid", "causal"])}
            if rng.random() < 0.6:
                values["strides"] = rng.choice([1, 2, 2, 3])
            elif rng.random() < 0.3:
                values["dilation_rate"] = 2
            return {"Conv1D": values}
        case 3:
            return {"ZeroPadding1D": {"padding": [rng.randint(0, 2), rng.randint(0, 2)]}}
        case 4:
            return {"Cropping1D": {"cropping": [rng.randint(0, 2), rng.randint(0, 1)]}}
        case 5:
            return {"UpSampling1D": {"size": rng.choice([2, 2, 3])}}
        case _:
            values = {"filters": 4, "kernel_size": rng.choice([2, 3]), "strides": 2, "padding": rng.choice(["same", "valid"])}
            return {"Conv1DTranspose": values}


def _join(rng: Random, nesting: int) -> Any:
    match rng.randint(0, 4):
        case 0:
            return {"Residual": {"layers": [{"MaxPooling1D": {"pool_size": 2}}, {"UpSampling1D": {"size": 2}}]}}
        case 1:
            shortcut = draw(rng, 1, 0)
            return {"Residual": {"layers": draw(rng, 2, nesting), **({"shortcut": shortcut} if rng.random() < 0.7 else {})}}
        case 2:
            merge: Any = {"strategy": "concat", "axis": 1}
        case 3:
            merge = "add"
        case _:
            merge = {"layer": rng.choice(["Add", "Maximum"])}
    paths = {"p": draw(rng, 2, nesting), "q": draw(rng, 2, nesting) if rng.random() < 0.6 else []}
    return {"Parallel": {"paths": paths, "merge": merge}}


def after(chain: Chain, steps: int | None) -> int | None:
    """The steps after a chain; None where it does not run."""
    for item in chain:
        if steps is None:
            return None
        ((name, values),) = item.items()
        steps = LAYERS[name](values, steps)
    return steps


def _window(values: Any, steps: int) -> int | None:
    size = values.get("pool_size") or values["kernel_size"]
    stride = values.get("strides") or values.get("pool_size", 1)
    if values.get("padding", "valid") != "valid":
        return -(-steps // stride)
    reach = values.get("dilation_rate", 1) * (size - 1) + 1
    return None if steps < reach else (steps - reach) // stride + 1


def _transposed(values: Any, steps: int) -> int | None:
    stride = values["strides"]
    return steps * stride if values["padding"] == "same" else steps * stride + max(values["kernel_size"] - stride, 0)


def _cropped(values: Any, steps: int) -> int | None:
    left = steps - sum(values["cropping"])
    return left if left > 0 else None


def merged(merge: Any, sizes: list[int | None]) -> int | None:
    """The steps of what is joined."""
    known = [size for size in sizes if size is not None]
    if len(known) < len(sizes):
        return None
    if isinstance(merge, dict) and merge.get("strategy") == "concat":
        return sum(known)
    if isinstance(merge, dict):
        return max(known) if len({size for size in known if size != 1}) < 2 else None
    return known[0] if len(set(known)) == 1 else None


def _residual(values: Any, steps: int) -> int | None:
    return merged("add", [after(values["layers"], steps), after(values.get("shortcut", []), steps)])


def _parallel(values: Any, steps: int) -> int | None:
    return merged(values["merge"], [after(path, steps) for path in values["paths"].values()])


LAYERS: dict[str, Callable[[Any, int], int | None]] = {
    "MaxPooling1D": _window,
    "AveragePooling1D": _window,
    "Conv1D": _window,
    "Conv1DTranspose": _transposed,
    "ZeroPadding1D": lambda values, steps: steps + sum(values["padding"]),
    "Cropping1D": _cropped,
    "UpSampling1D": lambda values, steps: steps * values["size"],
    "Residual": _residual,
    "Parallel": _parallel,
}

CLAUSES = (
    (r"(.+) and (.+) are equal, or one of them is 1", "({0} == {1} or {0} == 1 or {1} == 1)"),
    (r"(.+) and (.+) are equal", "({0} == {1})"),
    (r"(.+) is even", "({0} % 2 == 0)"),
    (r"(.+) is odd", "({0} % 2 == 1)"),
    (r"(.+) is a multiple of (\d+)", "({0} % {1} == 0)"),
    (r"(.+) is not a multiple of (\d+)", "({0} % {1} != 0)"),
    (r"(.+) is at least ([^,]+)", "({0} >= {1})"),
)
"""What a condition may say, and what that means."""


def meaning(texts: list[str], names: tuple[str, ...], sizes: list[int]) -> list[bool]:
    """Whether all that is said holds, for every size of the first name and each of the next."""
    said = ["(" + " or ".join(map(_all, re.split(r"; or |, or (?!one of them)", text))) + ")" for text in texts]
    turns = " ".join(f"for {name} in sizes" for name in names)
    return list(eval(f"[{' and '.join(said) or 'True'} {turns}]", {"max": max, "sizes": sizes}))


def _all(text: str) -> str:
    return "(" + " and ".join(map(_clause, text.split(", and "))) + ")"


def _clause(text: str) -> str:
    for pattern, code in CLAUSES:
        if (found := re.fullmatch(pattern, text)) is not None:
            return code.format(*(f"({_plain(each)})" for each in found.groups()))
    if (found := re.fullmatch(r"(.+) leaves (.+) when divided by (\d+)", text)) is not None:
        return _among(f"{_plain(found[1])} % {found[3]}", found[2])
    if (found := re.fullmatch(r"(.+) is not (.+)", text)) is not None:
        return f"(not {_among(_plain(found[1]), found[2])})"
    found = re.fullmatch(r"(.+?) is (.+)", text)
    assert found is not None, [text]
    return _among(_plain(found[1]), found[2])


def _among(size: str, listed: str) -> str:
    parts = []
    for each in re.split(r", | or ", listed):
        if (found := re.fullmatch(r"at least (\d+)", each)) is not None:
            parts.append(f"({size}) >= {found[1]}")
        elif (found := re.fullmatch(r"(\d+) to (\d+)", each)) is not None:
            parts.append(f"{found[1]} <= ({size}) <= {found[2]}")
        else:
            parts.append(f"({size}) == {int(each)}")
    return "(" + " or ".join(parts) + ")"


def _plain(text: str) -> str:
    return text.replace("`", "")
