"""Pools over three axes as pools over two of them and then over the third, which LiteRT has operations for. Imports Keras."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import keras
from keras import ops

POOLS = ((keras.layers.MaxPooling3D, ops.max_pool), (keras.layers.AveragePooling3D, ops.average_pool))


@contextmanager
def pool_in_planes(model: keras.Model) -> Iterator[None]:
    """Lets the pools of a model go over height and width, then over depth, where all sizes are known: they give the same."""
    found = [
        (layer, pool)
        for layer in model._flatten_layers(include_self=False)
        for cls, pool in POOLS
        if isinstance(layer, cls) and layer.data_format == "channels_last"
    ]
    for layer, pool in found:
        layer.call = partial(_pool, layer, pool, layer.call)
    try:
        yield
    finally:
        for layer, _ in found:
            del layer.call


def _pool(layer: keras.layers.Layer, pool: Callable[..., object], plain: Callable[[object], object], x: Any) -> object:
    """What the layer gives of (samples, depth, height, width, channels)."""
    _, depth, height, width, channels = x.shape
    if None in (depth, height, width, channels):
        return plain(x)
    (deep, *plane), (stride, *strides) = layer.pool_size, layer.strides
    x = ops.reshape(x, (-1, height, width, channels))
    x = pool(x, tuple(plane), tuple(strides), layer.padding, "channels_last")
    height, width = x.shape[1:3]
    x = ops.reshape(x, (-1, depth, height * width, channels))
    x = pool(x, (deep, 1), (stride, 1), layer.padding, "channels_last")
    return ops.reshape(x, (-1, x.shape[1], height, width, channels))
