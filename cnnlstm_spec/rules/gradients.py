"""Whether the losses reach any weight: Keras refuses a first batch that gives no gradient at all."""

from __future__ import annotations

from collections.abc import Iterable

from ..compilation import CompileSpec
from ..diagnostic import Code, Diagnostic
from ..graph import TypedGraph, TypedNode
from ..op import FLOATS
from ..spec import ModelSpec
from .common import title_of
from .penalties import has_penalty

NO_GRADIENT = Code("no-gradient", "error", "no weight can learn: `{layer}` lets no gradient through", sort="keras")

NO_WEIGHTS = Code("loss-without-weights", "error", "no weight lies before `{head}`, and no other head has a loss", sort="keras")

READS_NUMBERS = frozenset({"Embedding", "CategoryEncoding", "Discretization", "Hashing", "HashedCrossing"})
"""Layers that turn their input into integers first."""
DROPS = frozenset({"Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"})


def check_gradients(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """One finding, at the last layer that cuts every way from the losses to a weight."""
    section = spec.compile
    if not isinstance(section, CompileSpec) or any(node.type is None for node in typed.nodes.values()):
        return
    trained_heads = [head for head, loss in section.losses.items() if loss is not None]
    if not trained_heads or section.losses.keys() != typed.graph.outputs.keys():
        # A loss that could not be read may be what reaches the weights.
        return
    trained = [node for node in typed.nodes.values() if any(weight.trainable for weight in node.weights)]
    if not trained:
        return
    learning: dict[str, bool] = {}
    for id, node in typed.nodes.items():
        before = any(learning[each] for each in node.node.inputs) and not _stops_before(node)
        own = any(weight.trainable for weight in node.weights)
        learning[id] = (before or own) and not _is_cut(node)
    if any(learning[typed.graph.outputs[head]] for head in trained_heads) or any(map(has_penalty, typed.nodes.values())):
        return
    cut = next((node for node in reversed(typed.nodes.values()) if _is_cut(node) or _stops_before(node)), None)
    if cut is None:
        head = trained_heads[0]
        loss = section.losses[head]
        assert loss is not None
        help = ("give a head that has weights a loss",)
        yield Diagnostic(NO_WEIGHTS, loss.place, {"head": "`, `".join(trained_heads)}, help=help)
    elif cut.node.op is not None:
        layer = cut.node.op.title()
        help = ("nothing before it is trained",)
        yield Diagnostic(NO_GRADIENT, cut.node.origin.place, {"layer": layer}, labels=cut.node.origin.uses, help=help)


def _stops_before(node: TypedNode) -> bool:
    return node.node.op is not None and title_of(node.node.op) in READS_NUMBERS


def _is_cut(node: TypedNode) -> bool:
    """Whether what it gives does not depend on its input, or not smoothly."""
    op = node.node.op
    assert op is not None and node.type is not None
    return node.type.dtype not in FLOATS or (title_of(op) in DROPS and op.value("rate") == 1)
