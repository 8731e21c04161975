"""Edits of a tree of nodes: `--set`, `extends`, `matrix`.

A tree and what is to be changed come in; another tree goes out, in which what did not change is the same.
"""
