"""Objects of other libraries that are none of Keras's by another name, and what to write. Imports no reader."""

from __future__ import annotations

from ..text.synonyms import fold_word

FROM_LOGITS = "write `{{{0}: {{from_logits: true}}}}` for a head without an activation at its end"
OF_LABELS = "write `sparse_categorical_crossentropy` for class numbers, `categorical_crossentropy` for one-hot labels"
OF_PRECISION = "write `{AUC: {curve: PR}}`, the area under precision and recall"
OF_DICE = "of classes that go together it is the F1 score: write `{F1Score: {threshold: 0.5}}`"
ELSEWHERE = {
    ("losses", "crossentropyloss"): FROM_LOGITS.format("SparseCategoricalCrossentropy"),
    ("losses", "crossentropy"): OF_LABELS,
    ("losses", "nllloss"): "write `sparse_categorical_crossentropy` for a head that ends in `softmax`",
    ("losses", "bcewithlogitsloss"): FROM_LOGITS.format("BinaryCrossentropy"),
    ("metrics", "ap"): OF_PRECISION,
    ("metrics", "map"): OF_PRECISION,
    ("metrics", "aucpr"): OF_PRECISION,
    ("metrics", "prauc"): OF_PRECISION,
    ("metrics", "averageprecision"): OF_PRECISION,
    ("metrics", "dice"): OF_DICE,
    ("metrics", "dicecoefficient"): OF_DICE,
    ("metrics", "specificity"): "write `{SpecificityAtSensitivity: {sensitivity: 0.9}}`, for which a sensitivity has to be said",
    ("metrics", "balancedaccuracy"): "Keras has none; `{F1Score: {average: macro}}` gives each class the same weight",
    ("metrics", "perplexity"): "Keras has none: it is the exponential of the loss",
    ("schedules", "reducelronplateau"): "it is a callback: write a number here, and the callback in `fit`",
    ("schedules", "onecyclelr"): "Keras has none; `CosineDecay` has `warmup_target` and `warmup_steps`",
    ("optimizers", "lbfgs"): "Keras has none; `adam` is a good first choice",
    ("activations", "leakyrelu"): "write `leaky_relu`, or a layer `LeakyReLU: {negative_slope: 0.1}` after this one",
    ("activations", "prelu"): "it has weights: write a layer `PReLU` after this one",
}
"""By family and folded name."""


def suggest_elsewhere(family: str, name: str) -> tuple[str, ...]:
    """The way out for what another library has in the place of a family, and a spec elsewhere, or otherwise."""
    meant = ELSEWHERE.get((family, fold_word(name)))
    return (meant,) if meant is not None else ()
