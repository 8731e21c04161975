"""Two compilations compared as models.

Two of them come in; what differs goes out, as values, which `words.py` writes.
"""
