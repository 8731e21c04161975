"""Nodes to a ModelSpec: one file a section of the spec, and the registry of what a list of layers may hold.

It imports `ops` and the rooms below. A parsed document comes in; a `ModelSpec` goes out, with a finding for each
mistake that needs no shapes. `schema/` states the same as JSON Schema.
"""
