"""Layers of a spec that are no classes of Keras, as a person writes them for it: by call, with a mask where one is left.

Nothing of the compiler is used.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

Shape = tuple[int | None, ...]


def need_floats(x: Any) -> None:
    """They add floats, or set them beside each other. Keras announces floats where integers come: it is asked on data."""
    if "float" not in keras.backend.standardize_dtype(x.dtype):
        raise TypeError(f"floats are needed, not {x.dtype}")


class PositionEmbedding(keras.layers.Layer):
    """A learned vector for each step, added to it."""

    def __init__(self, sequence_length: int | None = None, initializer: Any = "glorot_uniform", **more: Any) -> None:
        super().__init__(**more)
        self.length, self.initializer, self.supports_masking = sequence_length, initializer, True

    def build(self, shape: Shape) -> None:
        length = self.length or shape[1]
        if length is None:
            raise ValueError("how many steps come is not known")
        if shape[1] is not None and shape[1] > length:
            raise ValueError(f"{shape[1]} steps for {length} vectors")
        self.table = self.add_weight(shape=(length, shape[2]), initializer=self.initializer)

    def compute_output_shape(self, shape: Shape) -> Shape:
        return shape

    def call(self, x: Any) -> Any:
        need_floats(x)
        return x + ops.take(ops.cast(self.table, x.dtype), ops.arange(ops.shape(x)[1]), axis=0)


class SinePositionEncoding(keras.layers.Layer):
    """Sines and cosines of where a step stands, added to it."""

    def __init__(self, max_wavelength: float = 10000, **more: Any) -> None:
        super().__init__(**more)
        self.longest, self.supports_masking = max_wavelength, True

    def compute_output_shape(self, shape: Shape) -> Shape:
        return shape

    def call(self, x: Any) -> Any:
        need_floats(x)
        steps, features = ops.shape(x)[1], ops.shape(x)[2]
        feature = ops.cast(ops.arange(features), "float32")
        pair = 2 * ops.floor(feature / 2) / ops.cast(features, "float32")
        angle = ops.cast(ops.arange(steps), "float32")[:, None] * ops.power(1.0 / self.longest, pair)[None]
        return x + ops.cast(ops.where(feature % 2 == 0, ops.sin(angle), ops.cos(angle)), x.dtype)


class ClassToken(keras.layers.Layer):
    """One learned step before the others."""

    def __init__(self, initializer: Any = "zeros", **more: Any) -> None:
        super().__init__(**more)
        self.initializer = initializer

    def build(self, shape: Shape) -> None:
        self.token = self.add_weight(shape=(1, 1, shape[2]), initializer=self.initializer)

    def compute_output_shape(self, shape: Shape) -> Shape:
        return (shape[0], None if shape[1] is None else shape[1] + 1, *shape[2:])

    def call(self, x: Any, mask: Any = None) -> Any:
        need_floats(x)
        token = ops.broadcast_to(ops.cast(self.token, x.dtype), (ops.shape(x)[0], 1, x.shape[2]))
        return ops.concatenate([token, x], axis=1)

    def compute_mask(self, x: Any, mask: Any = None) -> Any:
        return None if mask is None else ops.concatenate([ops.ones_like(mask[:, :1]), mask], axis=1)


class Slice(keras.layers.Layer):
    """One position of an axis, or a range of them."""

    def __init__(self, axis: int, index: int | None = None, **more: Any) -> None:
        bounds = [more.pop(name, None) for name in ("start", "stop", "step")]
        super().__init__(**more)
        self.axis, self.index, self.range = axis, index, slice(*bounds)

    def compute_output_shape(self, shape: Shape) -> Shape:
        place, size = self.axis % len(shape), shape[self.axis]
        if self.index is None:
            return (*shape[:place], None if size is None else len(range(size)[self.range]), *shape[place + 1 :])
        if size is not None and not -size <= self.index < size:
            raise ValueError(f"no position {self.index} of {size}")
        return (*shape[:place], *shape[place + 1 :])

    def call(self, x: Any, mask: Any = None) -> Any:
        places: list[Any] = [slice(None)] * len(x.shape)
        places[self.axis] = self.range if self.index is None else self.index
        return x[tuple(places)]

    def compute_mask(self, x: Any, mask: Any = None) -> Any:
        if mask is None or self.axis % len(x.shape) != 1:
            return mask
        return mask[:, self.range] if self.index is None else None


OURS = {each.__name__: each for each in (PositionEmbedding, SinePositionEncoding, ClassToken, Slice)}
