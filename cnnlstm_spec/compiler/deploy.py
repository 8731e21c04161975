"""A spec made ready for inference: the graph that is left, and what was done to each layer.

Imports Keras through `emit` alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path as File
from typing import TYPE_CHECKING

from ..ir.graph import TypedGraph
from ..ir.op import Op
from ..model.passes import INFERENCE, INFERENCE_REASONS, apply
from ..ops.structural import Output
from ..text.diagnostic import Written
from ..text.frozen import dataclass
from .compile import Compilation

if TYPE_CHECKING:
    import keras

BIAS = "use_bias"
FRESH = "the weights that training starts from; `--weights` takes those of a trained model"
PURPOSES = ("training", "inference")


@dataclass(frozen=True)
class Note:
    """What was done with a layer, by its name in Keras, or why it stays as it is."""

    layer: str
    text: str


@dataclass(frozen=True)
class Deployment:
    """The model for inference beside the one that is trained."""

    training: Compilation
    inference: Compilation
    changed: tuple[Note, ...]
    left: tuple[Note, ...]
    weights: File | None
    """The file of the trained model; None for the weights that training starts from."""

    def make_models(self, passes: str = "default") -> tuple[keras.Model, keras.Model]:
        """The Keras models for training and for inference, with equal outputs.

        Raises what `Compilation.to_keras` raises, and Unbuildable where the file has no weights of this spec.
        """
        from ..emit.keras.weights import fold_weights
        from .trained import load_into

        assert self.inference.typed is not None
        # The model that is written comes first: Keras numbers operations as they are made.
        inference = self.inference.to_keras(passes)
        training = self.training.to_keras(passes)
        if self.weights is not None:
            load_into(training, self.weights, self.training, passes)
        fold_weights(training, inference, self.inference.typed.folds)
        return training, inference

    def __str__(self) -> str:
        before, after = self.training.typed, self.inference.typed
        assert before is not None and after is not None
        changed = [f"  {note.layer}: {note.text}" for note in self.changed]
        left = [f"  {note.layer}: {note.text}" for note in self.left]
        fewer = before.params - after.params
        given = FRESH if self.weights is None else f"the weights of {self.weights.name}"
        lines = [
            f"for inference, with {given}",
            *(changed or ["  nothing changes"]),
            *(["left as they are", *left] if left else []),
        ]
        return "\n".join([*lines, f"{after.params:,} parameters, {fewer:,} fewer than in training"])


def deploy(training: Compilation, weights: File | None = None) -> Deployment:
    """What a sound spec is for inference, and how that differs from training."""
    before, spec = training.typed, training.spec
    assert before is not None and spec is not None
    after = apply(before, INFERENCE)
    inference = replace(training, typed=after, graph=after.graph, spec=replace(spec, compile=None))
    changed = list(_list_changed(before, after))
    if spec.compile is not None:
        changed.append(Note(spec.name, "without optimizer, loss and metrics"))
    left = (Note(after.nodes[id].node.layer, reason) for why_not in INFERENCE_REASONS.values() for id, reason in why_not(after))
    return Deployment(training, inference, tuple(dict.fromkeys(changed)), tuple(dict.fromkeys(left)), weights)


def _list_changed(before: TypedGraph, after: TypedGraph) -> Iterator[Note]:
    """Each layer that is gone or differs."""
    folded = {fold.norm: fold.layer for fold in after.folds}
    for id, typed in before.nodes.items():
        op, layer = typed.node.op, typed.node.layer
        if id not in after.nodes:
            yield Note(layer, f"folded into `{folded[layer]}`" if layer in folded else "removed")
            continue
        now = after.nodes[id].node.op
        if op is now or op is None or now is None:
            continue
        if isinstance(op, Output):
            yield Note(layer, "padded steps are zeros, with no mask for loss and metrics")
            continue
        gone = _list_gone(op, now, after.nodes[id].node.origin.written)
        if BIAS in gone:
            yield Note(layer, "with a bias")
        if others := [f"`{name}`" for name in gone if name != BIAS]:
            yield Note(layer, f"without {', '.join(others)}")


def _list_gone(op: Op, now: Op, written: Written) -> list[str]:
    """The arguments that are written no more, those of a wrapped layer too."""
    inner = [(name, value, now.get_value(name)) for name, value in op.list_values().items() if isinstance(value, Op)]
    own = [name for name in op.list_values(written.places) if not now.is_written(name)]
    return own + [f"{name}.{each}" for name, value, after in inner for each in _list_gone(value, after, written.find_inner(name))]
