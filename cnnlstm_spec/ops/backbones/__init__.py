"""The models of `keras.applications` as layers. What each holds is generated, into `data/`.

They import `ops`, `ir` and the rooms below. A backbone is an op like all others, made of its constructor's arguments
(`arguments.py`); the type of an image comes in, and what the model gives, holds and costs goes out, by a walk along the layers
that are listed in its file (`walk.py`, `layers.py`).
"""
