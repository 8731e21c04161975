"""The weights of one Keras model for another whose layers have the same names. Works on models that it is given."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ...ir.graph import BatchNormFold

if TYPE_CHECKING:
    import keras
    import numpy

    Array = numpy.ndarray[Any, Any]


class Mismatch(Exception):
    """Why a model cannot take the weights of another."""


def copy_weights(source: keras.Model, target: keras.Model) -> None:
    """Gives every layer the weights of the layer of its name; raises Mismatch where there is none of the same shapes."""
    given = {layer.name: layer.get_weights() for layer in source.layers if layer.weights}
    wanted = {layer.name: layer for layer in target.layers if layer.weights}
    for name in (*wanted, *given):
        if name not in given:
            raise Mismatch(f"it has no layer `{name}`")
        if name not in wanted:
            raise Mismatch(f"its layer `{name}` is not in the spec")
        shapes = [weight.shape for weight in given[name]]
        needed = [tuple(weight.shape) for weight in wanted[name].weights]
        if shapes != needed:
            raise Mismatch(
                f"the weights of its layer `{name}` are {_write_listed(shapes)}; the spec needs {_write_listed(needed)}"
            )
        wanted[name].set_weights(given[name])


def fold_weights(training: keras.Model, inference: keras.Model, folds: Iterable[BatchNormFold]) -> None:
    """Gives a model for inference the weights of training, those of each folded batch norm in the layer that takes it in."""
    values = {layer.name: {weight.name: weight.numpy() for weight in layer.weights} for layer in training.layers}
    folded = set()
    for fold in folds:
        values[fold.layer].update(_fold_weights(values[fold.layer], values[fold.norm], fold))
        folded.add(fold.layer)
    for layer in inference.layers:
        if layer.name in folded:
            layer.set_weights([values[layer.name][weight.name] for weight in layer.weights])
        elif layer.weights:
            layer.set_weights(training.get_layer(layer.name).get_weights())


def _fold_weights(layer: dict[str, Array], norm: dict[str, Array], fold: BatchNormFold) -> dict[str, Array]:
    """The kernel and bias that do at once what layer and norm do; computed in float64."""
    mean, variance = (norm[name].astype("float64") for name in ("moving_mean", "moving_variance"))
    factor = (variance + fold.epsilon) ** -0.5 * norm.get("gamma", 1.0)
    bias = (layer.get("bias", 0.0) - mean) * factor + norm.get("beta", 0.0)
    return {fold.weight: layer[fold.weight] * factor.reshape(fold.shape), "bias": bias}


def _write_listed(shapes: list[tuple[int, ...]]) -> str:
    return ", ".join("x".join(map(str, shape)) or "a number" for shape in shapes)
