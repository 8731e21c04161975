"""Sizes known only at run time: expressions of them, what holds of them, and for which it does. `size.py` is the way in."""
