"""Facts about Keras's losses and metrics that several rules rest on; the pages that rest on them are measured in Keras.

What is told of a class by its arguments or shapes is in the catalog; what a layer or an activation gives is said by the op.
"""

from __future__ import annotations

from typing import Any

from ..ir.size import Size
from ..language.catalog import KerasObject, find_reads

ACCURACIES = frozenset({"acc", "accuracy"})
"""The words of which Keras makes one of three accuracies, by the shapes of the output and the labels."""
BEST_CLASS = frozenset({"CategoricalAccuracy", "TopKCategoricalAccuracy"})
"""Metrics that compare the places of the greatest value."""
SET_AGAINST_OTHERS = frozenset({"Dice", "Tversky", "MeanSquaredError", "MeanAbsoluteError", "Huber", "LogCosh"})
"""Losses that take each unit of an output apart, whatever they stand for."""
OVER_ALL = frozenset({"Dice", "Tversky"})
"""Losses that are one number for a whole batch, unless `axis` says of which axes."""
OF_NUMBERS = frozenset(
    {
        *("MeanSquaredError", "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanSquaredLogarithmicError"),
        *("Huber", "LogCosh", "Poisson", "CosineSimilarity"),
    }
)
"""Losses that fit numbers."""
OF_MARGINS = frozenset({"Hinge", "SquaredHinge"})
"""Losses of two classes by the sign of the output; labels of 0 and 1 they take for -1 and 1."""
LABELLED = frozenset({"Precision", "Recall", "TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives"})
"""Metrics of two classes with `thresholds`, of 0.5 where none is written."""
AT_A_THRESHOLD = {"BinaryAccuracy": "threshold", "BinaryIoU": "threshold", **dict.fromkeys(LABELLED, "thresholds")}
"""Metrics that take values above a threshold for true, and the argument that says it; 0.5 by default."""
CURVES = frozenset({"AUC", "PrecisionAtRecall", "RecallAtPrecision", "SensitivityAtSpecificity", "SpecificityAtSensitivity"})
"""Metrics over thresholds from 0 to 1."""
SCORES = frozenset({"F1Score", "FBetaScore"})
"""Metrics that take the greatest value of a sample for true unless they have a threshold, which lies above 0."""
ENTROPIES = frozenset({"BinaryCrossentropy", "CategoricalCrossentropy", "SparseCategoricalCrossentropy"})
PROBABILITIES_READ = CURVES | ENTROPIES | {"KLDivergence"}
"""Metrics that read values of 0 to 1."""
READS_LOGITS = ENTROPIES | {"AUC"}
"""Those of them that can be told `from_logits: true`."""
COMPARED = frozenset({"Accuracy", "BinaryAccuracy", "BinaryIoU", "F1Score", "FBetaScore"}) | BEST_CLASS | LABELLED | CURVES
"""Metrics of classes, which run on any numbers."""


def find_accuracy(metric: KerasObject, width: Size | None, loss: KerasObject | None) -> str:
    """The class of a metric; of `accuracy` the one that Keras chooses.

    One unit is compared with a threshold; of more units the greatest is taken, which is compared with class numbers where
    the labels have an axis less, or one of size 1, and otherwise with the place of the greatest label.
    """
    if metric.name not in ACCURACIES:
        return metric.name
    if width == 1:
        return "BinaryAccuracy"
    numbers = loss is not None and find_reads(loss).get("labels") == "integer"
    return "SparseCategoricalAccuracy" if numbers else "CategoricalAccuracy"


def find_threshold(metric: KerasObject, meant: str) -> float | None:
    """The threshold above which values count as true; None of a metric that has none, or several."""
    argument = AT_A_THRESHOLD.get(meant)
    if argument is None or metric.get("top_k") is not None:
        return None
    value: Any = metric.get(argument)
    if isinstance(value, tuple | list):
        value = value[0] if len(value) == 1 else None
        return value if value is None else float(value)
    return 0.5 if value is None else float(value)
