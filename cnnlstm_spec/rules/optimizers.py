"""The optimizer against the layers that it trains."""

from __future__ import annotations

from collections.abc import Iterable

from ..compilation import CompileSpec
from ..diagnostic import Code, Diagnostic
from ..graph import TypedGraph
from ..spec import ModelSpec
from .common import title_of

SPARSE_GRADIENT = Code(
    "sparse-gradient-not-scaled", "error", "`loss_scale_factor` cannot scale the sparse gradient of `{layer}`", sort="keras"
)


def check_optimizer(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """One finding, at the first table whose gradient holds only the rows that were read."""
    section = spec.compile
    if not isinstance(section, CompileSpec) or section.optimizer is None or section.optimizer.get("loss_scale_factor") is None:
        return
    for node in typed.nodes.values():
        op = node.node.op
        if op is None or title_of(op) not in ("Embedding", "ReversibleEmbedding") or not node.trainable_params:
            continue
        help = ("leave `loss_scale_factor` out", "freeze the table with `trainable: false`")
        yield Diagnostic(
            SPARSE_GRADIENT, node.node.origin.place, {"layer": title_of(op)}, labels=node.node.origin.uses, help=help
        )
        return
