"""What a model is worth: its predictions of a part, figures with intervals, and what each branch gives.

A Keras model and a `Part` come in; a `Measured` goes out, as the document that `evaluate --format json` writes.
"""
