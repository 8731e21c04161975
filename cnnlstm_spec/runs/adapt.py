"""What layers measure of the training part before the model is built: those that are written without their values.

The spec is compiled with what is known so far, and what flows into each layer that is open is looked at. Imports Keras.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import keras
import numpy

from ..compiler.compile import Compilation
from ..ir.graph import TypedGraph, TypedNode
from ..ops.input import InputOp
from ..text.source import format_path
from .adapt_values import make_stand_in, measure
from .adapted import to_overrides
from .measure.predict import feed, make_heads
from .reading.part import FilePart
from .samples import DataError, Part

if TYPE_CHECKING:
    from ..ir.op import Op
    from .adapt_values import Flow
    from .samples import Array

BATCH = 256
Recompile = Callable[[tuple[str, ...]], Compilation]
"""Compiles the spec with texts of the form PATH=VALUE set in it."""


def adapt_layers(compilation: Compilation, part: Part, recompile: Recompile) -> dict[str, dict[str, object]]:
    """What each open layer has measured, by its address: arguments and their values. Raises DataError where that is nothing.

    No layer with weights stands before an open one, and each open one is written for one layer of the model, which
    `validate` has looked at.
    """
    found: dict[str, dict[str, object]] = {}
    while (now := recompile(to_overrides(found))).list_unmeasured():
        typed = now.typed
        assert typed is not None
        open_ = _open(now)
        stand_in = {address: make_stand_in(_find_op(nodes[0])) for address, nodes in open_.items()}
        built = compile_measured(recompile, {**found, **stand_in})
        model = built.to_keras()
        all_open = {node.node.id for nodes in open_.values() for node in nodes}
        ready = {
            address: nodes for address, nodes in open_.items() if not any(_list_before(typed, each) & all_open for each in nodes)
        }
        for address, nodes in ready.items():
            name = nodes[0].node.layer
            if (same := next((each for each in found if each in ready and ready[each][0].node.layer == name), None)) is not None:
                found[address] = found[same]
                continue
            of_layer = [each for each in typed.nodes.values() if each.node.layer == name]
            found[address] = measure(_find_op(nodes[0]), _iterate_flowing(built, model, part, typed, of_layer))
            if not found[address]:
                raise DataError([f"`{address}` is measured of the training part, which has no value for it"])
    return found


def compile_measured(recompile: Recompile, values: Mapping[str, Mapping[str, object]]) -> Compilation:
    """The spec with what was measured in it; raises DataError where it does not fit."""
    made = recompile(to_overrides(values))
    if not made.ok:
        first = next(each for each in made.diagnostics if each.severity == "error")
        raise DataError([f"with what is measured of the data: {first.message}", *first.help])
    return made


def _find_op(node: TypedNode) -> Op:
    assert node.node.op is not None
    return node.node.op


def _open(compilation: Compilation) -> dict[str, list[TypedNode]]:
    """The nodes that are to be measured, by address."""
    found: dict[str, list[TypedNode]] = {}
    for each in compilation.list_open_nodes():
        found.setdefault(format_path(each.node.origin.address), []).append(each)
    return found


def _list_before(typed: TypedGraph, node: TypedNode) -> set[str]:
    """The nodes that lead to one."""
    seen: set[str] = set()
    left = list(node.node.inputs)
    while left:
        at = left.pop()
        if at not in seen:
            seen.add(at)
            left += typed.nodes[at].node.inputs
    return seen


def _iterate_flowing(built: Compilation, model: keras.Model, part: Part, typed: TypedGraph, nodes: Sequence[TypedNode]) -> Flow:
    """What comes into a layer, wherever it stands, batch by batch, and which steps of it count; None where all do."""
    calls = model.get_layer(nodes[0].node.layer)._inbound_nodes
    for node, call in zip(nodes, calls, strict=True):
        yield from _iterate_into(built, model, part, typed, node, call.input_tensors[0])


def _iterate_into(
    built: Compilation, model: keras.Model, part: Part, typed: TypedGraph, node: TypedNode, tensor: keras.KerasTensor
) -> Flow:
    heads = make_heads(built)
    read = [op for each in _list_before(typed, node) if isinstance(op := typed.nodes[each].node.op, InputOp)]
    branch = read[0]
    wanted = {name for op in read for name in (op.branch, op.input.mask_input) if name is not None}
    inputs = [each for each in model.inputs if each.name in wanted]
    direct = next((each.name for each in inputs if each is tensor), None)
    cut = None if direct is not None else keras.Model(inputs, tensor)
    paddings = {name: (mask, padding) for name, mask, padding in heads.paddings}
    unseen = _Unseen(part)
    size = heads.batch_size or BATCH
    for first in range(0, len(part), size):
        places = list(range(first, min(first + size, len(part))))
        filled = [*places, *[places[-1]] * (size - len(places))] if heads.batch_size else places
        given = part.read_inputs(filled, [op.branch for op in read])
        values = given[direct] if direct is not None else keras.ops.convert_to_numpy(feed(cut, given))
        if len(values) == len(filled):
            # Within `TimeDistributed` there are more rows than samples.
            values = values[: len(places)]
        real = _find_real(given, branch.branch, paddings, len(places))
        new = unseen.find_steps(places, values.shape)
        kept = real if new is None else new if real is None else real & new
        yield values, kept if kept is not None and kept.shape == values.shape[:2] else None


def _find_real(
    inputs: Mapping[str, Array], branch: str, paddings: Mapping[str, tuple[str | None, float | None]], count: int
) -> Array | None:
    if branch not in paddings:
        return None
    mask, padding = paddings[branch]
    values = inputs[branch]
    real = inputs[mask] if mask is not None else (values != padding).reshape(*values.shape[:2], -1).any(-1)
    return real[:count]


class _Unseen:
    """Which rows of windows have not been looked at: a row in many windows counts once."""

    def __init__(self, part: Part) -> None:
        self.part = part if isinstance(part, FilePart) and part.windows is not None else None
        self.seen = (
            None if self.part is None or self.part.windows is None else numpy.zeros(len(self.part.windows.order.rows), "bool")
        )

    def find_steps(self, places: Sequence[int], shape: tuple[int, ...]) -> Array | None:
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
