"""Sizes known only at run time: expressions of them, what holds of them, and for which it does.

It imports `text` alone, and is asked through `ir/size.py`. Integers and expressions come in; one expression for all that are
equal goes out (`form.py`), or whether a condition holds for all sizes, for some or for none (`solve.py`).
"""
