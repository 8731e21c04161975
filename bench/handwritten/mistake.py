"""The fewest lines of Keras that show the mistake of `specs/mistake.yaml`: an LSTM on an image's features."""

from keras import Input, layers

layers.LSTM(64)(layers.Flatten()(Input((64, 64, 1))))
