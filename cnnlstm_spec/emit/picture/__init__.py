"""A typed graph drawn as SVG or PNG, with a layout of our own.

It imports `spec` and the rooms below. What was compiled comes in; an SVG goes out, the same bytes for the same spec, without
scripts or links. `outline.py` and `condense.py` say what is drawn, `layout.py` and `rows.py` where, `svg.py` and `png.py` write
it.
"""
