"""A file a format: `convert` makes it of a SavedModel, `open_file` opens it in its own runtime.

They run in a process of their own, and import the format's own library, `runs`, `runs/export` and the rooms below. A SavedModel
comes in and a file goes out, or a file and a function from arrays to arrays.
"""
