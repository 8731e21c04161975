"""Passes over a typed graph, between inference and lowering: what is computed stays, and every name and weight with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

from ..graph import TypedGraph
from .merge_time import merge_time
from .skip_fold import skip_fold

Pass = Callable[[TypedGraph], TypedGraph]

PASSES: dict[str, tuple[Pass, ...]] = {"default": (merge_time, skip_fold), "none": ()}
"""The passes by the name of their choice, in the order in which they run."""


def optimize(graph: TypedGraph, passes: str = "default") -> TypedGraph:
    """The graph after the passes."""
    return reduce(lambda before, each: each(before), PASSES[passes], graph)
