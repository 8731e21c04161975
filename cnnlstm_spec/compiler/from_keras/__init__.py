"""From a Keras model to a spec.

It imports `compiler`, `compiler/artifact` and the rooms below. A `.keras` file comes in; a spec's text goes out.
`read.py` reads the file as data: it is untrusted, nothing in it runs, and no path in it is followed. `calls.py` makes a graph
of it, `layers.py` says each layer in a spec's words, `structure.py` finds branches that part and join again, `write.py` writes
the spec, and `prove.py` holds it against the model.
"""
