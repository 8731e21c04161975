"""Layers of Keras that change images or sequences at random, in training alone.

They import `ops`, `ir` and the rooms below. They are ops like all others: types of inputs come in, a type of the output and
calls of Keras go out. `factors.py` has what their arguments may be.
"""
