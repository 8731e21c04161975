"""Published networks against the same written by hand in Keras: weights carried over, equal predictions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from places import ROOT

import cnnlstm_spec

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore")]


def vision_transformer(layers: Any, ops: Any, keras: Any) -> Any:
    """Of two blocks, 48 wide, on a smaller image."""

    class Token(layers.Layer):  # type: ignore[misc,name-defined]
        def build(self, shape: Any) -> None:
            self.token = self.add_weight(shape=(1, shape[-1]))

        def call(self, x: Any) -> Any:
            token = ops.broadcast_to(self.token, (ops.shape(x)[0], 1, x.shape[-1]))
            return ops.concatenate([token, x], axis=1)

    class Positions(layers.Layer):  # type: ignore[misc,name-defined]
        def build(self, shape: Any) -> None:
            self.table = self.add_weight(shape=shape[1:])

        def call(self, x: Any) -> Any:
            return x + self.table

    image = keras.Input((64, 64, 3))
    x = layers.Conv2D(48, 16, strides=16)(image / 127.5 - 1)
    x = Positions()(Token()(layers.Reshape((16, 48))(x)))
    for _ in range(2):
        y = layers.LayerNormalization(epsilon=1e-6)(x)
        x = x + layers.MultiHeadAttention(3, 16)(y, y)
        y = layers.Dense(192, activation="gelu")(layers.LayerNormalization(epsilon=1e-6)(x))
        x = x + layers.Dense(48)(y)
    x = layers.LayerNormalization(epsilon=1e-6)(x)[:, 0]
    return keras.Model(image, layers.Dense(1000, activation="softmax")(x))


def miniature_gpt(layers: Any, ops: Any, keras: Any) -> Any:
    words = keras.Input((80,), dtype="int32")
    x = layers.Embedding(50, 32)(words) + layers.Embedding(80, 32)(ops.zeros_like(words) + ops.arange(80))
    x = layers.LayerNormalization(epsilon=1e-6)(x + layers.MultiHeadAttention(2, 32)(x, x, use_causal_mask=True))
    y = layers.Dense(32)(layers.Dense(32, activation="relu")(x))
    return keras.Model(words, layers.Dense(50)(layers.LayerNormalization(epsilon=1e-6)(x + y)))


def lstm_seq2seq(layers: Any, ops: Any, keras: Any) -> Any:
    """Padding at the end, which the hand-written model masks by `Masking`."""
    english, french = keras.Input((None, 71)), keras.Input((None, 93))
    _, h, c = layers.LSTM(16, return_state=True)(layers.Masking()(english))
    x = layers.LSTM(16, return_sequences=True)(layers.Masking()(french), initial_state=[h, c])
    return keras.Model([english, french], layers.Dense(93, activation="softmax")(x))


def cbam_resnet18(layers: Any, ops: Any, keras: Any) -> Any:
    def conv(x: Any, filters: int, kernel: int = 3, strides: int = 1) -> Any:
        return layers.BatchNormalization()(layers.Conv2D(filters, kernel, strides, padding="same", use_bias=False)(x))

    def block(x: Any, filters: int, strides: int = 1) -> Any:
        y = conv(ops.relu(conv(x, filters, strides=strides)), filters)
        narrow, wide = layers.Dense(filters // 16, activation="relu"), layers.Dense(filters)
        mean, greatest = ops.mean(y, axis=(1, 2), keepdims=True), ops.max(y, axis=(1, 2), keepdims=True)
        y = y * ops.sigmoid(wide(narrow(mean)) + wide(narrow(greatest)))
        both = ops.concatenate([ops.max(y, axis=-1, keepdims=True), ops.mean(y, axis=-1, keepdims=True)], axis=-1)
        gate = layers.BatchNormalization(epsilon=1e-5)(layers.Conv2D(1, 7, padding="same", use_bias=False)(both))
        y = y * ops.sigmoid(gate)
        return ops.relu(y + (x if strides == 1 else conv(x, filters, 1, strides)))

    image = keras.Input((64, 64, 3))
    x = layers.MaxPooling2D(3, 2, padding="same")(ops.relu(conv(image / 255.0, 64, 7, 2)))
    x = block(block(x, 64), 64)
    for filters in (128, 256, 512):
        x = block(block(x, filters, 2), filters)
    return keras.Model(image, layers.Dense(1000, activation="softmax")(layers.GlobalAveragePooling2D()(x)))


CASES: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "vision-transformer": (
        vision_transformer,
        {"branches.photo.input.shape": [64, 64, 3], "vars.width": 48, "vars.depth": 2},
    ),
    "miniature-gpt": (miniature_gpt, {"vars.words": 50, "vars.width": 32}),
    "lstm-seq2seq": (lstm_seq2seq, {"vars.units": 16}),
    "cbam-resnet18": (cbam_resnet18, {"branches.photo.input.shape": [64, 64, 3]}),
}


@pytest.mark.parametrize("name", CASES)
def test_computes_what_is_written_by_hand(name: str, fresh: Any) -> None:
    keras, numpy = pytest.importorskip("keras"), pytest.importorskip("numpy")
    by_hand, overrides = CASES[name]
    compilation = cnnlstm_spec.load(ROOT / "specs" / "published" / f"{name}.yaml", overrides={**overrides, "expect": None})
    model = compilation.to_keras()
    other = by_hand(keras.layers, keras.ops, keras)
    rng = numpy.random.default_rng(0)
    values = [rng.normal(0, 0.1, weight.shape) + ("moving_var" in weight.path) for weight in model.weights]
    for weight, value in zip(model.weights, values, strict=True):
        weight.assign(abs(value) if "moving_var" in weight.path else value)
    _carry_over(model, other)
    given = [_batch(rng, x) for x in model.inputs]
    ours, theirs = (numpy.asarray(each(given if len(given) > 1 else given[0], training=False)) for each in (model, other))
    real = numpy.any(given[-1] != 0, axis=-1) if name == "lstm-seq2seq" else slice(None)
    assert numpy.abs(ours[real] - theirs[real]).max() < 1e-5


def _carry_over(model: Any, other: Any) -> None:
    """The weights, in the order in which both are written: of one shape and name the first that is left."""
    left = list(model.weights)
    for weight in other.weights:
        alike = [each for each in left if each.shape == weight.shape]
        name = weight.path.rpartition("/")[2]
        named = [each for each in alike if each.path.rpartition("/")[2] == name]
        found = (named or alike)[0]
        left = [each for each in left if each is not found]
        weight.assign(found)
    assert not left


def _batch(rng: Any, x: Any) -> Any:
    shape = (2, *(7 if size is None else size for size in x.shape[1:]))
    if "int" in str(x.dtype):
        return rng.integers(0, 50, shape)
    values = rng.uniform(0.1, 1, shape).astype("float32")
    if len(shape) == 3:
        values[1, 5:] = 0
    return values
