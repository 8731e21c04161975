"""A ModelSpec to a checked, typed graph: building, names, inference, costs; `rules/` and `passes/`.

It imports `spec` and the rooms below. A `ModelSpec` comes in; a `TypedGraph` goes out, with a finding for each
mistake that shapes, masks, losses or metrics show.
"""
