"""What Keras makes of a layer: shape, dtype, weights, or the failure. Imports Keras; the package is not imported."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from zlib import crc32

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np

BATCH = 9
"""Larger than any size that is drawn, so that no axis is as long as the batch by chance."""
GRAPH = 4
"""One layer in so many trains in a compiled graph, the rest eagerly, which is faster."""
UNKNOWN = 7
"""The size that stands in, on data, for one known only at run time."""

POSITIONAL = {"MultiHeadAttention", "GroupQueryAttention"}
"""Layers whose inputs are arguments of their own, not a list."""

ATTEND = {*POSITIONAL, "Attention", "AdditiveAttention"}
"""Layers that attend to their one input where they are given one."""

KERNELS_LACKING = (
    "No OpKernel was registered",
    "Could not find device for node",
    "only supports NHWC",
    "equal length strides",
    "AbortedError",
    "could not create a primitive",
)
"""What TensorFlow says where this device, not the layer, is at fault: such a failure is of stage `device`."""

Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class Outcome:
    """What a layer gave; shapes without the batch. `weights` are path in the layer, shape, trainable."""

    computed: Shape
    called: Shape
    on_data: Shape
    dtype: str
    weights: tuple[tuple[str, tuple[int, ...], bool], ...]
    gradient: bool | None
    """Whether a gradient comes through to what is before it; None where it was not trained, or is given no floats."""
    mixes: bool = False
    """Whether what it gives of a sample of floats rests on the others of the batch."""


@dataclass(frozen=True)
class Failure:
    """Where a layer failed (`make`, `build`, `call`, `train`) and what Keras said."""

    stage: str
    message: str


class Start(keras.layers.Layer):
    """Multiplies by a weight, so that the gradient runs through the layer after it."""

    def build(self, _: Any) -> None:
        self.factor = self.add_weight(shape=(), initializer="ones", name="factor")

    def call(self, inputs: Any) -> Any:
        return inputs * keras.ops.cast(self.factor, inputs.dtype)


class End(keras.layers.Layer):
    """The mean over all but the batch, times a weight; takes any dtype."""

    def build(self, _: Any) -> None:
        self.factor = self.add_weight(shape=(), initializer="ones", name="factor")

    def call(self, inputs: Any) -> Any:
        axes = tuple(range(1, len(inputs.shape)))
        values = keras.ops.cast(inputs, "float32")
        return keras.ops.mean(values, axis=axes) * self.factor if axes else values * self.factor

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape[:1]


@cache
def data(shape: Shape, dtype: str) -> Any:
    """A batch of that shape: floats from 0.1 to 1, integers 0, which any table of classes holds, and texts of `UNKNOWN` words."""
    sizes = (BATCH, *(UNKNOWN if size is None else size for size in shape))
    if dtype == "string":
        return np.full(sizes, " ".join("ab" * UNKNOWN)[: 2 * UNKNOWN - 1], dtype=object)
    values = np.random.default_rng(0).uniform(0.1, 1.0, sizes)
    return values.astype(dtype) if dtype.startswith("float") else np.zeros(sizes, dtype)


def resolve(path: str) -> Any:
    """The object that a dotted path below `keras` names."""
    found: Any = keras
    for word in path.split(".")[1:]:
        found = getattr(found, word)
    return found


def weights_of(layer: Any) -> tuple[tuple[str, tuple[int, ...], bool], ...]:
    """The layer's weights in Keras's order, without the states of seed generators."""
    trainable = {id(weight) for weight in layer.trainable_weights}
    kept = [weight for weight in layer.weights if "seed_generator" not in weight.path]
    return tuple((weight.path.split("/", 1)[-1], tuple(weight.shape), id(weight) in trainable) for weight in kept)


def run(
    path: str,
    arguments: Mapping[str, Any],
    shapes: Sequence[Shape],
    dtype: str = "float32",
    policy: str = "float32",
    train: bool = True,
    graph: bool = False,
) -> Outcome | Failure:
    """Builds the layer in a functional model, runs it on data, and trains it on one batch; with `graph` in a compiled graph always.

    What fails in a graph alone is not seen without.
    """
    keras.backend.clear_session(free_memory=False)
    keras.config.set_dtype_policy(policy)
    try:
        return _run(path, arguments, shapes, dtype, train, graph)
    finally:
        keras.config.set_dtype_policy("float32")


class Noting(keras.optimizers.SGD):
    """Notes to which weights a gradient comes; none where a scaled loss overflows, after which nothing is applied."""

    noted: frozenset[str] | None = None

    def apply(self, grads: Any, trainable_variables: Any = None) -> Any:
        self.noted = frozenset(weight.path for grad, weight in zip(grads, trainable_variables, strict=True) if grad is not None)
        return super().apply(grads, trainable_variables)


def _mixes(model: Any, batch: Any) -> bool:
    first = [each[:1] for each in batch] if isinstance(batch, list) else batch[:1]
    try:
        given, alone = model(batch, training=False), model(first, training=False)
    except Exception:
        return False  # this device lacks a kernel
    whole, alone = (np.nan_to_num(np.asarray(keras.ops.cast(each, "float32"))) for each in (given[:1], alone))
    return alone.shape != whole.shape or not np.allclose(alone, whole, rtol=1e-2, atol=1e-3)


def _run(
    path: str, arguments: Mapping[str, Any], shapes: Sequence[Shape], dtype: str, train: bool, graph: bool
) -> Outcome | Failure:
    stage = "make"
    try:
        layer = resolve(path)(**arguments)
        stage = "build"
        inputs = [keras.Input(shape, dtype=dtype) for shape in shapes]
        starts = [Start(dtype="float32")(each) if dtype.startswith("float") else each for each in inputs]
        if path.rpartition(".")[2] in ATTEND and len(starts) == 1:
            starts = starts * 2
        batched = [tuple(each.shape) for each in starts]
        if path.rpartition(".")[2] in POSITIONAL:
            symbolic, computed = layer(*starts), layer.compute_output_shape(*batched)
        else:
            symbolic = layer(starts[0] if len(starts) == 1 else starts)
            computed = layer.compute_output_shape(batched[0] if len(batched) == 1 else batched)
        inputs = inputs[0] if len(inputs) == 1 else inputs
        model = keras.Model(inputs, symbolic)
        batch = [data(tuple(shape), dtype) for shape in shapes]
        batch = batch[0] if len(batch) == 1 else batch
        gradient = None
        if train:
            stage, optimizer = "train", Noting()
            whole = keras.Model(inputs, End(dtype="float32")(symbolic))
            labels = np.zeros((BATCH,), "float32")
            at_once = graph or crc32(f"{path} {arguments} {shapes}".encode()) % GRAPH == 0
            try:
                whole.compile(optimizer=optimizer, loss="mse", run_eagerly=not at_once)
                whole.train_on_batch(batch, labels)
            except Exception:
                if at_once:
                    raise
                # A compiled graph, which is what trains unless told otherwise, has the last word.
                whole.compile(optimizer=optimizer, loss="mse")
                whole.train_on_batch(batch, labels)
            before = {weight.path for start in whole.layers if isinstance(start, Start) for weight in start.weights}
            gradient = bool(before & optimizer.noted) if before and optimizer.noted is not None else None
        stage = "call"
        try:
            given = model(batch) if "float" in dtype else None
        except Exception:
            given = None
        if given is None:
            # A compiled function has kernels that a direct call on this device may lack, and casts integers for some layers.
            model.compile()
            given = model.predict_on_batch(batch)
        return Outcome(
            tuple(computed[1:]),
            tuple(symbolic.shape[1:]),
            tuple(given.shape[1:]),
            keras.backend.standardize_dtype(given.dtype),
            weights_of(layer),
            gradient,
            "float" in dtype and _mixes(model, batch),
        )
    except Exception as error:
        message = f"{type(error).__name__}: {error}"
        lacks = any(words in message for words in KERNELS_LACKING)
        return Failure("device" if lacks else stage, message[:300])
