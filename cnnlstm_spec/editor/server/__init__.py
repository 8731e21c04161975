"""The language server: messages of LSP in and out, the texts that are open, and a thread that compiles them.

It imports `editor`, `editor/features` and the rooms below, but none of the compiler before a text is open. Messages come in
over a stream; answers and findings go out. `loop.py` answers what needs no compiler at once, and hands the rest to `worker.py`,
which imports it.
"""
