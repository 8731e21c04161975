"""Text and the numbers that are looked up for it have no axes: every layer, strategy and loss tells what it makes of that."""

from __future__ import annotations

from typing import Any

import pytest

from cnnlstm_spec import load
from cnnlstm_spec.language.catalog import load_catalog
from cnnlstm_spec.ops import list_ops
from cnnlstm_spec.ops.fusions.table import STRATEGIES
from cnnlstm_spec.text.render import render
from fuzz.text import text_of

NUMBER = {"StringLookup": {"vocabulary": ["a", "b"]}}
VECTOR = {"input": {"kind": "vector", "shape": [3]}}
OPS = [op for op in list_ops() if op.examples]


def told(layers: list[Any], others: dict[str, Any] | None = None, **more: Any) -> None:
    """Compiles a spec, and says what is said of it."""
    branches = {"x": {"input": {"kind": "text"}, "layers": layers}, **(others or {})}
    compilation = load(text_of({"version": 1, "name": "s", "branches": branches, "head": [], **more}))
    assert bool(render(compilation.diagnostics)) == bool(compilation.diagnostics)
    if compilation.ok:
        assert compilation.to_python() and compilation.to_svg()


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.title())
def test_layers(op: Any) -> None:
    item = {op.title(): dict(op.examples[0].arguments)}
    told([NUMBER, item])
    told([item])
    told([NUMBER], {"y": VECTOR}, fusion={"layer": item})


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_strategies(strategy: str) -> None:
    for keys in ({}, {"units": 4}, {"broadcast": True}, {"query": "x", "units": 4}, {"num_heads": 2}):
        for other in ({"input": {"kind": "text"}, "layers": [NUMBER]}, VECTOR, {"input": {"kind": "text"}}):
            told([NUMBER], {"y": other}, fusion={"strategy": strategy, **keys})


def test_losses_and_metrics() -> None:
    for loss in load_catalog()["families"]["losses"]["classes"]:
        told([NUMBER], compile={"loss": loss})
    for metric in load_catalog()["families"]["metrics"]["classes"]:
        told([NUMBER], compile={"loss": "mse", "metrics": [metric]})


def test_structure() -> None:
    for item in (
        {"TimeDistributed": ["Flatten"]},
        {"Residual": {"layers": [{"Dense": {"units": 3}}], "shortcut": "projection"}},
        {"Parallel": {"paths": {"a": [NUMBER], "b": [NUMBER]}, "merge": "add"}},
        {"Repeat": {"times": 2, "layers": [NUMBER]}},
    ):
        told([NUMBER, item])
        told([item])
    told([NUMBER], expect={"branches.x": [], "head": []})
    window = {"train": "t.csv", "window": {"sequence_length": 3, "delay": 1}}
    told([NUMBER], data=window, compile={"loss": "mse"}, fit={"epochs": 1})
