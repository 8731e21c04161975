"""From a file to a compilation: all stages in their order; variants, and what works on whole compilations.

It imports every room below. A path or a text comes in; a `Compilation` goes out, in which every stage is kept.
`artifact/` writes it as a model, `diff/` compares two.
"""
