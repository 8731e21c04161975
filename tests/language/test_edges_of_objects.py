"""Each argument of each loss, metric, optimizer and the rest at the edges of what it takes, against Keras, as for layers."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from edges import list_values

from cnnlstm_spec.language.catalog import find_family
from cnnlstm_spec.language.named import find_kind
from fuzz.arguments import Draw

FAMILIES = ("losses", "metrics", "optimizers", "schedules", "regularizers", "initializers", "constraints")
OBJECTS = [(family, name) for family in FAMILIES for name in find_family(family)["classes"]]


def list_objects(family: str, name: str) -> list[dict[str, Any]]:
    """What is needed, with each other value of each argument."""
    declared = [
        each for each in find_family(family)["classes"][name]["arguments"] if each["name"] not in ("name", "dtype", "seed")
    ]
    draw = Draw(Random(name))
    needed = {each["name"]: draw.of(find_kind(each), each["name"]) for each in declared if each.get("required")}
    return [{**needed, each["name"]: value} for each in declared for value in list_values(find_kind(each))]


def write_spec(family: str, thing: dict[str, Any], activation: str) -> dict[str, Any]:
    dense: dict[str, Any] = {"units": 3, "activation": activation}
    section: dict[str, Any] = {"loss": "mse", "optimizer": "sgd"}
    if family == "losses":
        section["loss"] = thing
    elif family == "metrics":
        section["metrics"] = [thing]
    elif family == "optimizers":
        section["optimizer"] = thing
    elif family == "schedules":
        section["optimizer"] = {"SGD": {"learning_rate": thing}}
    else:
        dense[f"kernel_{family.removesuffix('s')}"] = thing
    branch = {"input": {"kind": "vector", "shape": [4]}}
    return {"version": 1, "name": "edge", "branches": {"left": branch}, "head": [{"Dense": dense}], "compile": section}


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.whole(every=20)
@pytest.mark.parametrize(("family", "name"), OBJECTS)
def test_what_is_refused_keras_refuses(family: str, name: str) -> None:
    from fuzz.judge import judge
    from fuzz.layers import load

    wrong = []
    for values in list_objects(family, name):
        for activation in ("sigmoid", "softmax") if family in ("losses", "metrics") else ("relu",):
            spec = write_spec(family, {name: values}, activation)
            if any(each.severity == "error" and each.code.sort != "keras" for each in load(spec).diagnostics):
                continue
            outcome = judge(spec, 1)
            if outcome.disagreement is not None:
                wrong.append(f"{values} over {activation}: {outcome.disagreement}: {outcome.message}")
    assert wrong == []


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.sampled(every=3, long=1)
@pytest.mark.parametrize(
    "thing",
    [
        {"CategoricalCrossentropy": {"axis": -2}},
        {"CategoricalCrossentropy": {"axis": [-1]}},
        {"CategoricalCrossentropy": {"axis": 1}},
        {"BinaryIoU": {"target_class_ids": [-2]}},
        {"BinaryIoU": {"target_class_ids": [-3]}},
        {"Precision": {"thresholds": [0.3, 0.5]}},
        {"TruePositives": {"thresholds": [0.5]}},
        {"OneHotIoU": {"num_classes": 4, "target_class_ids": [3]}},
        {"MeanIoU": {"num_classes": 3, "axis": [-1], "sparse_y_pred": False, "sparse_y_true": False}},
        {"MeanIoU": {"num_classes": 3, "axis": [-1]}},
    ],
    ids=str,
)
def test_edges_that_were_fallen_over(thing: dict[str, Any]) -> None:
    from fuzz.judge import judge

    family = "losses" if "CategoricalCrossentropy" in thing else "metrics"
    for activation in ("softmax", "relu"):
        outcome = judge(write_spec(family, thing, activation), 1)
        assert outcome.disagreement is None, outcome
