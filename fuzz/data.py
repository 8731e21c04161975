"""What a model is fed: sizes for those known only at run time, arrays for its inputs, labels for its losses."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from math import prod
from random import Random
from typing import Any

import numpy

from cnnlstm_spec.ir.graph import TypedGraph
from cnnlstm_spec.ops.structural import Projection
from fuzz.layers import load

SIZES = (8, 12, 16, 7, 24, 5, 4, 6, 10, 9, 32, 3, 2, 1)
"""Sizes that are tried for those known only at run time."""
BATCH = 5
WORDS = ("a", "b", "c", "A,", "another", "[UNK]")
MOST = 60
LARGEST = 2000
ELEMENTS = 2**24
"""Elements of the largest input of a sample, so that a batch has room in memory."""


@contextmanager
def samples(count: int) -> Iterator[None]:
    """Batches of that many samples."""
    global BATCH
    before, BATCH = BATCH, count
    try:
        yield
    finally:
        BATCH = before


def unknown(spec: dict[str, Any]) -> dict[str, list[tuple[str, int]]]:
    """Each size known only at run time, and where it stands: a name, or `branch.index` of a null."""
    found: dict[str, list[tuple[str, int]]] = {}
    for branch, section in spec["branches"].items():
        for index, size in enumerate(section["input"].get("shape", ())):
            if size is None or isinstance(size, str):
                found.setdefault(size or f"{branch}.{index}", []).append((branch, index))
    return found


def fixed(spec: dict[str, Any], sizes: dict[str, int]) -> dict[str, Any]:
    """The spec with those sizes written."""
    changed = copy.deepcopy(spec)
    for name, places in unknown(spec).items():
        for branch, index in places:
            changed["branches"][branch]["input"]["shape"][index] = sizes[name]
    return changed


def choices(spec: dict[str, Any], rng: Random) -> list[dict[str, int]]:
    """Sizes to try, equal ones first."""
    names = list(unknown(spec))
    if not names:
        return [{}]
    every = list(product(SIZES, repeat=len(names))) if len(names) < 3 else []
    some = rng.sample(every, min(MOST, len(every))) if every else [tuple(rng.choice(SIZES) for _ in names) for _ in range(MOST)]
    return [dict(zip(names, each, strict=True)) for each in [(size,) * len(names) for size in SIZES] + some]


def fitting(spec: dict[str, Any], rng: Random) -> dict[str, int] | None:
    """Sizes under which the spec has no error, which is what its warnings ask for; None where none was found.

    Numbers that the warnings name are tried too.
    """
    asked = {int(word) for each in load(spec).diagnostics for word in re.findall(r"\d+", each.message)}
    equal = [dict.fromkeys(unknown(spec), size) for size in sorted(asked) if 0 < size <= LARGEST]
    small = [sizes for sizes in equal if max(map(prod, by_axis(spec, sizes).values())) <= ELEMENTS]
    return next((sizes for sizes in [*choices(spec, rng), *small] if _fits(spec, sizes)), None)


def _fits(spec: dict[str, Any], sizes: dict[str, int]) -> bool:
    """Whether the spec is sound with those sizes written, and means the same.

    It does not where a known size of 1 is stretched, which others are not, nor where a shortcut gets other strides.
    """
    written = load(fixed(spec, sizes))
    if not written.ok or not unknown(spec):
        return written.ok
    typed = load(spec).typed
    assert typed is not None and written.typed is not None
    if _strides(typed) != _strides(written.typed):
        return False
    if "'broadcast': True" not in str(spec):
        return True
    pairs = ((typed.nodes[id].type, node.type) for id, node in written.typed.nodes.items() if id in typed.nodes)
    axes = ((one, other) for x, y in pairs if x and y for one, other in zip(x.axes, y.axes, strict=False))
    return not any(other.size == 1 and not isinstance(one.size, int) for one, other in axes)


def _strides(typed: TypedGraph) -> dict[str, tuple[int, ...]]:
    """Those of each shortcut's projection, which depend on the sizes that are known."""
    found = {}
    for id, node in typed.nodes.items():
        types = [type for each in node.node.inputs if (type := typed.nodes[each].type) is not None]
        if isinstance(node.node.op, Projection) and len(types) == 2:
            found[id] = node.node.op.compute_strides(*types)
    return found


def by_axis(spec: dict[str, Any], sizes: dict[str, int]) -> dict[str, tuple[int, ...]]:
    """The whole shape that each branch is fed."""
    return {name: tuple(branch["input"].get("shape", ())) for name, branch in fixed(spec, sizes)["branches"].items()}


def inputs(spec: dict[str, Any], sizes: dict[str, int], zeros: bool) -> dict[str, Any]:
    """An array for every Keras input; integers are 0 where asked for, which any table of classes holds."""
    rng = numpy.random.default_rng(0)
    data: dict[str, Any] = {}
    for name, shape in by_axis(spec, sizes).items():
        given = spec["branches"][name]["input"]
        dtype = given.get("dtype") or ("int32" if given["kind"] == "tokens" else "float32")
        size = (BATCH, *shape)
        if given["kind"] == "text":
            data[name] = numpy.asarray([" ".join(rng.choice(WORDS, rng.integers(1, 5))) for _ in range(BATCH)], dtype=object)
        elif dtype == "bool":
            data[name] = rng.random(size) < 0.5
        elif "int" in dtype:
            data[name] = (numpy.zeros(size) if zeros else rng.integers(0, 4, size)).astype(dtype)
        else:
            data[name] = rng.uniform(0.1, 1.0, size).astype("float32" if dtype == "bfloat16" else dtype)
        if given.get("padding_value") is not None:
            # The first sample is real to the end.
            data[name][1:, -1:] = given["padding_value"]
        if given.get("mask_input"):
            lengths = rng.integers(1, shape[0] + 1, (BATCH, 1))
            data.setdefault(given["mask_input"], numpy.arange(shape[0])[None, :] < lengths)
    return data


def fed(data: dict[str, Any]) -> Any:
    """A bare array where there is one input."""
    return data if len(data) > 1 else next(iter(data.values()))


def labels(kind: str, shape: tuple[int, ...]) -> list[Any]:
    """Labels for an output of that shape, batch included: all forms in which a loss that reads `kind` may take them."""
    rng = numpy.random.default_rng(1)
    if kind == "integer" and len(shape) > 2 and shape[-1] == 1:
        # Of one class Keras squeezes the predictions, and labels must have an axis more.
        return [numpy.zeros(shape, "int32")]
    if kind == "integer" and shape[1:] == (1,):
        return [numpy.zeros(shape[:-1], "int32"), numpy.zeros(shape, "int32")]
    if kind == "integer":
        return [numpy.zeros(shape[:-1] or shape, "int32")]
    if kind == "sequence":
        # Metrics of class numbers run where the sequences are as long as the output.
        return [numpy.ones((shape[0], length), "int32") for length in dict.fromkeys((2, *shape[1:2]))]
    if len(shape) > 1 and shape[-1] > 1:
        return [numpy.eye(shape[-1], dtype="float32")[rng.integers(0, shape[-1], shape[:-1])]]
    return [rng.integers(0, 2, shape).astype("float32")]
