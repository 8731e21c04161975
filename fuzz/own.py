"""Losses and the like of a person's own, which drawn specs name by `objects_from`; registered with Keras, which this imports."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

register = keras.saving.register_keras_serializable("fuzz")


@register
class PowerLoss(keras.losses.Loss):
    """The mean of errors to a power."""

    def __init__(self, power: float = 2.0, name: str = "power_loss", **more: Any) -> None:
        super().__init__(name=name, **more)
        self.power = power

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return ops.mean(ops.abs(ops.cast(y_true, y_pred.dtype) - y_pred) ** self.power, axis=-1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "power": self.power}


@register
def largest_error(y_true: Any, y_pred: Any) -> Any:
    """The largest error along the last axis."""
    return ops.max(ops.abs(ops.cast(y_true, y_pred.dtype) - y_pred), axis=-1)


@register
class Counted(keras.metrics.Metric):
    """How many samples came, times a factor."""

    def __init__(self, factor: float = 1.0, name: str = "counted", **more: Any) -> None:
        super().__init__(name=name, **more)
        self.factor = factor
        self.count = self.add_variable((), "zeros", name="count")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        self.count.assign_add(ops.cast(ops.shape(y_pred)[0], self.count.dtype) * self.factor)

    def result(self) -> Any:
        return self.count + 0

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "factor": self.factor}


@register
def bent(x: Any) -> Any:
    """The square root of what is large, with its sign."""
    return ops.sign(x) * ops.sqrt(ops.abs(x) + 1.0)


@register
class Band(keras.regularizers.Regularizer):
    """Weights are to be 1 or -1."""

    def __init__(self, factor: float) -> None:
        self.factor = factor

    def __call__(self, x: Any) -> Any:
        return self.factor * ops.sum(ops.abs(ops.abs(x) - 1.0))

    def get_config(self) -> dict[str, Any]:
        return {"factor": self.factor}


@register
class Stripes(keras.initializers.Initializer):
    """A value, with its sign turned at every second place of the last axis."""

    def __init__(self, value: float = 0.1) -> None:
        self.value = value

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        signs = 1 - 2 * (ops.arange(shape[-1]) % 2) if shape else ops.ones(())
        return ops.broadcast_to(ops.cast(signs, dtype or "float32") * self.value, shape)

    def get_config(self) -> dict[str, Any]:
        return {"value": self.value}


OWN = {each.__name__: each for each in (PowerLoss, largest_error, Counted, bent, Band, Stripes)}
