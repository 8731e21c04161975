"""The optimizer against the layers that it trains."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from ..catalog import KerasObject
from ..compilation import CompileSpec, Placed
from ..diagnostic import Code, Diagnostic
from ..graph import TypedGraph, TypedNode
from ..spec import ModelSpec
from .common import title_of

SPARSE_GRADIENT = Code(
    "sparse-gradient-not-scaled", "error", "`loss_scale_factor` cannot scale the sparse gradient of `{layer}`", sort="keras"
)
MUON_FLOAT64 = Code("muon-in-float64", "error", "`Muon` cannot train the float64 matrix of `{layer}`", sort="keras")
NOTHING_AVERAGED = Code("ema-without-weights", "error", "`use_ema` averages weights; the model has none to train", sort="keras")


def check_optimizer(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """One finding for each thing that the optimizer cannot do, at the first layer in its way."""
    section = spec.compile
    if not isinstance(section, CompileSpec) or section.optimizer is None:
        return
    for check in CHECKS:
        found = next(check(section.optimizer, typed), None)
        if found is not None:
            yield found


def _scaled(optimizer: Placed, typed: TypedGraph) -> Iterator[Diagnostic]:
    """Tables whose gradient holds only the rows that were read."""
    if optimizer.thing.get("loss_scale_factor") is None:
        return
    for node in typed.nodes.values():
        op = node.node.op
        if op is None or title_of(op) not in ("Embedding", "ReversibleEmbedding") or not node.trainable_params:
            continue
        help = ("leave `loss_scale_factor` out", "freeze the table with `trainable: false`")
        yield Diagnostic(
            SPARSE_GRADIENT, node.node.origin.place, {"layer": title_of(op)}, labels=node.node.origin.uses, help=help
        )


def _muon(optimizer: Placed, typed: TypedGraph) -> Iterator[Diagnostic]:
    """Matrices of float64, whose step Keras scales by a number of float32."""
    if optimizer.thing.name != "Muon" or optimizer.thing.get("rms_rate") is None:
        return
    for node in typed.nodes.values():
        op = node.node.op
        policy = typed.policy if op is None else op.dtype or typed.policy
        if op is None or policy != "float64" or not any(_is_orthogonalised(optimizer.thing, node)):
            continue
        help = ("give the layer `dtype: float32`", "`rms_rate: null` leaves the scaling out")
        yield Diagnostic(MUON_FLOAT64, node.node.origin.place, {"layer": title_of(op)}, labels=node.node.origin.uses, help=help)


def _is_orthogonalised(optimizer: KerasObject, node: TypedNode) -> Iterator[bool]:
    """Of each trained weight, whether it is not one of those that Muon leaves to AdamW."""
    excluded = [*(optimizer.get("exclude_layers") or ()), *(["embedding"] if optimizer.get("exclude_embeddings") else [])]
    for weight in node.weights:
        if weight.trainable and node.owns_weights:
            path = f"{node.node.layer}/{weight.name}"
            yield len(weight.shape) == 2 and not any(re.search(each, path) for each in excluded)


def _averaged(optimizer: Placed, typed: TypedGraph) -> Iterator[Diagnostic]:
    """Moving averages of no weights at all."""
    known = all(node.type is not None for node in typed.nodes.values())
    if optimizer.thing.get("use_ema") and known and not any(node.trainable_params for node in typed.nodes.values()):
        yield Diagnostic(NOTHING_AVERAGED, optimizer.place, {}, help=("leave `use_ema` out",))


CHECKS: tuple[Callable[[Placed, TypedGraph], Iterator[Diagnostic]], ...] = (_scaled, _muon, _averaged)
