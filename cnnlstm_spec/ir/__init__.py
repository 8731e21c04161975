"""The nouns: sizes, tensors, ops, graphs, programs; and, abstract, what an op may ask of inference and of lowering.

It imports `language` and `text`. Values of these classes come in from `spec`, `model` and `emit/lowering`, where they are made,
and go out to the stage after each; nothing is decided here. `README.md` explains sizes.
"""
