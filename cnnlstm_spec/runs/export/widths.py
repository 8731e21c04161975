"""Layers of a mixed policy that compute in float32, for runtimes that have too little of half precision. Imports Keras."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

import keras

HALVES = {"litert": ("float16", "bfloat16"), "onnx": ("bfloat16",), "openvino": ("bfloat16",)}
"""What a format's files do not compute in: LiteRT has few operations of either, the others no loops over bfloat16."""


@contextmanager
def compute_in_float32(model: keras.Model, dtypes: Collection[str]) -> Iterator[None]:
    """Lets layers whose weights are float32, and that compute in one of these, compute in float32 too."""
    plain = keras.DTypePolicy("float32")
    found = [
        (layer, layer.dtype_policy)
        for layer in model._flatten_layers(include_self=False)
        if layer.dtype_policy.compute_dtype in dtypes and layer.dtype_policy.variable_dtype == "float32"
    ]
    for layer, _ in found:
        layer.dtype_policy = plain
    try:
        yield
    finally:
        for layer, policy in found:
            layer.dtype_policy = policy
