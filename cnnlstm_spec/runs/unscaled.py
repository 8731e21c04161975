"""Numbers far from 1 that weights read as they are, though they learn best from numbers near 1. Imports no Keras."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..ir.graph import TypedGraph, TypedNode
from ..ir.op import Op
from ..spec.model_spec import ModelSpec
from .data_report import InputReport

FAR = 30.0
"""Numbers count as near 1 where the greatest of them, without its sign, lies between 1 / 30 and 30."""


def find_unscaled(typed: TypedGraph, spec: ModelSpec, met: Mapping[str, InputReport]) -> Iterator[str]:
    """The branches whose numbers nothing scales, in words; `met` is what was met in the samples of each."""
    images = {each.name for each in spec.branches if each.input is not None and each.input.kind in ("image", "video")}
    for branch, values in met.items():
        if values.min is None or values.max is None:
            continue
        greatest = max(abs(values.min), abs(values.max))
        reader = _find_reader(typed, branch) if greatest > FAR or 0 < greatest < 1 / FAR else None
        if reader is None or reader.node.op is None:
            continue
        are_pixels = branch in images and values.min >= 0 and FAR < values.max <= 255
        scaling = "Rescaling: {scale: 1/255}" if are_pixels else "Normalization"
        told = f"the numbers of `{branch}` go from {values.min:.4g} to {values.max:.4g}"
        yield f"{told}, and `{reader.node.op.title()}` reads them so: `{scaling}` before it brings them near 1"


def _find_reader(typed: TypedGraph, branch: str) -> TypedNode | None:
    """The first layer with weights that reads what a branch is fed, moved or joined with other values but otherwise as it is."""
    reached = {branch}
    for node in typed.nodes.values():
        op = node.node.op
        if op is None or reached.isdisjoint(node.node.inputs):
            continue
        if op.keeps_range or op.keeps_values or op.passes_on or op.only_in_training:
            reached.add(node.node.id)
        elif node.weights and not _scales(op):
            return node
    return None


def _scales(op: Op) -> bool:
    """Whether it takes means and spreads away, looks up what it reads, or is a whole model, which may do so inside."""
    return op.is_batch_norm or op.statistics is not None or op.looks_up is not None or op.find_preprocessing() is not None
