"""MobileNetV2 in a `TimeDistributed` over 16 frames of 96x96, then a GRU."""

import keras
from keras import layers


def build(clips: tuple[int, ...] = (16, 96, 96, 3)) -> keras.Model:
    cnn = keras.applications.MobileNetV2(include_top=False, weights=None, pooling="avg", input_shape=clips[1:])
    model = keras.Sequential(
        [
            keras.Input(clips),
            layers.TimeDistributed(cnn),
            layers.GRU(128),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="categorical_crossentropy", metrics=["accuracy"])
    return model


def limit(clips: tuple[int, ...] = (16, 96, 96, 3)) -> keras.Model:
    """The frames' CNN alone, on single images."""
    cnn = keras.applications.MobileNetV2(include_top=False, weights=None, pooling="avg", input_shape=clips[1:])
    model = keras.Sequential([keras.Input(clips[1:]), cnn, layers.Dense(10, activation="softmax")])
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="categorical_crossentropy", metrics=["accuracy"])
    return model
