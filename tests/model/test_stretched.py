"""Metrics over labels of another shape than they read: they run where the rule says, and nowhere else, as in Keras."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from cnnlstm_spec import load
from cnnlstm_spec.ir.size import holds_always, make_symbol
from cnnlstm_spec.language.catalog import KerasObject, find_family, find_reads
from cnnlstm_spec.model.facts import list_stretches

SHAPES = [(4,), (1, 4), (2, 4), (1, 1, 4), (1, 2, 4), (2, 1, 4), (1, 4, 4), (1, 2, 1, 4), (1, 1, 2, 4), (2, 2, 1, 4)]
NEEDED = {"num_classes": 4, "target_class_ids": (0,), "recall": 0.5, "precision": 0.5, "specificity": 0.5, "sensitivity": 0.5}
READ_FULL = sorted(
    name for name in find_family("metrics")["classes"] if find_reads(KerasObject("metrics", name)).get("labels") == "same"
)
OF_ONE_CLASS = sorted(
    name
    for name, facts in find_family("metrics")["classes"].items()
    if any(each["name"] == "class_id" for each in facts["arguments"])
)
GIVEN: list[tuple[str, dict[str, Any]]] = [
    *((name, {}) for name in READ_FULL if name not in ("IoU", "MeanIoU")),
    *((name, {"sparse_y_true": False, "sparse_y_pred": False}) for name in ("IoU", "MeanIoU")),
    *((name, {"axis": 0}) for name in ("OneHotIoU", "OneHotMeanIoU")),
    *(("CosineSimilarity", {"axis": axis}) for axis in (0, 1, 2, -2, -3)),
    *((name, {"class_id": number}) for name in OF_ONE_CLASS for number in (0, 1, -1)),
]


def runs(metric: Any, labels: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    """Whether Keras takes such labels of two batches of different sizes."""
    import numpy

    for samples in (5, 11):
        try:
            metric.update_state(numpy.zeros((samples, *labels), "int32"), numpy.full((samples, *shape), 0.25, "float32"))
        except Exception:
            return False
    return True


@pytest.mark.keras
@pytest.mark.parametrize(("name", "given"), GIVEN, ids=str)
def test_on_class_numbers(name: str, given: dict[str, Any]) -> None:
    import keras

    made = getattr(keras.metrics, name)
    arguments = {key: value for key, value in NEEDED.items() if key in inspect.signature(made).parameters} | given
    if name in ("F1Score", "FBetaScore", "R2Score"):
        arguments = {}
    thing = KerasObject("metrics", name, tuple(arguments.items()))
    for shape in SHAPES:
        asked = list_stretches(thing, shape, "integer")
        expected = asked is not None and all(map(holds_always, asked))
        assert runs(made(**arguments), shape[:-1], shape) == expected, shape


@pytest.mark.keras
@pytest.mark.parametrize("name", ["SparseCategoricalAccuracy", "SparseCategoricalCrossentropy", "SparseTopKCategoricalAccuracy"])
def test_on_full_labels(name: str) -> None:
    import keras

    for shape in SHAPES:
        asked = list_stretches(KerasObject("metrics", name), shape, "same")
        assert runs(getattr(keras.metrics, name)(), shape, shape) == (asked is not None and all(map(holds_always, asked))), shape


def test_of_a_size_known_only_at_run_time_it_is_asked() -> None:
    (one,) = list_stretches(KerasObject("metrics", "OneHotMeanIoU"), (make_symbol("steps"), 4), "integer") or ()
    assert one.text == "`steps` is 1"


def test_a_metric_of_which_there_is_a_warning_decides_the_labels_of_a_head_without_a_loss() -> None:
    heads = "heads: {a: [{Dense: {units: 2}}], b: [{Dense: {units: 4}}]}\n"
    section = "compile: {loss: {a: mse, b: null}, metrics: {b: [Recall, sparse_categorical_accuracy]}}\n"
    text = f"version: 1\nname: t\nbranches: {{x: {{input: {{kind: vector, shape: [3]}}}}}}\n{heads}{section}"
    assert [each.code.name for each in load(text).diagnostics if each.severity == "error"] == ["metric-labels"]
