"""What a value may be: kinds of values, the one reader of a mapping, scope, variables, Keras's named objects.

It imports `text` alone. A `Node` comes in with the scope it is read in; a canonical value goes out, or POISON,
with a finding for each mistake. Facts about Keras that are generated lie in `data/`.
"""
