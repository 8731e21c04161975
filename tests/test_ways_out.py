"""What is said besides the first line: the other end of a mismatch, and the ways out, which must lead out."""

from __future__ import annotations

import pytest

from cnnlstm_spec import load
from cnnlstm_spec.diagnostic import Diagnostic
from cnnlstm_spec.ops import known_layers, structure
from cnnlstm_spec.ops.strategies import STRATEGIES

KINDS = {
    "vector": "{kind: vector, shape: [10]}",
    "sequence": "{kind: sequence, shape: [20, 8]}",
    "image": "{kind: image, shape: [32, 32, 3]}",
    "video": "{kind: video, shape: [6, 32, 32, 3]}",
}


def text(layers: str, kind: str = "sequence", more: str = "", head: str = "[]") -> str:
    """A spec of one branch `a`, whose layers stand on line 5."""
    return f"version: 1\nname: t\nbranches:\n  a: {{input: {KINDS.get(kind, kind)}, layers:\n  {layers}}}\nhead: {head}\n{more}"


def only(spec: str) -> Diagnostic:
    """The one finding."""
    (found,) = load(spec).diagnostics
    return found


def shown(found: Diagnostic) -> str:
    """What the span of a finding covers."""
    span = found.place.span
    return span.source.text[span.start : span.end]


@pytest.mark.parametrize(
    ("kind", "layers", "origin"),
    [
        (
            "sequence",
            "[{LSTM: {units: 8, return_sequences: true}}, {Dropout: {rate: 0.1}}, {Conv2D: {filters: 2, kernel_size: 3}}]",
            "LSTM",
        ),
        ("sequence", "[BatchNormalization, {Conv2D: {filters: 2, kernel_size: 3}}]", "[20, 8]"),
        ("video", "[TimeDistributed: [{Conv2D: {filters: 8, kernel_size: 3}}], MaxPooling2D]", "TimeDistributed"),
        ("sequence", "[TimeDistributed: [{LSTM: {units: 4}}]]", "TimeDistributed"),
    ],
)
def test_the_other_end_is_where_the_size_was_made(kind: str, layers: str, origin: str) -> None:
    found = only(text(layers, kind))
    (label,) = found.labels
    span = label.place.span
    assert span.source.text[span.start : span.end] == origin
    assert found.code.name == "wrong-rank" and f"`{origin if origin[0] != '[' else 'a'}` gives" in found.message


def test_no_message_names_what_nobody_wrote() -> None:
    """The names that a node without a layer of its own has in messages."""
    hidden = (structure.EnterTime, structure.LeaveTime, structure.ResidualAdd, structure.Projection, structure.Output)
    assert {op for op in vars(structure).values() if isinstance(op, type) and op.__module__ == structure.__name__} == {
        structure.Fold,
        *hidden,
    }
    written = {*known_layers(), *STRATEGIES, "TimeDistributed", "Residual", "projection", "head"}
    assert {op.title() for op in hidden} <= written


@pytest.mark.parametrize(
    ("kind", "layers", "help"),
    [
        (
            "sequence",
            "[{LSTM: {units: 4}}, GlobalAveragePooling1D]",
            "`return_sequences: true` on the `LSTM` of line 5 gives its steps",
        ),
        (
            "sequence",
            "[{GRU: {units: 4}}, {MultiHeadAttention: {num_heads: 2, key_dim: 4}}]",
            "`return_sequences: true` on the `GRU`",
        ),
        (
            "sequence",
            "[{LSTM: {units: 4, return_sequences: true}}, {RepeatVector: {n: 3}}]",
            "`return_sequences: false` on the `LSTM`",
        ),
        (
            "sequence",
            "[TimeDistributed: [{LSTM: {units: 4}}]]",
            "take it out of `TimeDistributed:`, which gives it each of the steps",
        ),
        ("sequence", "[{Conv1D: {filters: 4, kernel_size: 3}}, GlobalAveragePooling2D]", "`GlobalAveragePooling1D` reads 2 axes"),
        ("image", "[ConvLSTM2D: {filters: 8, kernel_size: 3}]", "read a `video`, whose first axis is the missing one"),
        ("video", "[MaxPooling2D]", "put it inside `TimeDistributed:` to run it on each of the frames"),
    ],
)
def test_of_a_rank(kind: str, layers: str, help: str) -> None:
    assert only(text(layers, kind)).help[0].startswith(help)
