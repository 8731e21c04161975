"""The report of a run: one HTML file that needs no network, every text in it escaped.

A `Measured` and the history come in, bytes go out. Pictures are drawn by matplotlib, curves and projections come of scikit-learn.
"""
