"""A program run in Keras: the one place that imports it.

A `Program` comes in; a `keras.Model` goes out. Imports of the rooms below only.
"""
