"""What an exported file is tried with: samples of the data, or seeded ones in the ranges that the spec tells. Imports NumPy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy

from ...ir.graph import TypedGraph, find_readers
from ...ir.op import FLOATS, TEXT
from ...ir.size import Symbol
from ...ops.input import InputOp
from ...text.frozen import dataclass
from ..open_sizes import Fixed
from ..samples import Part
from .sizes import Fed

if TYPE_CHECKING:
    from ...ir.op import Op
    from ..samples import Array

MEASURED = 128
"""How many samples int8 takes its ranges of."""
OPEN = 32
"""What stands for a size that is left open."""
WHOLE = 10
"""Seeded integers lie below it where nothing says how many there are."""


@dataclass(frozen=True)
class SingleSamples:
    """Samples one by one, each a batch of 1, and what they are of."""

    samples: tuple[Mapping[str, Array], ...]
    of: str
    """A part of the data, or `seeded`."""


def draw_samples(typed: TypedGraph, inputs: Sequence[Fed], fixed: Fixed, count: int) -> SingleSamples:
    """Seeded samples: pixels from 0 to 255 where a layer scales them, else from 0 to 1; other floats normally distributed."""
    rng = numpy.random.default_rng(0)
    sizes = _Sizes(fixed)
    from .texts import draw_text

    ends = {each.name: _find_end(typed, each) for each in inputs if each.dtype != TEXT}
    found = []
    for _ in range(count):
        sample: dict[str, Array] = {}
        kept: dict[str, Array] = {}
        for each in inputs:
            shape = (
                1,
                *(size if isinstance(size, int) else size.evaluate(sizes.choose_sizes(size.symbols)) for size in each.sizes),
            )
            if len(shape) > 1 and each.fill is not None:
                real = numpy.arange(shape[1]) < rng.integers(1, shape[1] + 1)
                kept.setdefault(each.input.mask_input or each.branch, real)
            if each.is_mask:
                sample[each.name] = kept[each.name][None]
                continue
            if each.dtype == TEXT:
                sample[each.name] = draw_text(rng, typed, each.branch)
                continue
            values = _draw_values(rng, each.dtype, shape, ends[each.name])
            if each.input.padding_value is not None:
                values[:, ~kept[each.input.mask_input or each.branch]] = each.input.padding_value
            sample[each.name] = values
        found.append(sample)
    return SingleSamples(tuple(found), "seeded")


def _draw_values(rng: numpy.random.Generator, dtype: str, shape: tuple[int, ...], end: float | None) -> Array:
    if dtype == "bool":
        return rng.integers(0, 2, shape).astype("bool")
    if dtype not in FLOATS:
        return rng.integers(0, int(end or WHOLE), shape).astype(dtype)
    values = rng.normal(size=shape) if end is None else rng.random(shape) * end
    return values.astype("float32" if dtype == "bfloat16" else dtype)


class _Sizes:
    """Numbers for sizes: those that are fixed, else `OPEN`."""

    def __init__(self, fixed: Fixed) -> None:
        self.fixed = fixed

    def choose_sizes(self, symbols: frozenset[Symbol]) -> dict[Symbol, int]:
        return {each: self.fixed.get(each, OPEN) for each in symbols}


def _find_end(typed: TypedGraph, fed: Fed) -> float | None:
    """Below which number the values of an input lie; None of floats that may be any."""
    id = next(id for id in typed.graph.inputs if (op := typed.nodes[id].node.op) and _reads_branch(op, fed.branch))
    type = typed.nodes[id].type
    assert type is not None
    counts = [count for each in find_readers(typed)[id] if (count := _find_lookup(each.node.op)) is not None]
    if counts:
        return min(counts)
    known = type.meaning.range if type.meaning is not None else None
    if known is None:
        return None
    if known.pixels:
        return 255.0 if any(_scales(each.node.op) for each in typed.nodes.values()) else 1.0
    return None if known.greatest is None else known.greatest + 1


def _reads_branch(op: object, branch: str) -> bool:
    return isinstance(op, InputOp) and op.branch == branch


def _find_lookup(op: Op | None) -> int | None:
    value = op.list_values().get("input_dim") if op is not None else None
    return value if isinstance(value, int) else None


def _scales(op: Op | None) -> bool:
    return op is not None and (op.title() in ("Rescaling", "Normalization") or "include_top" in op.list_values())


def take_samples(part: Part, inputs: Sequence[Fed], fixed: Fixed, of: str, count: int) -> SingleSamples | None:
    """Samples of a part, spread over it, that fit the fixed sizes; None where there are none."""
    places = numpy.unique(numpy.linspace(0, len(part) - 1, min(count, len(part))).round().astype(int))
    found = []
    for place in places:
        batch = part.read([int(place)]).inputs
        sample = fill_up({each.name: batch[each.name] for each in inputs}, inputs, fixed)
        if sample is not None:
            found.append(sample)
    return SingleSamples(tuple(found), of) if found else None


def fill_up(arrays: Mapping[str, Array], inputs: Sequence[Fed], fixed: Fixed) -> dict[str, Array] | None:
    """Samples with padded steps up to the fixed sizes; None where they do not fit."""
    found: dict[str, Array] = {}
    for each in inputs:
        array = arrays[each.name]
        shape = each.shape(len(array), fixed)
        if all(size is None or size == given for size, given in zip(shape, array.shape, strict=True)):
            found[each.name] = array
            continue
        steps = shape[1]
        others = all(size in (None, given) for size, given in zip(shape[2:], array.shape[2:], strict=True))
        if steps is None or each.fill is None or array.shape[1] > steps or not others:
            return None
        room = [(0, 0), (0, steps - array.shape[1]), *[(0, 0)] * (array.ndim - 2)]
        found[each.name] = numpy.pad(array, room, constant_values=each.fill)
    return found


def iterate_batches(samples: Sequence[Mapping[str, Array]], size: int) -> Iterator[dict[str, Array]]:
    """Samples in batches of exactly that size, of one shape; the last is filled up with its last sample."""
    groups: dict[tuple[object, ...], list[Mapping[str, Array]]] = {}
    for each in samples:
        groups.setdefault(tuple(array.shape for array in each.values()), []).append(each)
    for group in groups.values():
        for first in range(0, len(group), size):
            held = group[first : first + size]
            held = [*held, *[held[-1]] * (size - len(held))]
            yield {name: numpy.concatenate([each[name] for each in held]) for name in held[0]}
