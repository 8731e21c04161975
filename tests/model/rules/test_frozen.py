"""`trainable: false` on layers: what Keras trains is what is counted, in the model that is built and in one that is loaded."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Any

import pytest

from cnnlstm_spec import Compilation, load
from cnnlstm_spec.text.fix import Edit
from cnnlstm_spec.text.source import Span

LAYERS = [
    "{Dense: {units: 3, trainable: false}}",
    "{BatchNormalization: {trainable: false}}",
    "{LSTM: {units: 3, trainable: false}}",
    "{Bidirectional: {layer: {LSTM: {units: 3}}, trainable: false}}",
    "{Bidirectional: {layer: {LSTM: {units: 3, trainable: false}}}}",
    "{Bidirectional: {layer: {GRU: {units: 3, trainable: false}}, backward_layer: {GRU: {units: 3, go_backwards: true}}}}",
    "{SpectralNormalization: {layer: {Dense: {units: 3}}, trainable: false}}",
    "{SpectralNormalization: {layer: {Dense: {units: 3, trainable: false}}}}",
    "{AdditiveAttention: {trainable: false}}",
]
THAWING = [
    "{MultiHeadAttention: {num_heads: 2, key_dim: 2, trainable: false}}",
    "{Reshape: {target_shape: [6, 4, 1]}}, {TimeDistributed: {layer: {MultiHeadAttention: {num_heads: 2, key_dim: 2}}, "
    "trainable: false}}, {Reshape: {target_shape: [6, 4]}}",
    "{GroupQueryAttention: {head_dim: 2, num_query_heads: 2, num_key_value_heads: 1, trainable: false}}",
]


def of(layers: str, more: str = "") -> Compilation:
    text = f"version: 1\nname: n\nbranches:\n  x: {{input: {{kind: sequence, shape: [6, 4]}}, layers: [{layers}]}}\n"
    compilation = load(text + more + "head: [{Dense: {units: 1}}]\n")
    assert compilation.ok
    return compilation


def trained(model: Any) -> int:
    return sum(prod(weight.shape) for weight in model.trainable_variables)


def loaded(model: Any, path: Path) -> Any:
    import keras

    model.save(path / "model.keras")
    return keras.models.load_model(path / "model.keras")


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("layer", LAYERS)
def test_frozen(layer: str, tmp_path: Path) -> None:
    compilation = of(layer)
    assert compilation.typed is not None and compilation.diagnostics == ()
    model = compilation.to_keras()
    assert trained(model) == trained(loaded(model, tmp_path)) == compilation.typed.trainable_params < compilation.typed.params


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("layer", THAWING)
def test_frozen_until_it_is_loaded(layer: str, tmp_path: Path) -> None:
    """As the warning says, and its way out helps."""
    compilation = of(layer)
    (warning,) = compilation.diagnostics
    assert compilation.typed is not None and warning.code.name == "thaws-when-loaded"
    model = compilation.to_keras()
    again = loaded(model, tmp_path)
    assert trained(model) == compilation.typed.trainable_params < trained(again)
    thawed = next(each for each in again.layers if f"`{each.name}`" in warning.help[0])
    thawed.trainable = True
    thawed.trainable = False
    assert trained(again) == compilation.typed.trainable_params


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
def test_frozen_and_shared() -> None:
    """One layer that stands twice is frozen once, after it is built."""
    attention = "{MultiHeadAttention: {num_heads: 1, key_dim: 2, trainable: false, share: one}}"
    compilation = of(f"{attention}, {attention}")
    assert len(compilation.diagnostics) == 1 and compilation.typed is not None
    assert trained(compilation.to_keras()) == compilation.typed.trainable_params == 5


@pytest.mark.parametrize("strategy", ["attention", "attention, broadcast: true", "cross_attention, query: x"])
def test_a_fusion_thaws_too(strategy: str) -> None:
    more = f"  y: {{input: {{kind: sequence, shape: [6, 4]}}}}\nfusion: {{strategy: {strategy}, trainable: false}}\n"
    assert [each.code.name for each in of("", more).diagnostics] == ["thaws-when-loaded"]


def words(span: Span) -> str:
    return span.source.text[span.start : span.end]


def test_frozen_by_a_wrapper() -> None:
    """What is said stands at the wrapper's `trainable`, and so does what mends it."""
    compilation = of(
        "{Reshape: {target_shape: [6, 4, 1]}}, {TimeDistributed: {layers: [{Embedding: {input_dim: 9, output_dim: 2}}], trainable: false}}, Flatten"
    )
    (warning,) = compilation.diagnostics
    (fix,) = warning.fixes
    (edit,) = fix.edits
    assert warning.code.name == "frozen-at-random" and words(warning.place.span) == "trainable"
    assert isinstance(edit, Edit) and (words(edit.span), edit.text) == ("false", "true")
    assert edit.span.start > warning.place.span.start
