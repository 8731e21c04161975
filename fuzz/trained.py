"""Mistakes of the sections `data`, `fit` and `search`, planted into drawn specs that are silent. Imports no Keras."""

from __future__ import annotations

import copy
from collections.abc import Callable
from random import Random
from typing import Any

from fuzz.drawn import Pair, Spec, slip
from fuzz.text import replaced, without

CLASSES = ("worn", "broken", "cracked", "sound")


def _trained(rng: Random) -> Spec:
    """A vector read from a table, a head of classes, and how it is trained."""
    width, classes = rng.randint(3, 6), sorted(rng.sample(CLASSES, rng.randint(3, 4)))
    columns = [f"sensor_{number}" for number in range(width)]
    return {
        "version": 1,
        "name": "drawn",
        "branches": {"machine": {"input": {"kind": "vector", "shape": [width]}, "layers": [{"Dense": {"units": 8}}]}},
        "head": [{"Dense": {"units": len(classes), "activation": "softmax"}}],
        "compile": {"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]},
        "data": {
            "train": "plant.csv",
            "validation": {"fraction": rng.choice([0.1, 0.2])},
            "inputs": {"machine": {"columns": columns}},
            "targets": {"head": {"column": "state", "classes": classes}},
        },
        "fit": {
            "epochs": rng.randint(20, 90),
            "class_weight": {name: number + 1 for number, name in enumerate(classes)},
            "callbacks": [{"EarlyStopping": {"monitor": rng.choice(["val_loss", "loss"]), "patience": rng.randint(2, 9)}}],
        },
    }


STOPS = ("fit", "callbacks", 0, "EarlyStopping")


def _at(path: tuple[str | int, ...], *values: Any) -> Callable[[Random], Pair]:
    """One of those values at a place."""

    def plant(rng: Random) -> Pair:
        spec = _trained(rng)
        return spec, replaced(spec, path, rng.choice(values))

    return plant


def _no_validation(rng: Random) -> Pair:
    spec = replaced(_trained(rng), (*STOPS, "monitor"), rng.choice(["val_loss", "val_accuracy"]))
    spec = replaced(
        spec, (*STOPS, "mode"), "auto" if spec["fit"]["callbacks"][0]["EarlyStopping"]["monitor"] == "val_loss" else "max"
    )
    return spec, without(spec, ("data", "validation"))


def _class(rng: Random) -> Pair:
    spec = _trained(rng)
    name = rng.choice(list(spec["fit"]["class_weight"]))
    other = copy.deepcopy(spec)
    other["fit"]["class_weight"] = {
        slip(each, rng) if each == name else each: n for each, n in spec["fit"]["class_weight"].items()
    }
    return spec, other


def _columns(rng: Random) -> Pair:
    spec = _trained(rng)
    width = spec["branches"]["machine"]["input"]["shape"][0]
    return spec, replaced(spec, ("branches", "machine", "input", "shape", 0), width + rng.randint(1, 3))


def _units(rng: Random) -> Pair:
    spec = _trained(rng)
    units = spec["head"][0]["Dense"]["units"]
    return spec, replaced(spec, ("head", 0, "Dense", "units"), units + rng.randint(1, 3))


def misplaced(rng: Random) -> Pair:
    """A key of `fit` that stands in another section."""
    spec = _trained(rng)
    del spec["data"]["validation"]
    spec = replaced(spec, (*STOPS, "monitor"), "loss")
    meant = replaced(spec, ("data", "validation"), {"fraction": 0.2})
    return meant, replaced(spec, ("fit", "validation_split"), 0.2)


def _search(rng: Random, change: Callable[[Spec], None]) -> Pair:
    spec = {"vars": {"width": 8}, **_trained(rng)}
    spec["branches"]["machine"]["layers"] = [{"Dense": {"units": "$width"}}]
    spec["search"] = {"minimize": "val_loss", "space": {"vars.width": {"int": [8, 64]}}, "trials": 9}
    other = copy.deepcopy(spec)
    change(other)
    return spec, other


def _worst(spec: Spec) -> None:
    spec["search"] = {"maximize": spec["search"].pop("minimize"), **spec["search"]}


def _turned(spec: Spec) -> None:
    spec["search"]["space"]["vars.width"]["int"] = [64, 8]


def _phases(rng: Random) -> Pair:
    """A phase that unfreezes what is not frozen, or freezes what is."""
    spec = _trained(rng)
    layers = [{"Dense": {"units": 8, "name": name}} for name in ("base", "top")]
    spec["branches"]["machine"]["layers"] = layers
    base, top = ("branches.machine.base", "branches.machine.top")
    later = rng.choice([{}, {"unfreeze": [base]}])
    first = {"name": "first", "epochs": rng.randint(2, 9), "freeze": [base]}
    spec["fit"] = {"phases": [first, {"name": "second", "epochs": rng.randint(2, 9), **later}]}
    key, address = rng.choice([("unfreeze", top), *([] if later else [("freeze", base)])])
    other = copy.deepcopy(spec)
    other["fit"]["phases"][1][key] = [*later.get(key, []), address]
    return spec, other


TRAINED: dict[str, Callable[[Random], Pair]] = {
    "monitor-not-logged": _at((*STOPS, "monitor"), "los", "val_los", "val_acuracy", "vall_loss"),
    "monitor-without-validation": _no_validation,
    "patience-never-ends": _at((*STOPS, "patience"), 100, 500),
    "class-weight-unknown-class": _class,
    "phase-changes-nothing": _phases,
    "columns-width": _columns,
    "target-columns-width": _units,
    "search-for-the-worst": lambda rng: _search(rng, _worst),
    "search-range": lambda rng: _search(rng, _turned),
}
"""By code, what draws a silent spec and the same with a mistake."""
