"""A typed graph to a program of Keras calls, with masks handed over explicitly.

A `TypedGraph` comes in; a `Program` goes out. Imports no Keras.
"""
