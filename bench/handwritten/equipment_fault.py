"""Article 1's network: a thermal image and a vibration sequence, one probability."""

import keras
from keras import layers


def build(images: tuple[int, ...] = (64, 64, 1), series: tuple[int, ...] = (100, 50)) -> keras.Model:
    image = keras.Input(images, name="thermal")
    x = layers.Conv2D(32, (3, 3), activation="relu")(image)
    x = layers.MaxPooling2D((2, 2))(x)
    x = layers.Conv2D(64, (3, 3), activation="relu")(x)
    x = layers.MaxPooling2D((2, 2))(x)
    x = layers.Flatten()(x)
    sequence = keras.Input(series, name="vibration")
    y = layers.LSTM(64)(sequence)
    merged = layers.Concatenate()([x, y])
    output = layers.Dense(1, activation="sigmoid")(merged)
    model = keras.Model([image, sequence], output)
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
