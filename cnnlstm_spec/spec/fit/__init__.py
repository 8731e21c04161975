"""The section `fit`: what `keras.Model.fit` is given, callbacks, phases, class weights and thresholds.

It imports `spec` and the rooms below. The section's node comes in; a `FitSpec` goes out (`section.py`), with a finding for each
mistake. What it must fit in the rest of the spec is judged by `model/rules/fit.py`.
"""
