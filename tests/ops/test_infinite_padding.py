"""`padding_value: .inf` pads as any other number does; nothing equals NaN."""

from __future__ import annotations

from typing import Any

import pytest

import cnnlstm_spec

SPEC = """version: 1
name: padded
branches:
  x:
    input: {{kind: sequence, shape: [5, 2]{padding}}}
    layers:
      - {layer}
head: [{{Dense: {{units: 1}}}}]
compile: {{loss: mse, optimizer: sgd}}
"""


def spec(padding: str, layer: str = "LSTM: {units: 3}") -> str:
    return SPEC.format(padding=padding, layer=layer)


@pytest.mark.parametrize(
    "text", [spec(", padding_value: .nan"), spec("", "Masking: {mask_value: .nan}\n      - LSTM: {units: 3}")]
)
def test_nothing_equals_nan(text: str) -> None:
    (found,) = cnnlstm_spec.load(text).diagnostics
    assert found.code.name == "value-not-allowed" and "nothing equals NaN" in found.help[0] and "`mask_input: " in found.help[0]


@pytest.mark.parametrize("value", [".inf", "-.inf", "1/2", "-1", "1e30"])
def test_other_numbers_are_taken(value: str) -> None:
    assert not cnnlstm_spec.load(spec(f", padding_value: {value}")).diagnostics


@pytest.mark.parametrize("value", ["true", '"1"', "[1]", "a"])
def test_what_is_no_number_is_not(value: str) -> None:
    assert [each.code.name for each in cnnlstm_spec.load(spec(f", padding_value: {value}")).diagnostics] == ["wrong-type"]


def test_an_integer_input_has_no_infinite_steps() -> None:
    text = spec(", padding_value: .inf, dtype: int32", "LSTM: {units: 3}")
    assert "padding-value-dtype" in [each.code.name for each in cnnlstm_spec.load(text).diagnostics]


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.sampled(every=6, long=1)
@pytest.mark.parametrize("layer", ["LSTM: {units: 3}", "Bidirectional: {layer: {GRU: {units: 2}}}", "GlobalAveragePooling1D"])
@pytest.mark.parametrize("value", [".inf", "-.inf"])
def test_it_gives_what_keras_gives_and_trains(value: str, layer: str, fresh: Any) -> None:
    """The same as with another padding value in the same places; no weight becomes NaN."""
    import numpy as np

    drawn = np.random.default_rng(0).random((4, 5, 2)).astype("float32")
    plain, infinite = drawn.copy(), drawn.copy()
    plain[:, 3:], infinite[:, 3:] = -7.0, float(value.replace(".", ""))
    one = cnnlstm_spec.load(spec(", padding_value: -7", layer)).to_keras()
    other = cnnlstm_spec.load(spec(f", padding_value: {value}", layer)).to_keras()
    masking = cnnlstm_spec.load(spec("", f"Masking: {{mask_value: {value}}}\n      - {layer}")).to_keras()
    for model in (other, masking):
        model.set_weights(one.get_weights())
        np.testing.assert_allclose(model.predict(infinite, verbose=0), one.predict(plain, verbose=0), rtol=1e-5)
    other.fit(infinite, np.zeros((4, 1)), verbose=0)
    assert all(np.isfinite(weight).all() for weight in other.get_weights())
