"""Models as people write them by hand: Sequential, nested, shared layers, `TimeDistributed` by layer, masks, several inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import layers as L
from keras import ops

MODELS: dict[str, Callable[[], Any]] = {}


def model(build: Callable[[], Any]) -> Callable[[], Any]:
    MODELS[build.__name__] = build
    return build


@model
def mnist_cnn() -> Any:
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            L.Conv2D(32, 3, activation="relu"),
            L.MaxPooling2D(2),
            L.Conv2D(64, (3, 3), activation="relu"),
            L.MaxPooling2D((2, 2)),
            L.Flatten(),
            L.Dropout(0.5),
            L.Dense(10, activation="softmax"),
        ]
    )


@model
def mlp_with_regularizers() -> Any:
    return keras.Sequential(
        [
            keras.Input((20,)),
            L.Dense(64, activation="relu", kernel_regularizer=keras.regularizers.L2(1e-4), kernel_initializer="he_normal"),
            L.BatchNormalization(),
            L.Dense(64, kernel_constraint=keras.constraints.MaxNorm(2)),
            L.LeakyReLU(negative_slope=0.1),
            L.Dense(3, activation="softmax"),
        ]
    )


@model
def imdb_lstm() -> Any:
    return keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            L.Embedding(500, 16, mask_zero=True),
            L.Bidirectional(L.LSTM(8, return_sequences=True)),
            L.Bidirectional(L.LSTM(8)),
            L.Dense(1, activation="sigmoid"),
        ]
    )


@model
def masked_series() -> Any:
    return keras.Sequential(
        [keras.Input((None, 6)), L.Masking(0.0), L.GRU(8, return_sequences=True), L.GRU(4), L.Dense(2, activation="softmax")]
    )


@model
def text_cnn() -> Any:
    words = keras.Input((40,), dtype="int32", name="words")
    x = L.Embedding(300, 16)(words)
    pooled = [L.GlobalMaxPooling1D()(L.Conv1D(8, size, activation="relu")(x)) for size in (3, 4, 5)]
    x = L.Dropout(0.5)(L.Concatenate()(pooled))
    return keras.Model(words, L.Dense(2, activation="softmax")(x))


@model
def small_resnet() -> Any:
    image = keras.Input((32, 32, 3))
    x = L.Rescaling(1 / 255)(image)
    x = L.Conv2D(8, 3, padding="same", use_bias=False)(x)
    for filters, strides in ((8, 1), (8, 1), (16, 2)):
        y = L.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False)(x)
        y = L.ReLU()(L.BatchNormalization()(y))
        y = L.BatchNormalization()(L.Conv2D(filters, 3, padding="same", use_bias=False)(y))
        side = x if strides == 1 else L.Conv2D(filters, 1, strides=strides)(x)
        x = L.ReLU()(L.Add()([side, y]))
    return keras.Model(image, L.Dense(10)(L.GlobalAveragePooling2D()(x)))


@model
def unet() -> Any:
    image = keras.Input((32, 32, 1))
    kept, x = [], image
    for filters in (4, 8):
        x = L.Conv2D(filters, 3, padding="same", activation="relu")(x)
        kept.append(x)
        x = L.MaxPooling2D()(x)
    x = L.Conv2D(16, 3, padding="same", activation="relu")(x)
    for filters, side in zip((8, 4), reversed(kept), strict=True):
        x = L.Conv2DTranspose(filters, 2, strides=2)(x)
        x = L.Conv2D(filters, 3, padding="same", activation="relu")(L.Concatenate()([side, x]))
    return keras.Model(image, L.Conv2D(1, 1, activation="sigmoid")(x))


@model
def image_and_table() -> Any:
    image, table = keras.Input((24, 24, 3), name="image"), keras.Input((7,), name="table")
    x = L.Flatten()(L.MaxPooling2D()(L.Conv2D(8, 3, activation="relu")(image)))
    y = L.Dense(8, activation="relu")(table)
    z = L.Dense(16, activation="relu")(L.concatenate([x, y]))
    return keras.Model([image, table], L.Dense(1, activation="sigmoid", name="fault")(z))


@model
def siamese() -> Any:
    left, right = keras.Input((16, 16, 1), name="left"), keras.Input((16, 16, 1), name="right")
    twin = keras.Sequential([L.Conv2D(4, 3, activation="relu"), L.Flatten(), L.Dense(8)], name="twin")
    distance = ops.abs(L.Subtract()([twin(left), twin(right)]))
    return keras.Model([left, right], L.Dense(1, activation="sigmoid")(distance))


@model
def shared_embedding() -> Any:
    question, answer = keras.Input((12,), dtype="int32", name="question"), keras.Input((20,), dtype="int32", name="answer")
    words = L.Embedding(100, 8, name="words")
    q = L.GlobalAveragePooling1D()(words(question))
    a = L.GlobalAveragePooling1D()(words(answer))
    return keras.Model([question, answer], L.Dense(1)(L.Multiply()([q, a])))


@model
def video_by_frame() -> Any:
    clip = keras.Input((8, 16, 16, 3))
    x = L.TimeDistributed(L.Conv2D(4, 3, activation="relu"))(clip)
    x = L.TimeDistributed(L.MaxPooling2D())(x)
    x = L.TimeDistributed(L.Flatten())(x)
    return keras.Model(clip, L.Dense(5, activation="softmax")(L.LSTM(8)(x)))


@model
def video_by_model() -> Any:
    frame = keras.Sequential(
        [keras.Input((16, 16, 3)), L.Conv2D(4, 3, activation="relu"), L.GlobalAveragePooling2D()], name="frame"
    )
    clip = keras.Input((None, 16, 16, 3))
    return keras.Model(clip, L.Dense(5)(L.GRU(8)(L.TimeDistributed(frame)(clip))))


@model
def conv3d() -> Any:
    return keras.Sequential(
        [keras.Input((8, 16, 16, 1)), L.Conv3D(4, 3, activation="relu"), L.MaxPooling3D(2), L.Flatten(), L.Dense(2)]
    )


@model
def convlstm() -> Any:
    return keras.Sequential(
        [keras.Input((None, 12, 12, 1)), L.ConvLSTM2D(4, 3, padding="same"), L.GlobalAveragePooling2D(), L.Dense(2)]
    )


@model
def transformer_block() -> Any:
    series = keras.Input((16, 8))
    x = series
    for _ in range(2):
        y = L.LayerNormalization(epsilon=1e-6)(x)
        y = L.MultiHeadAttention(num_heads=2, key_dim=4, dropout=0.1)(y, y)
        x = L.Add()([x, y])
        y = L.Dense(16, activation="gelu")(L.LayerNormalization(epsilon=1e-6)(x))
        x = L.Add()([x, L.Dense(8)(y)])
    return keras.Model(series, L.Dense(3, activation="softmax")(L.GlobalAveragePooling1D()(x)))


@model
def residual_by_plus() -> Any:
    x = start = keras.Input((10,))
    y = L.Dense(10, activation="relu")(x)
    return keras.Model(start, L.Dense(1)(y + x))


@model
def squeeze_and_excitation() -> Any:
    image = keras.Input((16, 16, 8))
    gate = L.GlobalAveragePooling2D(keepdims=True)(image)
    gate = L.Dense(8, activation="sigmoid")(L.Dense(2, activation="relu")(gate))
    return keras.Model(image, L.Dense(2)(L.GlobalAveragePooling2D()(L.Multiply()([image, gate]))))


@model
def two_heads() -> Any:
    image = keras.Input((16, 16, 3), name="image")
    x = L.GlobalAveragePooling2D()(L.Conv2D(8, 3, activation="relu")(image))
    kind = L.Dense(4, activation="softmax", name="kind")(L.Dense(8, activation="relu")(x))
    return keras.Model(image, {"kind": kind, "age": L.Dense(1, name="age")(x)})


@model
def autoencoder() -> Any:
    code = keras.Sequential([keras.Input((32,)), L.Dense(16, activation="relu"), L.Dense(4, name="code")], name="encoder")
    back = keras.Sequential([keras.Input((4,)), L.Dense(16, activation="relu"), L.Dense(32)], name="decoder")
    x = keras.Input((32,))
    return keras.Model(x, back(code(x)))


@model
def wavenet() -> Any:
    series = keras.Input((None, 1))
    x, skips = L.Conv1D(8, 2, padding="causal")(series), []
    for rate in (1, 2, 4):
        tanh = L.Conv1D(8, 2, dilation_rate=rate, padding="causal", activation="tanh")(x)
        gate = L.Conv1D(8, 2, dilation_rate=rate, padding="causal", activation="sigmoid")(x)
        z = L.Conv1D(8, 1)(L.Multiply()([tanh, gate]))
        skips.append(z)
        x = L.Add()([x, z])
    return keras.Model(series, L.Conv1D(1, 1)(L.ReLU()(L.Add()(skips))))


@model
def inception() -> Any:
    image = keras.Input((24, 24, 3))
    x = image
    for filters in (4, 8):
        a = L.Conv2D(filters, 1, padding="same", activation="relu")(x)
        b = L.Conv2D(filters, 3, padding="same", activation="relu")(L.Conv2D(4, 1, activation="relu")(x))
        c = L.Conv2D(filters, 1, activation="relu")(L.MaxPooling2D(3, strides=1, padding="same")(x))
        x = L.Concatenate()([a, b, c])
    return keras.Model(image, L.Dense(3)(L.GlobalAveragePooling2D()(x)))


@model
def densenet() -> Any:
    image = keras.Input((16, 16, 3))
    x = L.Conv2D(4, 3, padding="same")(image)
    for _ in range(3):
        y = L.Conv2D(4, 3, padding="same")(L.ReLU()(L.BatchNormalization()(x)))
        x = L.Concatenate()([x, y])
    return keras.Model(image, L.Dense(3)(L.GlobalAveragePooling2D()(x)))


@model
def frozen_backbone() -> Any:
    base = keras.applications.MobileNetV2(input_shape=(32, 32, 3), weights=None, include_top=False, alpha=0.35)
    base.trainable = False
    image = keras.Input((32, 32, 3))
    return keras.Model(image, L.Dense(2)(L.GlobalAveragePooling2D()(base(image, training=False))))


@model
def crnn() -> Any:
    image = keras.Input((32, 64, 1))
    x = L.MaxPooling2D()(L.Conv2D(8, 3, padding="same", activation="relu")(image))
    x = L.Reshape((32, 16 * 8))(L.Permute((2, 1, 3))(x))
    return keras.Model(image, L.Dense(11, activation="softmax")(L.Bidirectional(L.LSTM(8, return_sequences=True))(x)))


@model
def mixed_precision() -> Any:
    policy = "mixed_float16"
    x = keras.Input((8,))
    y = L.Dense(16, activation="relu", dtype=policy)(x)
    y = L.Dense(16, activation="relu", dtype=policy)(y)
    return keras.Model(x, L.Dense(1, dtype="float32")(y))


@model
def scaled_by_hand() -> Any:
    image = keras.Input((16, 16, 3))
    x = image / 127.5 - 1.0
    return keras.Model(image, L.Dense(2)(L.Flatten()(L.DepthwiseConv2D(3)(x))))


@model
def attention_over_steps() -> Any:
    series = keras.Input((12, 6))
    states = L.LSTM(8, return_sequences=True)(series)
    weights = L.Softmax(axis=1)(L.Dense(1, activation="tanh")(states))
    return keras.Model(series, L.Dense(2)(L.Flatten()(L.Dot(axes=1)([weights, states]))))


@model
def cross_attention() -> Any:
    words, regions = keras.Input((10, 8), name="words"), keras.Input((6, 8), name="regions")
    x = L.MultiHeadAttention(2, 4)(words, regions)
    return keras.Model([words, regions], L.Dense(2)(L.GlobalAveragePooling1D()(L.LayerNormalization()(x))))


@model
def separable_with_noise() -> Any:
    return keras.Sequential(
        [
            keras.Input((20, 20, 3)),
            L.RandomFlip("horizontal"),
            L.GaussianNoise(0.1),
            L.SeparableConv2D(8, 3, activation="swish"),
            L.SpatialDropout2D(0.2),
            L.GlobalMaxPooling2D(),
            L.Dense(3, activation="softmax"),
        ]
    )


@model
def built_by_use() -> Any:
    network = keras.Sequential([L.Dense(8, activation="relu"), L.Dense(1)])
    network(ops.zeros((2, 5)))
    return network


@model
def three_modalities() -> Any:
    audio, video, text = keras.Input((20, 4), name="audio"), keras.Input((20, 8), name="video"), keras.Input((20, 6), name="text")
    parts = [L.Bidirectional(L.GRU(6, return_sequences=True))(each) for each in (audio, video, text)]
    x = L.Average()(parts)
    x = L.Attention(use_scale=True)([x, x])
    return keras.Model([audio, video, text], L.Dense(4, activation="softmax")(L.GlobalAveragePooling1D()(x)))


@model
def translation() -> Any:
    """The decoder begins with both states of the encoder."""
    source, target = keras.Input((None, 12), name="source"), keras.Input((None, 9), name="target")
    _, h, c = L.LSTM(8, return_state=True)(source)
    decoded, _, _ = L.LSTM(8, return_sequences=True, return_state=True)(target, initial_state=[h, c])
    return keras.Model([source, target], L.Dense(9, activation="softmax")(decoded))


@model
def states_for_the_last_layer() -> Any:
    """The head is the layer that begins with the states of another."""
    source, target = keras.Input((5, 3), name="source"), keras.Input((4, 3), name="target")
    _, h, c = L.LSTM(4, return_state=True)(source)
    return keras.Model([source, target], L.LSTM(4)(target, initial_state=[h, c]))


@model
def both_directions_handed_on() -> Any:
    """All four states of one `Bidirectional` for another, whose steps stand in a branch that is listed first."""
    after, before = keras.Input((7, 4), name="after"), keras.Input((5, 3), name="before")
    read, *states = L.Bidirectional(L.LSTM(6, return_sequences=True, return_state=True), name="first")(before)
    said = L.Bidirectional(L.LSTM(6))(after, initial_state=states)
    both = L.Concatenate()([said, L.GlobalAveragePooling1D()(read)])
    return keras.Model([after, before], L.Dense(2)(both))


@model
def caption() -> Any:
    """A vector of an image is what a GRU begins with, and a LSTM for both of its states."""
    image, words = keras.Input((8, 8, 3), name="image"), keras.Input((6, 5), name="words")
    seen = L.Dense(7, activation="tanh")(L.Flatten()(image))
    told = L.GRU(7, return_sequences=True)(words, initial_state=seen)
    told = L.LSTM(7)(told, initial_state=[seen, seen])
    return keras.Model([image, words], L.Dense(4, activation="softmax")(told))


@model
def attention_by_name() -> Any:
    """Inputs of a call by name, in another order than that of the call."""
    query, key, value = keras.Input((6, 8), name="query"), keras.Input((5, 8), name="key"), keras.Input((5, 8), name="value")
    found, _ = L.MultiHeadAttention(2, 4)(query, key=key, value=value, return_attention_scores=True)
    again = L.Attention()(inputs=[found, value])
    return keras.Model([query, key, value], L.Dense(2)(L.GlobalAveragePooling1D()(again)))


@model
def what_is_given_last() -> Any:
    """The first state of a recurrent layer as a feature, beside its states for another."""
    source, target = keras.Input((6, 4), name="source"), keras.Input((5, 4), name="target")
    steps, last = L.GRU(8, return_sequences=True, return_state=True)(source)
    _, h, c = L.LSTM(8, return_state=True)(target)
    decoded = L.LSTM(8)(target, initial_state=[h, c])
    return keras.Model([source, target], L.Dense(1)(L.Concatenate()([L.GlobalMaxPooling1D()(steps), last, h, decoded])))


@model
def ratios() -> Any:
    x = keras.Input((4,))
    return keras.Model(x, L.Dense(1)(3 / (1 + ops.exp(-x)) + 1 / (ops.square(x) + 2)))


@model
def losses_in_a_list() -> Any:
    read = keras.Input((8,))
    hidden = L.Dense(4, activation="relu")(read)
    first = L.Dense(1, name="first")(hidden)
    second = L.Dense(2, name="second")(L.Concatenate()([hidden, first]))
    made = keras.Model(read, [first, second])
    made.compile("sgd", ["mse", "mae"], metrics=[["mae"], None], loss_weights=[1.0, 0.5])
    return made


@model
def features_scaled_and_moved() -> Any:
    image, given = keras.Input((8, 8, 4), name="image"), keras.Input((5,), name="given")
    seen, scale, move = L.Conv2D(6, 3, padding="same")(image), L.Dense(6)(given), L.Dense(6)(given)
    seen = seen * L.Reshape((1, 1, 6))(scale) + L.Reshape((1, 1, 6))(move)
    seen = L.Average()([seen, L.Reshape((1, 1, 6))(scale)])
    return keras.Model([image, given], L.Dense(1)(L.GlobalAveragePooling2D()(L.ReLU()(seen))))


@model
def inputs_and_outputs_by_name() -> Any:
    title, numbers = keras.Input((20,), dtype="int32", name="title"), keras.Input((5,), name="numbers")
    words = L.GlobalMaxPooling1D()(L.Conv1D(8, 3, activation="relu")(L.Embedding(50, 8)(title)))
    both = L.Dropout(0.2)(L.concatenate([words, L.Dense(8, activation="relu")(numbers)]))
    urgent, group = L.Dense(1, activation="sigmoid", name="urgent")(both), L.Dense(4, activation="softmax", name="group")(both)
    made = keras.Model({"title": title, "numbers": numbers}, {"urgent": urgent, "group": group})
    made.compile("adam", {"urgent": "binary_crossentropy", "group": "categorical_crossentropy"})
    return made


@model
def shared_over_two_lengths() -> Any:
    question, text = keras.Input((6,), dtype="int32", name="question"), keras.Input((9,), dtype="int32", name="text")
    look_up, convolve = L.Embedding(100, 8), L.Conv1D(8, 3, padding="same")
    asked, read = convolve(look_up(question)), convolve(look_up(text))
    found = L.GlobalAveragePooling1D()(L.Attention()([asked, read]))
    return keras.Model([question, text], L.Dense(1)(L.Concatenate()([L.GlobalAveragePooling1D()(asked), found])))


@model
def one_number_each() -> Any:
    """Inputs without an axis."""
    user, age = keras.Input((), dtype="int32", name="user"), keras.Input((), name="age")
    return keras.Model([user, age], L.Dense(1)(L.Concatenate()([L.Embedding(10, 4)(user), ops.expand_dims(age, -1)])))


def carry() -> Any:
    x = keras.Input((6, 4))
    _, _, c = L.LSTM(8, return_state=True)(x)
    return keras.Model(x, L.Dense(1)(c))


def constant() -> Any:
    x = keras.Input((10,), dtype="int32")
    return keras.Model(x, L.Dense(1)(L.Flatten()(L.Embedding(20, 8)(x) + L.Embedding(10, 8)(ops.arange(10)))))


def causal_tokens() -> Any:
    """As a fusion by attention, but that each token sees those before it alone."""
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    tokens = ops.stack([a, b], axis=-2)
    seen, _ = L.MultiHeadAttention(1, 4)(tokens, tokens, return_attention_scores=True, use_causal_mask=True)
    return keras.Model([a, b], L.Dense(1)(ops.mean(seen, axis=-2)))


UNSAYABLE: dict[str, Callable[[], Any]] = {"carry": carry, "constant": constant, "causal tokens": causal_tokens}
