"""Article 3's network with each layer in a `TimeDistributed` of its own; global pooling in place of Flatten."""

import keras
from keras import layers


def build(clips: tuple[int, ...] = (32, 64, 64, 3)) -> keras.Model:
    model = keras.Sequential(
        [
            keras.Input(clips),
            layers.TimeDistributed(layers.Conv2D(32, (3, 3), activation="relu")),
            layers.TimeDistributed(layers.MaxPooling2D((2, 2))),
            layers.TimeDistributed(layers.Conv2D(64, (3, 3), activation="relu")),
            layers.TimeDistributed(layers.MaxPooling2D((2, 2))),
            layers.TimeDistributed(layers.GlobalAveragePooling2D()),
            layers.LSTM(128),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizer=keras.optimizers.Adam(1e-4), loss="categorical_crossentropy", metrics=["accuracy"])
    return model


def limit(clips: tuple[int, ...] = (32, 64, 64, 3)) -> keras.Model:
    """The frames' CNN alone, on single images."""
    model = keras.Sequential(
        [
            keras.Input(clips[1:]),
            layers.Conv2D(32, (3, 3), activation="relu"),
            layers.MaxPooling2D((2, 2)),
            layers.Conv2D(64, (3, 3), activation="relu"),
            layers.MaxPooling2D((2, 2)),
            layers.GlobalAveragePooling2D(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizer=keras.optimizers.Adam(1e-4), loss="categorical_crossentropy", metrics=["accuracy"])
    return model
