"""Two compilations compared as models.

It imports `compiler` and the rooms below. Two compilations come in; what differs goes out, as values (`differ.py`), which
`words.py` writes for people and `document.py` as JSON.
"""
