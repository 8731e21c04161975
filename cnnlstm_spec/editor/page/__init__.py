"""The live page: a spec's text beside its picture, drawn again when a file changes, or written as one file.

`views.py` compiles, `describe.py` and `details.py` make the data, `assemble.py` the page around `data/`, `server.py` serves it.
"""
