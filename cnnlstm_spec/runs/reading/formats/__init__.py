"""Formats of the files that cells name: a file each, which gives a sample's shape from its header, and its values.

They import `runs/reading`, `spec` and the rooms below, and a library when a file needs it. A path comes in; a shape or an array
goes out. A file that cannot be read raises `Broken`, which `problems.py` tells by file and row.
"""
