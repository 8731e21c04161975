"""Fusions that share a name are one set of weights, their projections too."""

from __future__ import annotations

import pytest

from cnnlstm_spec import load

SPEC = """
version: 1
name: t
branches: {x: {input: {kind: vector, shape: [4]}}, y: {input: {kind: vector, shape: [4]}}}
fusion:
  - {name: f, strategy: %s, inputs: [x, y], share: s, units: 3}
  - {name: g, strategy: %s, inputs: [y, x], share: s%s}
  - {name: h, strategy: concat, inputs: [f, g]}
head: []
"""


@pytest.mark.parametrize(("strategy", "params"), [("gated", 2 * 15 + 2 * 4), ("add", 2 * 15), ("attention", 2 * 15 + 4 * 12)])
def test_their_projections_are_shared(strategy: str, params: int) -> None:
    typed = load(SPEC % (strategy, strategy, ", units: 3")).typed
    assert typed is not None and typed.params == params


@pytest.mark.parametrize("units", ["", ", units: 5"])
def test_other_units_are_written_unlike(units: str) -> None:
    found = load(SPEC % ("add", "add", units)).diagnostics
    assert "shared-unlike" in [each.code.name for each in found]


def test_a_parallel_shares_those_of_its_merge() -> None:
    paths = "{Parallel: {paths: {a: [], b: [ReLU]}, merge: {strategy: gated, units: 4, share: m}}}"
    typed = load(
        f"version: 1\nname: t\nbranches: {{x: {{input: {{kind: vector, shape: [4]}}, layers: [{paths}, {paths}]}}}}\nhead: []\n"
    ).typed
    assert typed is not None and typed.params == 2 * 20 + 2 * 5


@pytest.mark.keras
def test_the_model_has_one_set() -> None:
    compilation = load(SPEC % ("gated", "gated", ", units: 3"))
    model = compilation.to_keras()
    assert model.count_params() == 2 * 15 + 2 * 4
    names: dict[str, object] = {}
    exec(compilation.to_python(), names)
    again = names["build_model"]()  # type: ignore[operator]
    assert again.count_params() == model.count_params()
    weights = {each.path: each.shape for each in model.weights}
    assert len(weights) == 2 * 2 + 2 * 2 and {each.path: each.shape for each in again.weights} == weights
