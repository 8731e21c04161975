"""The report of a run: one HTML file that needs no network, every text in it escaped.

It imports `runs`, `runs/measure`, `runs/reading` and the rooms below; pictures are drawn by matplotlib, curves and projections
come of scikit-learn. A `Measured` and the history come in; the bytes of the page go out (`page.py`).
"""
