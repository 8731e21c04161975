"""The nouns: sizes, tensors, ops, graphs, programs; and, abstract, what an op may ask of inference and of lowering.

It imports `language` and `text`. Nothing is decided here: values of these classes come out of `spec`, `model` and
`emit/lowering`, and go into the stage after.
"""
