"""What layers measure of the training part before the model is built: `Normalization` and `Discretization` without values.

The spec is compiled with what is known so far, and what flows into each layer that is open is looked at. Imports Keras.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy

from ..compiler.compile import Compilation
from ..ir.graph import TypedGraph
from ..ops.discretize import Discretization
from ..ops.input import InputOp
from ..ops.rescaling import Normalization
from ..text.source import format_path
from .adapted import to_overrides
from .measure.predict import make_heads
from .read.part import FilePart
from .samples import Batch, DataError, Part

BATCH = 256
Recompile = Callable[[tuple[str, ...]], Compilation]
"""Compiles the spec with texts of the form PATH=VALUE set in it."""


def adapt_layers(compilation: Compilation, part: Part, recompile: Recompile) -> dict[str, dict[str, Any]]:
    """What each open layer has measured, by its address: arguments and their values.

    Raises DataError for a layer behind one with weights, which has none yet.
    """
    found: dict[str, dict[str, Any]] = {}
    while wanted := (now := recompile(to_overrides(found))).to_measure():
        typed = now.typed
        assert typed is not None
        ready = [id for id in _open(typed) if not any(other in _before(typed, id) for other in _open(typed))]
        _check(typed, ready)
        stand_in = {address: _stand_in(typed, address) for address in wanted}
        built = recompile(to_overrides({**found, **stand_in}))
        if not built.ok:
            first = next(each for each in built.diagnostics if each.severity == "error")
            raise DataError([f"what `{wanted[0]}` measures cannot be set there: {first.message}"])
        model = built.to_keras()
        for id in ready:
            node = typed.nodes[id].node
            found[format_path(node.origin.address)] = _measure(built, model, part, typed, id)
    return found


def _open(typed: TypedGraph) -> list[str]:
    return [id for id, each in typed.nodes.items() if each.node.op is not None and each.node.op.is_to_measure()]


def _before(typed: TypedGraph, id: str) -> set[str]:
    """The nodes that lead to one."""
    seen: set[str] = set()
    left = list(typed.nodes[id].node.inputs)
    while left:
        at = left.pop()
        if at not in seen:
            seen.add(at)
            left += typed.nodes[at].node.inputs
    return seen


def _check(typed: TypedGraph, ids: Sequence[str]) -> None:
    problems = []
    for id in ids:
        learned = next((typed.nodes[each] for each in _before(typed, id) if typed.nodes[each].weights), None)
        if learned is not None:
            address = format_path(typed.nodes[id].node.origin.address)
            behind = f"it stands behind `{learned.node.layer}`, whose weights are not trained yet"
            problems.append(f"`{address}` cannot be measured: {behind}; put it before, or write its values")
    if problems:
        raise DataError(problems)


def _stand_in(typed: TypedGraph, address: str) -> dict[str, Any]:
    """Values of the right form, for a model that is built to be measured."""
    op = next(each.node.op for each in typed.nodes.values() if format_path(each.node.origin.address) == address)
    if isinstance(op, Discretization):
        return {"bin_boundaries": [float(each) for each in range((op.num_bins or 2) - 1)], "num_bins": None}
    return {"mean": 0.0, "variance": 1.0}


def _measure(built: Compilation, model: keras.Model, part: Part, typed: TypedGraph, id: str) -> dict[str, Any]:
    op = typed.nodes[id].node.op
    values = _flowing(built, model, part, typed, id)
    if isinstance(op, Discretization):
        return _boundaries(op, values)
    assert isinstance(op, Normalization)
    return _moments(op, values)


def _flowing(built: Compilation, model: keras.Model, part: Part, typed: TypedGraph, id: str) -> Iterator[tuple[Any, Any]]:
    """What comes into a layer, batch by batch, and which steps of it count; None where all do."""
    layer = model.get_layer(typed.nodes[id].node.layer)
    cut = keras.Model(model.inputs, layer.input)
    heads = make_heads(built)
    branch = next(
        typed.nodes[each].node.op for each in (*_before(typed, id), id) if isinstance(typed.nodes[each].node.op, InputOp)
    )
    assert isinstance(branch, InputOp)
    paddings = {name: (mask, padding) for name, mask, padding in heads.paddings}
    unseen = _Unseen(part)
    size = heads.batch_size or BATCH
    for first in range(0, len(part), size):
        places = list(range(first, min(first + size, len(part))))
        batch = part.read([*places, *[places[-1]] * (size - len(places))] if heads.batch_size else places)
        fed = {each.name: batch.inputs[each.name] for each in model.inputs}
        values = keras.ops.convert_to_numpy(cut.predict_on_batch(fed if len(fed) > 1 else next(iter(fed.values()))))
        if len(values) == len(next(iter(fed.values()))):
            # Within `TimeDistributed` there are more rows than samples.
            values = values[: len(places)]
        real = _real(batch, branch.branch, paddings, len(places))
        new = unseen.steps(places, values.shape)
        kept = real if new is None else new if real is None else real & new
        yield values.astype("float64"), kept if kept is not None and kept.shape == values.shape[:2] else None


def _real(batch: Batch, branch: str, paddings: Mapping[str, tuple[str | None, float | None]], count: int) -> Any:
    if branch not in paddings:
        return None
    mask, padding = paddings[branch]
    values = batch.inputs[branch]
    real = batch.inputs[mask] if mask is not None else (values != padding).reshape(*values.shape[:2], -1).any(-1)
    return real[:count]


class _Unseen:
    """Which rows of windows have not been looked at: a row in many windows counts once."""

    def __init__(self, part: Part) -> None:
        self.part = part if isinstance(part, FilePart) and part.windows is not None else None
        self.seen = (
            None if self.part is None or self.part.windows is None else numpy.zeros(len(self.part.windows.order.rows), "bool")
        )

    def steps(self, places: Sequence[int], shape: tuple[int, ...]) -> Any:
        """(samples, steps); None where samples are no windows, or what flows has no steps."""
        if self.part is None or self.part.windows is None or self.seen is None or len(shape) < 3:
            return None
        window = self.part.windows.window
        if shape[1] != window.sequence_length:
            return None
        new = numpy.zeros((len(places), window.sequence_length), "bool")
        for row, place in enumerate(places):
            at = int(self.part.at[place]) + numpy.arange(window.sequence_length) * window.sampling_rate
            new[row] = ~self.seen[at]
            self.seen[at] = True
        return new


def _moments(op: Normalization, batches: Iterator[tuple[Any, Any]]) -> dict[str, Any]:
    """Mean and variance over all axes but the layer's own, as Keras's `adapt` has them."""
    total: Any = 0.0
    count, mean, spread = 0, total, total
    for values, kept in batches:
        axes = () if op.axis is None else (op.axis,) if isinstance(op.axis, int) else op.axis
        own = sorted(axis % values.ndim for axis in axes)
        if kept is not None and 1 not in own:
            values, own = values[kept], [axis - 1 for axis in own]
        over = tuple(axis for axis in range(values.ndim) if axis not in own)
        size = int(numpy.prod([values.shape[axis] for axis in over]))
        if not size:
            continue
        # Chan's way to join the moments of two sets.
        new_mean, new_spread = values.mean(over), values.var(over) * size
        step = new_mean - mean
        whole = count + size
        spread = spread + new_spread + step**2 * count * size / whole
        mean = mean + step * size / whole
        count = whole
    return {"mean": numpy.asarray(mean).tolist(), "variance": numpy.asarray(spread / max(count, 1)).tolist()}


def _boundaries(op: Discretization, batches: Iterator[tuple[Any, Any]]) -> dict[str, Any]:
    """The boundaries that Keras's own `adapt` finds."""
    values = numpy.concatenate([(each if kept is None else each[kept]).reshape(-1) for each, kept in batches])
    layer = keras.layers.Discretization(num_bins=op.num_bins, epsilon=op.epsilon)
    layer.adapt(values.astype("float32"))
    return {"bin_boundaries": [float(each) for each in layer.bin_boundaries], "num_bins": None}
