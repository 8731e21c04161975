"""What a model is worth: its predictions of a part, figures with intervals, and what each branch gives.

It imports `runs`, `runs/reading`, `runs/train` and the rooms below. A Keras model and a `Part` come in; a `Measured` goes out,
and as JSON the `Evaluation` that `evaluate --format json` writes (`document.py`).
"""
