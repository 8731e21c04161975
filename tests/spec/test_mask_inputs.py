"""Branches that share a `mask_input`: one Keras input, one mask; what cannot be shared is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from small import codes

from cnnlstm_spec import Compilation, load
from cnnlstm_spec.compiler.artifact.usage import write_usage
from cnnlstm_spec.emit.words.shapes import make_inputs, make_shapes

TOP = "version: 1\nname: shared\n"
FUSED = "fusion: {strategy: concat, layers: [{LSTM: {units: 3}}]}\nhead: [{Dense: {units: 1}}]\n"


def spec(a: str, b: str, rest: str = FUSED, more: str = "") -> Compilation:
    """Two branches, each with what stands in the braces of its input."""
    branches = f"branches:\n  a:\n    input: {{{a}}}\n  b:\n    input: {{{b}}}\n{more}"
    return load(TOP + branches + rest)


A = "kind: sequence, shape: [frames, 4], mask_input: real"
B = "kind: video, shape: [frames, 2, 2, 1], mask_input: real"
POOLED = "    layers: [{TimeDistributed: [Flatten]}]\n"


@pytest.mark.parametrize("steps", ["frames", "6"])
def test_one_input_one_mask(steps: str) -> None:
    """Nothing is combined, lost or unread, and what lists the inputs names the mask once."""
    compilation = spec(A.replace("frames", steps), B.replace("frames", steps), more=POOLED)
    assert codes(compilation) == [] and compilation.typed is not None
    assert [each.name for each in make_inputs(compilation.typed)] == ["a", "real", "b"]
    assert write_usage(compilation, "model.keras")[2].count("real") == 1
    assert {each.mask for each in make_shapes(compilation.typed).layers if each.mask} == {"branches.a.input.mask_input"}
    assert compilation.to_python().count('name="real"') == 1


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ("20", "10", "`real` masks 20 steps; this branch has 10"),
        ("null", "null", "`real` masks an unknown number of steps; this branch has an unknown number"),
        ("n", "20", "`real` masks `n` steps; this branch has 20"),
        ("n", "m", "`real` masks `n` steps; this branch has `m`"),
    ],
)
def test_other_steps(first: str, second: str, words: str) -> None:
    inputs = (f"kind: sequence, shape: [{steps}, 4], mask_input: real" for steps in (first, second))
    rest = "fusion: {strategy: cross_attention, query: a, layers: [{LSTM: {units: 3}}]}\nhead: []\n"
    (error,) = spec(*inputs, rest).diagnostics
    assert (error.code.name, error.message) == ("mask-input-steps", words)
    assert ("`null` is one of its own" if first == "null" else "a mask of its own") in str(error.help)


def test_where_another_mask_counts() -> None:
    """The later of two masks counts: the first branch whose mask the input is gives it."""
    late = A + ", padding_value: 0.0"
    compilation = spec(late, "kind: sequence, shape: [frames, 2], mask_input: real")
    assert codes(compilation) == ["two-masks", "masks-combined"]


def test_unread() -> None:
    """A mask that nothing reads is one finding, at the first branch; one that is read through any branch is none."""
    input = "kind: sequence, shape: [6, 4], mask_input: real"
    head = "[{Dense: {units: 1}}, {Reshape: {target_shape: [6]}}]"
    unread = spec(input, input, f"fusion: {{strategy: concat}}\nhead: {head}\n")
    assert [(each.code.name, each.place.path[1]) for each in unread.diagnostics] == [("mask-unread", "a")]
    rest = f"fusion: {{strategy: concat}}\nheads: {{one: {{inputs: [b], layers: [GlobalAveragePooling1D]}}, two: {head}}}\n"
    assert "mask-unread" not in codes(spec(input, input, rest))


def test_shared_layers() -> None:
    """A branch that shares layers may share the mask, too."""
    more = "    share_layers_with: a\n"
    compilation = spec(A, A, "fusion: {strategy: concat, layers: [{GRU: {units: 2}}]}\nhead: []\n", more)
    assert codes(compilation) == []


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
def test_in_keras(tmp_path: Path, fresh: Any) -> None:
    """The model takes the mask once, padding counts in no prediction, and the file loads."""
    import numpy
    from networks import random_inputs

    compilation = spec(A, B, FUSED + "compile: {loss: mse}\n", POOLED)
    model = compilation.to_keras()
    assert [each.name for each in model.inputs] == ["a", "real", "b"]
    sizes = {"frames": 5}
    data = random_inputs(compilation, sizes)
    real = data["real"]
    kept = {"a": real[..., None], "b": real[..., None, None, None], "real": True}
    other = {name: numpy.where(kept[name], x, x + 3.0 * (name != "real")).astype(x.dtype) for name, x in data.items()}
    first, second = model.predict(data, verbose=0), model.predict(other, verbose=0)
    assert not real.all() and numpy.abs(first - second).max() < 1e-6
    model.fit(data, first, verbose=0)
    model.save(tmp_path / "m.keras")
    again = fresh.models.load_model(tmp_path / "m.keras")
    numpy.testing.assert_allclose(again.predict(data, verbose=0), model.predict(data, verbose=0), atol=1e-6)
    scope: dict[str, Any] = {}
    exec(compilation.to_python(), scope)
    assert scope["build_model"]().input_shape == model.input_shape
