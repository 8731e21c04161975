"""A program run in Keras: the one place below `runs/` that imports it.

It imports `ops` and the rooms below. A `Program` comes in; a `keras.Model` goes out (`run.py`), and its weights may be computed
from others' (`weights.py`). `doctor.py` builds the examples of all layers in Keras, and gives what differs from our rules.
"""
