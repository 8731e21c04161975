"""What comes out: `lowering/` makes a program of a typed graph, `keras/` runs it, `python/` prints it; `picture/` and `words/`.

It imports `model` and the rooms below. A `TypedGraph` comes in; a `Program` and of it a `keras.Model` or source goes out, or a
drawing, or findings and tables as text and JSON. Keras is imported in `keras/` alone.
"""
