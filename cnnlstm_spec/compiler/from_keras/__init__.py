"""From a Keras model to a spec.

It imports `compiler` and the rooms below. A `.keras` file comes in, a spec's text goes out, and what no spec can say is told.
`read.py` reads what the file says of its model, as data, without Keras; `calls.py` makes it one graph of calls, nested models
written out; `later_outputs.py`, `lowered.py` and `fused.py` put what operations stand for in their place; `layers.py` says each
layer in a spec's words; `structure.py` finds chains, `Residual` and `Parallel` in it; `repeats.py` folds what comes again;
`write.py` puts branches, fusions and heads together; `prove.py` holds the spec against the model. A model file is
untrusted: nothing in it runs, and no path in it is followed.
"""
