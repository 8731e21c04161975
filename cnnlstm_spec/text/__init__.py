"""Characters to nodes with spans; findings; files; edits of the tree.

Here live the parser, the nodes, what a finding is, and `edits/`: `--set`, `extends` and `matrix`, which change the tree.
`codes/` has the page of each finding. It imports no other room. A file comes in by its path or as text; a `Node` with the span
of every value goes out.
"""
