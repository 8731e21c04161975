"""How branches read their samples, a way a file: numbers of columns at once, or cells one by one, held against their shape.

They import `runs`, `runs/reading` and the rooms below. `Rows` and a branch's section come in; arrays of
samples go out, with a problem for each cell that is amiss. `open.py` finds the way.
"""
