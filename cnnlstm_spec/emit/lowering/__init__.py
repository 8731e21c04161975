"""A typed graph to a program of Keras calls, with masks handed over explicitly.

It imports `model` and the rooms below, and no Keras. A `TypedGraph` comes in; a `Program` goes out. `lower.py` asks each op
through `ir/lowering.py` which calls it consists of, and `time.py` folds time into the batch and out of it again.
"""
