"""Which layers between two nodes need not be looked at: what some layers give rests on the axes before the last alone.

A `Dense` gives the same after a hundred others as after none of them, and so does a convolution that keeps its positions. Imports
no type: which they are, the ops say.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from ..ir.graph import Graph
from ..ir.op import Op

Layers = dict[str, list[str]]
"""By name, the nodes of each layer that stands at several places, in order."""

Shortcuts = dict[str, str]
"""By the id of a node, that of one before it, on whose type it gives the same as on that of its input."""


def find_shared_layers(graph: Graph) -> Layers:
    """The layers whose weights several nodes share."""
    found: Layers = {}
    for id, node in graph.nodes.items():
        found.setdefault(node.layer, []).append(id)
    return {layer: ids for layer, ids in found.items() if len(ids) > 1}


FEWEST = 2
"""So many layers that decide their last axis are gone through sooner than passed over."""


class _Run(NamedTuple):
    """Layers one after another of which each but the first gives the same after that one as after the one before it."""

    first: str
    deciding: int
    """How many of them decide the last axis."""


def find_shortcuts(graph: Graph, shared: Layers, ids: Iterable[str], failing: Collection[str]) -> Shortcuts:
    """Of nodes in their order those that lead back over others; none of a layer whose weights must fit elsewhere too.

    None leads over a layer that fails though it takes axes of any number.
    """
    runs: dict[str, _Run] = {}
    found: Shortcuts = {}
    for id in ids:
        node = graph.nodes[id]
        if node.op is None or len(node.inputs) != 1:
            continue
        run = runs.get(node.inputs[0])
        if not node.op.decides_last_axis():
            if run is not None and id not in failing and keeps_axes(node.op):
                runs[id] = run
        elif run is None or not _read_alike(graph.nodes[run.first].op, node.op):
            runs[id] = _Run(id, 1)
        else:
            runs[id] = _Run(run.first, run.deciding + 1)
            if run.deciding > FEWEST and node.layer not in shared:
                found[id] = run.first
    return found


def _read_alike(one: Op | None, other: Op) -> bool:
    """Whether two ops read the same axes, so that what one of them refuses, the other does."""
    return one is not None and one.list_axes_read() == other.list_axes_read()


def keeps_axes(op: Op) -> bool:
    """Whether its axes come out as they came in, whichever they are, with their mask."""
    if op.gives_channels or not op.keeps_mask or op.list_axes_read() is not None:
        return False
    return op.last_axis_only or op.is_batch_norm or op.statistics == "axis" or (op.only_in_training and op.passes_on)
