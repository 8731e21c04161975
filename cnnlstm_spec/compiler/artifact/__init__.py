"""A compilation written as a folder: the model, its picture, a manifest; `batch.py` writes those of many variants.

It imports `compiler` and the rooms below. A `Compilation` comes in; files go out, all at once or not at all (`write.py`,
through which all files that the tool writes go). `ownership.py` says which files are ours, `manifest.py` what is said of them.
"""
