"""Facts about Keras's losses and metrics that several rules rest on; the pages that rest on them are measured in Keras.

What is told of a class by its arguments or shapes is in the catalog; what a layer or an activation gives is said by the op.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from ..ir.size import Condition, Size, equal, require_stretchable
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
BY_VALUES = frozenset(
    {
        *("Accuracy", "BinaryAccuracy", "CategoricalHinge", "ConcordanceCorrelation", "CosineSimilarity", "Hinge"),
        *("KLDivergence", "LogCoshError", "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanSquaredError"),
        *("MeanSquaredLogarithmicError", "PearsonCorrelation", "Poisson", "RootMeanSquaredError", "SquaredHinge"),
    }
)
"""Metrics that hold each value against its label: over labels of another shape they run, since Keras stretches axes of one."""
BY_NUMBERS = frozenset({"IoU", "MeanIoU"})
OVERLAPS = BY_NUMBERS | {"OneHotIoU", "OneHotMeanIoU"}
"""Overlaps of the samples that are, and are said to be, of a class; those by numbers read its number, or the greatest value."""


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


def list_stretches(thing: KerasObject, sizes: tuple[Size, ...], labels: str) -> list[Condition] | None:
    """What must hold of the sizes of an output (no batch) for a metric to run on the other `labels`; None if it never does.

    Class numbers lack the last axis of the output, and full labels have one more than the class numbers of a prediction. What is
    left is aligned at the last axis, so that the first size stands against a batch of any number.
    """
    name = thing.name
    if labels != "integer":
        return _align(sizes) if labels == "same" and name == "SparseCategoricalAccuracy" else None
    if name in BY_VALUES:
        axis = thing.get("axis")
        return _align(sizes) if axis is None or -len(sizes) <= axis < len(sizes) else None
    if name == "CategoricalAccuracy":
        # Of both it takes the place of the greatest along their last axis, which is gone then.
        return _align(sizes[:-1])
    if name == "TopKCategoricalAccuracy":
        return [equal(sizes[-2], 1)] if len(sizes) > 1 else None
    if name in OVERLAPS and (name not in BY_NUMBERS or takes_greatest_label(thing)):
        # Along the samples the greatest label leaves one place for all, or as many as the output has steps.
        return [equal(size, 1) for size in (sizes[:-1] if thing.get("axis") == 0 else sizes[-2:-1])]
    if thing.get("class_id") is not None and len(sizes) == 1:
        # That sample of the batch is taken for the labels.
        return None if name in CURVES else []
    if thing.get("class_id") in (0, -1):
        # Of the labels it takes the class along the axis before, which must have one.
        return [equal(sizes[-2], 1)]
    return None


def _align(sizes: tuple[Size, ...]) -> list[Condition]:
    """That sizes can be stretched to the same sizes moved one on, behind a batch."""
    return [*(equal(size, 1) for size in sizes[:1]), *(require_stretchable(*pair) for pair in pairwise(sizes))]


def takes_greatest_label(thing: KerasObject) -> bool:
    """Whether an overlap of class numbers takes the place of the greatest value for the class, of labels too."""
    return thing.name in BY_NUMBERS and not thing.get("sparse_y_true") and not thing.get("sparse_y_pred")
