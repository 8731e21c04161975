"""Characters to nodes with spans; findings; files; edits of the tree.

Here live the parser, the nodes, what a finding is, and `--set`, `extends` and `matrix`, which edit the tree.
It imports no other room. A file comes in by its path or as text; a `Node` with the span of every value goes out.
"""
