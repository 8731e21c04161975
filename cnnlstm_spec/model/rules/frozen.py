"""Layers that `trainable: false` freezes, but not for good."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ...ir.graph import TypedNode
from ...ir.op import Op
from ...ops.shared import find_called
from ...ops.stand_in import stand_for
from ...text.diagnostic import Code, Diagnostic, Label
from ...text.fix import Fix, drop, write
from ...text.source import Place
from .common import Setting

if TYPE_CHECKING:
    from ...ops.backbones.op import Backbone
    from ...ops.embedding import EmbeddingLookup
else:
    Backbone = stand_for("backbones.op", "Backbone")
    EmbeddingLookup = stand_for("embedding", "EmbeddingLookup")

THAWS = Code("thaws-when-loaded", "warning", "`{layer}` is frozen here; Keras trains it once it is saved and loaded")


AT_RANDOM = Code("frozen-at-random", "warning", "`{layer}` is frozen with random weights: it can neither know nor learn")


def check_frozen(node: TypedNode, setting: Setting) -> Iterable[Diagnostic]:
    """A layer whose weights are trained again in a model that is loaded; one that is frozen before it has learned anything."""
    op = node.node.op
    if op is not None and (key := _find_freezing(op)) is not None and _has_random_weights(op) and node.owns_weights:
        places = node.node.origin.written
        labels = (Label(places.places["weights"], "random weights"),) if "weights" in places.places else ()
        help = _suggest_ways_out(op, key)
        place = places.keys.get(key, node.node.origin.place)
        fixes = (_mend(key, place, node),) if key in places.keys else ()
        yield Diagnostic(AT_RANDOM, place, {"layer": op.title()}, "", (*labels, *node.node.origin.uses), help, fixes)
    if op is None or op.trainable or not op.thaws or not node.owns_weights:
        return
    facts: dict[str, object] = {"layer": op.title(), "what": node.node.layer}
    help = (f"after loading, set `trainable` of `{node.node.layer}` to True, then to False",)
    yield Diagnostic(THAWS, node.node.origin.written.keys["trainable"], facts, labels=node.node.origin.uses, help=help)


CONSTANT = ("Zeros", "Ones", "Constant", "Identity")
"""Initial values that are no draws."""


def _has_random_weights(op: Op) -> bool:
    """Whether weights that only training makes useful begin as draws: a backbone without pretrained ones, a table of vectors."""
    if isinstance(op, Backbone):
        return op.get_value("weights") is None
    if not isinstance(op, EmbeddingLookup) or op.list_values().get("weights") is not None:
        return False
    return find_called(op.get_value("embeddings_initializer")) not in CONSTANT


def _find_freezing(op: Op) -> str | None:
    """The argument that freezes weights for good; None where none does."""
    if not op.trainable:
        return "trainable"
    return "train_from" if isinstance(op, Backbone) and op.train_from not in (None, op.list_layers()[0]) else None


def _mend(key: str, place: Place, node: TypedNode) -> Fix:
    if key == "trainable":
        return write(node.node.origin.written.places[key].span, "true", title="write `trainable: true`")
    return drop(place.span, key, "unsafe")


def _suggest_ways_out(op: Op, key: str) -> tuple[str, ...]:
    written = "`trainable: false`" if key == "trainable" else f"`{key}`"
    if isinstance(op, Backbone):
        return ("`weights: imagenet` brings what it has learned elsewhere", f"or leave {written} out")
    return (f"leave {written} out",)
