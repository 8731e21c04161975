"""What layers measure of the training part before the model is built: those that are written without their values.

The spec is compiled with what is known so far, and what flows into each layer that is open is looked at. Imports Keras.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING

import keras
import numpy

from ..compiler.compile import Compilation
from ..ir.graph import TypedGraph, TypedNode
from ..ops.input import InputOp
from ..ops.masking import Masking
from ..text.source import format_path
from .adapt_values import make_stand_in, measure
from .adapted import to_overrides
from .measure.inside import find_tensor
from .measure.predict import feed, make_heads
from .measure.real_steps import find_unlike
from .reading.part import FilePart
from .samples import DataError, Part

if TYPE_CHECKING:
    from ..ir.op import Op
    from ..ir.tensor import Mask
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
    wanted = {name for op in read for name in (op.branch, op.input.mask_input) if name is not None}
    inputs = [each for each in model.inputs if each.name in wanted]
    read_values = _make_feed(inputs, tensor)
    (into, *_) = node.inputs
    assert into is not None
    inside = bool(into.outer)
    mask = into.outer[0][1] if inside else into.mask
    find_real = None if mask is None else _tell_real_steps(model, typed, mask, inputs)
    unseen = _Unseen(part)
    size = heads.batch_size or BATCH
    for first in range(0, len(part), size):
        places = list(range(first, min(first + size, len(part))))
        filled = [*places, *[places[-1]] * (size - len(places))] if heads.batch_size else places
        given = part.read_inputs(filled, [op.branch for op in read])
        values = read_values(given)
        # Within `TimeDistributed` a sample has a row for each step.
        rows = len(values) // len(filled)
        values = values[: len(places) * rows]
        shape = (len(places), rows, *values.shape[1:]) if inside else values.shape
        real = find_real(given)[: len(places)] if find_real is not None else None
        new = unseen.find_steps(places, shape)
        kept = real if new is None else new if real is None else real & new
        if kept is not None and inside and rows % kept.shape[1] == 0:
            yield values[numpy.repeat(kept.reshape(-1), rows // kept.shape[1])], None
        else:
            yield values, kept if kept is not None and kept.shape == values.shape[:2] else None


def _tell_real_steps(
    model: keras.Model, typed: TypedGraph, mask: Mask, inputs: Sequence[keras.KerasTensor]
) -> Callable[[Mapping[str, Array]], Array] | None:
    """What finds the steps that a mask leaves, (samples, steps); None where no layer before makes it."""
    found: list[tuple[Callable[[Mapping[str, Array]], Array], bool]] = []
    for id, flipped in sorted(mask.terms):
        op = typed.nodes[id].node.op
        if isinstance(op, InputOp):
            found.append((partial(_read_input_mask, op.branch, op.input.mask_input, op.input.padding_value), flipped))
        elif isinstance(op, Masking):
            tensor = find_tensor(model, typed, typed.nodes[id].node.inputs[0])
            found.append((partial(_find_unmasked, _make_feed(inputs, tensor), op.mask_value), flipped))
    if not found:
        return None

    def find(given: Mapping[str, Array]) -> Array:
        each = [real(given)[:, ::-1] if flipped else real(given) for real, flipped in found]
        return numpy.asarray(numpy.logical_and.reduce(each))

    return find


def _read_input_mask(branch: str, mask: str | None, padding: float | None, given: Mapping[str, Array]) -> Array:
    return given[mask] if mask is not None else find_unlike(given[branch], padding)


def _find_unmasked(read: Callable[[Mapping[str, Array]], Array], padding: float | None, given: Mapping[str, Array]) -> Array:
    return find_unlike(read(given), padding)


def _make_feed(inputs: Sequence[keras.KerasTensor], tensor: keras.KerasTensor) -> Callable[[Mapping[str, Array]], Array]:
    """What gives the values of a tensor of a model, by those of its inputs."""
    direct = next((each.name for each in inputs if each is tensor), None)
    if direct is not None:
        return itemgetter(direct)
    cut = keras.Model(inputs, tensor)
    return lambda given: keras.ops.convert_to_numpy(feed(cut, given))


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
