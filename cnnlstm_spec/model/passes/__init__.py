"""Passes over a typed graph, between inference and lowering: what is computed stays, and every name and weight with it.

They import `model` and the rooms below. A `TypedGraph` comes in and another goes out, for each pass, a file of its own;
`rewrite.py` is how they change one. Here are the passes by name, and what is said of a layer that a pass leaves as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import reduce

from ...ir.graph import TypedGraph
from .fold_batch_norm import explain_kept as why_norm
from .fold_batch_norm import fold_batch_norm
from .merge_reshapes import explain_kept as why_reshape
from .merge_reshapes import merge_reshapes
from .merge_time import explain_kept as why_time
from .merge_time import merge_time
from .remove_noops import explain_kept as why_noop
from .remove_noops import remove_noops
from .skip_fold import explain_kept as why_fold
from .skip_fold import skip_fold
from .strip_training import explain_kept as why_training
from .strip_training import strip_training

Pass = Callable[[TypedGraph], TypedGraph]

PASSES: dict[str, tuple[Pass, ...]] = {"default": (remove_noops, merge_time, merge_reshapes, skip_fold), "none": ()}
"""The passes by the name of their choice, in the order in which they run."""

INFERENCE: tuple[Pass, ...] = (strip_training, fold_batch_norm)
"""What is asked for by name, as it leaves no model to train; the choice of the others comes after it."""


def optimize(graph: TypedGraph, passes: str = "default") -> TypedGraph:
    """The graph after the passes of a choice."""
    return apply(graph, PASSES[passes])


def apply(graph: TypedGraph, passes: tuple[Pass, ...]) -> TypedGraph:
    """The graph after passes, again and again until none changes it; each change leaves fewer nodes."""
    before = None
    while graph is not before:
        before = graph
        graph = reduce(lambda each, change: change(each), passes, graph)
    return graph


WhyNot = Callable[[TypedGraph], Iterator[tuple[str, str]]]

REASONS: dict[str, WhyNot] = {
    "remove_noops": why_noop,
    "merge_time": why_time,
    "merge_reshapes": why_reshape,
    "skip_fold": why_fold,
}
"""By the name of a pass, the nodes that it leaves as they are, each with the reason."""

INFERENCE_REASONS: dict[str, WhyNot] = {"strip_training": why_training, "fold_batch_norm": why_norm}
"""The same of the passes for inference."""
