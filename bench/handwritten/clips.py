"""A CNN on every frame and an LSTM, for clips of any number of frames."""

import keras
from keras import layers


def build() -> keras.Model:
    model = keras.Sequential(
        [
            keras.Input((None, 32, 32, 3)),
            layers.TimeDistributed(layers.Conv2D(16, (3, 3), activation="relu")),
            layers.TimeDistributed(layers.MaxPooling2D((2, 2))),
            layers.TimeDistributed(layers.GlobalAveragePooling2D()),
            layers.LSTM(16),
            layers.Dense(5, activation="softmax"),
        ]
    )
    model.compile(optimizer="adam", loss="categorical_crossentropy")
    return model


def frame() -> keras.Model:
    """What one frame goes through."""
    return keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Conv2D(16, (3, 3), activation="relu"),
            layers.MaxPooling2D((2, 2)),
            layers.GlobalAveragePooling2D(),
        ]
    )


def rest() -> keras.Model:
    """What the features of all frames go through."""
    return keras.Sequential([keras.Input((None, 16)), layers.LSTM(16), layers.Dense(5, activation="softmax")])
