"""Integers that look up a row: those that are known to come, through what moves them, against the rows there are."""

from __future__ import annotations

from typing import Any

import pytest

from cnnlstm_spec import load
from cnnlstm_spec.text.diagnostic import Diagnostic

PADDED = "{kind: tokens, shape: [6], padding_value: %s}"
PLAIN = "{kind: tokens, shape: [6]}"


def spec(input: str, layers: str) -> str:
    return f"version: 1\nname: t\nbranches: {{a: {{input: {input}, layers: [{layers}]}}}}\nhead: [Flatten, {{Dense: {{units: 1}}}}]\n"


def found(input: str, layers: str) -> list[Diagnostic]:
    codes = ("index-without-row", "negative-not-counted", "class-without-place")
    return [each for each in load(spec(input, layers)).diagnostics if each.code.name in codes or each.severity == "error"]


TABLE = "{Embedding: {input_dim: 5, output_dim: 2}}"
COUNTS = "{CategoryEncoding: {num_tokens: 5%s}}"
NO_ROW = {
    (PADDED % 5, TABLE): "given 5",
    (PADDED % -6, TABLE): "given -6",
    ("{kind: sequence, shape: [6, 2], padding_value: 5.5}", TABLE): "given 5.5",
    (PADDED % 7, "{Reshape: {target_shape: [2, 3]}}, {Permute: {dims: [2, 1]}}, Flatten, " + TABLE): "given 7",
    (PADDED % -7, "{Op: {name: abs}}, " + TABLE): "given 7",
    (PADDED % -3, "{Op: {name: square}}, " + TABLE): "given 9",
    (PADDED % 9, "{Parallel: {paths: {p: [], q: [{Hashing: {num_bins: 3}}]}, merge: concat}}, " + TABLE): "given 0 to 9",
    (PLAIN, "{Hashing: {num_bins: 6}}, " + TABLE): "given 0 to 5",
    (PLAIN, "{Hashing: {num_bins: 6}}, Identity, {ReversibleEmbedding: {input_dim: 5, output_dim: 2}}"): "given 0 to 5",
    (PLAIN, "{Hashing: {num_bins: 6}}, {SpectralNormalization: {layer: " + TABLE + "}}"): "given 0 to 5",
    (
        "{kind: sequence, shape: [6, 2]}",
        "{TimeDistributed: [{Discretization: {bin_boundaries: [0, 1, 2, 3, 4]}}, {Embedding: {input_dim: 5, output_dim: 2}}]}",
    ): "given 0 to 5",
}


def test_truth_values_without_a_row() -> None:
    """Both come of whatever makes them: an input, or a function."""
    table, truth = "{Embedding: {input_dim: %s, output_dim: 2}}", "{kind: tensor, axes: [a], shape: [3], dtype: bool}"
    for input, before in ((truth, ""), ("{kind: vector, shape: [3]}", "{Op: {function: isfinite}}, ")):
        assert [each.code.name for each in found(input, before + table % 1)] == ["index-without-row"]
        assert not found(input, before + table % 2)


@pytest.mark.parametrize(("input", "layers"), NO_ROW)
def test_an_integer_without_a_row(input: str, layers: str) -> None:
    (only,) = found(input, layers)
    assert only.code.name == "index-without-row" and only.message.endswith(NO_ROW[input, layers])
    assert only.labels[0].message.removeprefix("gives ") in only.message or "Op" in layers


@pytest.mark.parametrize(
    ("input", "layers"),
    [
        (PADDED % 4, TABLE),
        (PADDED % -5, TABLE),
        ("{kind: sequence, shape: [6, 2], padding_value: 4.9}", TABLE),
        (PLAIN, "{Hashing: {num_bins: 5}}, " + TABLE),
        (PADDED % 900, "{Hashing: {num_bins: 5}}, " + TABLE),
        (PADDED % -900, "{Op: {name: sign}}, " + TABLE),
        ("{kind: vector, shape: [6]}", "{Dense: {units: 9}}, " + TABLE),
        (PADDED % 900, COUNTS % ""),
        (PADDED % -1, COUNTS % ", output_mode: one_hot"),
        (PLAIN, "{Hashing: {num_bins: 5}}, " + COUNTS % ""),
    ],
)
def test_what_has_a_row_or_is_not_known(input: str, layers: str) -> None:
    assert found(input, layers) == []


def test_what_is_counted() -> None:
    (negative,) = found(PADDED % -1, COUNTS % "")
    assert negative.code.name == "negative-not-counted" and negative.severity == "error"
    (more,) = found(PLAIN, "{Hashing: {num_bins: 9}}, " + COUNTS % "")
    assert more.code.name == "class-without-place" and more.severity == "warning"
    assert more.help == ("`num_tokens: 9` has one for each",)


def test_the_way_out_leads_out() -> None:
    (only,) = found(PADDED % 9, TABLE)
    assert only.help[0].startswith("`input_dim: 10`")
    assert found(PADDED % 9, TABLE.replace("5", "10")) == []


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
def test_keras_fails_where_a_row_is_missing_and_nowhere_else() -> None:
    import keras
    import numpy

    def runs(layer: Any, value: float, dtype: str) -> bool:
        given = keras.Input((3,), dtype=dtype)
        model = keras.Model(given, layer(given))
        try:
            model.predict(numpy.full((2, 3), value, dtype), verbose=0)
        except Exception:
            return False
        return True

    table = lambda: keras.layers.Embedding(5, 2)  # noqa: E731
    assert [runs(table(), value, "int32") for value in (4, 5, -5, -6)] == [True, False, True, False]
    assert [runs(table(), value, "float32") for value in (4.9, 5.5)] == [True, False]
    for mode, negative in (("one_hot", True), ("multi_hot", False), ("count", False), ("binary", False)):
        counts = lambda mode=mode: keras.layers.CategoryEncoding(5, mode)  # noqa: E731
        assert (runs(counts(), -1, "int32"), runs(counts(), 9, "int32")) == (negative, True), mode
