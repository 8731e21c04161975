"""A typed graph drawn as SVG or PNG, with a layout of our own.

What was compiled comes in; an SVG goes out, the same bytes for the same spec, without scripts or links.
"""
