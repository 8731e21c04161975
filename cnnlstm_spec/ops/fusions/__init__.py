"""Strategies of fusion: several inputs to one output, a strategy or a few that are alike a file.

They import `ops`, `ir` and the rooms below. A strategy is an op like all others: types of inputs come in, a type of the output
and calls of Keras go out. `table.py` has their names; `base.py` is what they have in common.
"""
