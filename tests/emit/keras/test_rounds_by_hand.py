"""Branches of `each` and heads that read heads compute what is written by hand in Keras."""

from __future__ import annotations

from typing import Any

import pytest
from places import ROOT

from cnnlstm_spec import load

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore")]


def by_hand(layers: Any, keras: Any) -> Any:
    """`branch-each.yaml`, whose second head reads the first one too."""
    leads = [keras.Input((40, 1)) for _ in range(3)]
    age = keras.Input((1,))
    convolved = [layers.Conv1D(filters, 3)(x) for filters, x in zip((2, 3, 4), leads, strict=True)]
    pooled = [layers.GlobalMaxPooling1D()(x) for x in convolved]
    risk = layers.Dense(1)(layers.Concatenate()([layers.Concatenate()(pooled), age]))
    aside = layers.GlobalMaxPooling1D()(layers.Concatenate()(convolved))
    return keras.Model([*leads, age], [risk, layers.Dense(1)(layers.Concatenate()([aside, risk]))])


def test_it_computes_what_is_written_by_hand(fresh: Any) -> None:
    keras, numpy = pytest.importorskip("keras"), pytest.importorskip("numpy")
    text = ROOT.joinpath("tests", "specs", "ok", "branch-each.yaml").read_text("utf-8").partition("\ndata:")[0]
    aside = "{inputs: [heads.pooled, heads.risk], strategy: concat, layers: [{Dense: {units: 1}}]}"
    text = text.replace("layers: [GlobalMaxPooling1D, {Dense: {units: 1}}]}", f"layers: [GlobalMaxPooling1D]}}\n  aside: {aside}")
    text = text.replace('  aside: {inputs: ["lead_*', '  pooled: {inputs: ["lead_*').replace(
        "aside: mse", "aside: mse, pooled: null"
    )
    compilation = load(text + "\n")
    assert compilation.ok, [each.message for each in compilation.diagnostics]
    model, other = compilation.to_keras(), by_hand(keras.layers, keras)
    assert sorted(each.shape for each in model.get_weights()) == sorted(each.shape for each in other.get_weights())
    other.set_weights(model.get_weights())
    rng = numpy.random.default_rng(0)
    given = [rng.normal(size=(2, *x.shape[1:])).astype("float32") for x in model.inputs]
    ours, theirs = model(given), other(given)
    assert [x.name for x in model.inputs] == ["lead_I", "lead_II", "lead_V1", "age"]
    for name, wanted in zip(("risk", "aside"), theirs, strict=True):
        assert numpy.abs(numpy.asarray(ours[name]) - numpy.asarray(wanted)).max() < 1e-5
