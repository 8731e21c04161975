"""Edits of a tree of nodes: `--set`, `extends`, `matrix`.

They import `text` and `text/escape`. A tree and what is to be changed come in; another tree goes out, in which what did not
change is the same. `layout.py` and `places.py` make edits of the text of a fix, `applied.py` applies them.
"""
