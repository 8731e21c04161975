"""A compilation written as a folder: the model, its picture, a manifest.

A `Compilation` comes in; files go out, all at once or not at all.
"""
