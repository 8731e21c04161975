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


def highway(layers: Any, x: Any, width: int) -> Any:
    return x + (layers.Dense(width, activation="relu")(x) - x) * layers.Dense(width, activation="sigmoid")(x)


def cbhg(layers: Any, ops: Any, keras: Any) -> Any:
    """Of 24 characters; what a convolution of even width pads is Keras's."""
    text = keras.Input((24,), dtype="int32")
    x = layers.Embedding(70, 256)(text)
    x = layers.Dense(128, activation="relu")(layers.Dense(256, activation="relu")(x))
    bank = [
        layers.BatchNormalization()(layers.Conv1D(128, width, padding="same", activation="relu")(x)) for width in range(1, 17)
    ]
    y = layers.MaxPooling1D(2, 1, padding="same")(ops.concatenate(bank, axis=-1))
    y = layers.BatchNormalization()(layers.Conv1D(128, 3, padding="same", activation="relu")(y))
    x = x + layers.BatchNormalization()(layers.Conv1D(128, 3, padding="same", use_bias=False)(y))
    for _ in range(4):
        x = highway(layers, x, 128)
    return keras.Model(text, layers.Bidirectional(layers.GRU(128, return_sequences=True))(x))


def multi_lead_ecg(layers: Any, ops: Any, keras: Any) -> Any:
    """Of 128 samples."""

    def branch(x: Any) -> Any:
        for kernel in (24, 24, 24, 24, 48):
            for size, strides in ((3, 1), (3, 1), (kernel, 2)):
                x = ops.leaky_relu(layers.Conv1D(12, size, strides, padding="same")(x), 0.3)
        x = ops.leaky_relu(layers.Bidirectional(layers.GRU(12, return_sequences=True))(x), 0.3)
        scores = layers.Dense(1, use_bias=False)(layers.Dense(24, activation="tanh")(x))
        x = ops.sum(ops.softmax(scores, axis=1) * x, axis=1)
        return ops.leaky_relu(layers.BatchNormalization()(x), 0.3)

    leads = [keras.Input((128, 1)) for _ in range(12)]
    x = ops.concatenate([branch(lead) for lead in leads], axis=-1)
    return keras.Model(leads, layers.Dense(9, activation="sigmoid")(x))


def bidaf(layers: Any, ops: Any, keras: Any) -> Any:
    """Of 12 words and a question of 5; the similarity is taken of every pair as the paper writes it."""

    class Similarity(layers.Layer):  # type: ignore[misc,name-defined]
        def build(self, *shapes: Any) -> None:
            self.both = self.add_weight(shape=(200,), name="kernel")
            self.of_text = self.add_weight(shape=(200, 1), name="kernel")
            self.of_question = self.add_weight(shape=(200, 1), name="kernel")

        def call(self, h: Any, u: Any) -> Any:
            pairs = ops.einsum("bic,bjc,c->bij", h, u, self.both)
            return pairs + h @ self.of_text + ops.transpose(u @ self.of_question, (0, 2, 1))

    def lstm() -> Any:
        return layers.Bidirectional(layers.LSTM(100, return_sequences=True))

    words, letters, asked, asked_letters = (
        keras.Input(shape, dtype=dtype)
        for shape, dtype in (((12, 100), "float32"), ((12, 16), "int32"), ((5, 100), "float32"), ((5, 16), "int32"))
    )
    table, convolution = layers.Embedding(100, 8), layers.Conv1D(100, 5, activation="relu")
    parts = [layers.Dense(200, activation=name) for _ in range(2) for name in ("relu", "sigmoid")]
    reader = lstm()

    def encode(given: Any, spelt: Any) -> Any:
        size = spelt.shape[1]
        letters = ops.max(convolution(ops.reshape(table(spelt), (-1, 16, 8))), axis=1)
        x = ops.concatenate([given, ops.reshape(letters, (-1, size, 100))], axis=-1)
        for new, gate in (parts[:2], parts[2:]):
            x = x + (new(x) - x) * gate(x)
        return reader(x)

    h, u = encode(words, letters), encode(asked, asked_letters)
    likeness = Similarity()(h, u)
    answered = ops.softmax(likeness, axis=2) @ u
    summary = ops.softmax(ops.max(likeness, axis=2), axis=1)[:, None] @ h
    g = ops.concatenate([h, answered, h * answered, h * summary], axis=-1)
    m = lstm()(lstm()(g))
    start = ops.softmax(layers.Dense(1, use_bias=False)(ops.concatenate([m, g], axis=-1))[..., 0], axis=1)
    begun = ops.repeat(start[:, None] @ m, 12, axis=1)
    going_on = lstm()(ops.concatenate([g, m, begun, m * begun], axis=-1))
    end = ops.softmax(layers.Dense(1, use_bias=False)(ops.concatenate([going_on, g], axis=-1))[..., 0], axis=1)
    return keras.Model([words, letters, asked, asked_letters], ops.concatenate([start, end], axis=-1))


CASES: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "vision-transformer": (
        vision_transformer,
        {"branches.photo.input.shape": [64, 64, 3], "vars.width": 48, "vars.depth": 2},
    ),
    "miniature-gpt": (miniature_gpt, {"vars.words": 50, "vars.width": 32}),
    "lstm-seq2seq": (lstm_seq2seq, {"vars.units": 16}),
    "cbam-resnet18": (cbam_resnet18, {"branches.photo.input.shape": [64, 64, 3]}),
    "cbhg": (cbhg, {"vars.steps": 24}),
    "multi-lead-ecg": (multi_lead_ecg, {"vars.samples": 128}),
    "bidaf": (bidaf, {"vars.text": 12, "vars.question": 5, "targets": None}),
}


LONG = ("multi-lead-ecg", "cbam-resnet18", "bidaf")


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.whole if name in LONG else ()) for name in CASES])
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
    ours, theirs = (_predict(numpy, each, given) for each in (model, other))
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


def _predict(numpy: Any, model: Any, given: list[Any]) -> Any:
    """What a model gives, its outputs side by side."""
    found = model(given if len(given) > 1 else given[0], training=False)
    return numpy.concatenate(list(found.values()), axis=-1) if isinstance(found, dict) else numpy.asarray(found)


def _batch(rng: Any, x: Any) -> Any:
    shape = (2, *(7 if size is None else size for size in x.shape[1:]))
    if "int" in str(x.dtype):
        return rng.integers(0, 50, shape)
    values = rng.uniform(0.1, 1, shape).astype("float32")
    if len(shape) == 3:
        values[1, 5:] = 0
    return values
