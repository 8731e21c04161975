"""The language server: messages of LSP in and out, the texts that are open, and a thread that compiles them.

`loop.py` answers what needs no compiler at once, and hands the rest to `worker.py`, which imports it. It imports `editor`.
"""
