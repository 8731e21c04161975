"""What is known of one layer is known of those that are alike: no more is made after a mistake, and the same is told."""

from __future__ import annotations

from itertools import cycle

import pytest
from layers import op_classes
from small import codes

from cnnlstm_spec import load
from cnnlstm_spec.model import infer
from cnnlstm_spec.model.alike import Alike
from cnnlstm_spec.text.render import render

TOP = "version: 1\nname: t\n"
LAYER = "{Dense: {units: 8, activation: relu}}"
WRONG = (
    "{Dense: {units: 8, activaton: relu}}",
    "{Dense: {units: eight}}",
    "{Denze: {units: 8}}",
    "{Conv1D: {filters: 8, kernel_size: 1}}",
    "{Reshape: {target_shape: [7]}}",
    "{Softmax: {axis: 4}}",
    "{Parallel: {paths: {a: [{Dense: {units: 8}}], b: [{Dense: {units: 9}}]}, merge: add}}",
    "{Dense: {units: $width}}",
    "{LSTM: {units: 8}}",
    "MaxPooling2D",
    "{RepeatVector: {n: 3}}",
    "{Embedding: {input_dim: 10, output_dim: 8, mask_zero: true}}",
    "{Permute: {dims: [2, 1]}}",
    "{Conv3D: {filters: 8, kernel_size: 1}}",
    "{Conv1D: {filters: 8, kernel_size: 900}}",
    "{Cropping1D: {cropping: 100}}",
    "{TimeDistributed: [{Dense: {units: 8}}, Flatten]}",
)
"""Mistakes of many kinds, and layers that are wrong behind others."""


def make_chain(wrong: tuple[str, ...], count: int = 20, between: int = 4, layer: str = LAYER) -> str:
    """A branch with so many mistakes of those kinds, in turn, and so many layers between them."""
    kinds = cycle(wrong)
    layers = ", ".join(", ".join((next(kinds), *[layer] * between)) for _ in range(count))
    return f"{TOP}branches: {{a: {{input: {{kind: vector, shape: [8]}}, layers: [{layers}]}}}}\nhead: [{{Dense: {{units: 1}}}}]\n"


def make_heads(count: int, units: int, loss: str) -> str:
    """Heads behind a layer that cannot be read, each wrong for its loss and its labels."""
    names = [f"h{number}" for number in range(count)]
    text = f"{TOP}branches: {{a: {{input: {{kind: vector, shape: [8]}}, layers: [{{Denze: {{units: 8}}}}, {LAYER}]}}}}\nheads:\n"
    text += "".join(f"  {name}: [{LAYER}, {{Dense: {{units: {units}, activation: softmax}}}}]\n" for name in names)
    text += "compile:\n  loss:\n" + "".join(f"    {name}: {loss}\n" for name in names)
    return text + "targets:\n" + "".join(f"  {name}: {{encoding: one_hot, classes: 5}}\n" for name in names)


SPECS = {
    "kinds in turn": make_chain(WRONG),
    "backwards": make_chain(WRONG[::-1]),
    "few": make_chain(WRONG[8:14]),
    "repeated": make_chain(("{RepeatVector: {n: 3}}",)),
    "inputs handed on": make_chain(WRONG, 12, 3, "{Dropout: {rate: 0.1}}, {Dense: {units: 8, activation: softmax}}, Flatten"),
    "many kinds of layers": make_chain(
        WRONG, 9, 1, f"{LAYER}, {{Residual: [{LAYER}]}}, BatchNormalization, {{Softmax: {{axis: 1}}}}"
    ),
    "mappings": make_chain(WRONG[2:6], 8, 2, f"{{BatchNormalization: {{renorm: true, renorm_clipping: {{rmax: 3}}}}}}, {LAYER}"),
    "heads": make_heads(4, 3, "mse"),
    "heads of one value": make_heads(3, 1, "binary_crossentropy"),
}


@pytest.mark.parametrize("name", SPECS)
def test_what_is_told_is_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where every layer is by itself, with every label and way out."""
    told = render(load(SPECS[name]).diagnostics)
    monkeypatch.setattr(Alike, "find_typed", lambda *given: None)
    monkeypatch.setattr(Alike, "relocate", lambda *given: None)
    monkeypatch.setattr(Alike, "judge", lambda self, typed, rules: rules(typed))
    assert told == render(load(SPECS[name]).diagnostics)


@pytest.mark.parametrize("name", ["kinds in turn", "repeated", "heads"])
def test_a_layer_is_not_made_again_for_every_supposition(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer than twice as often as there are layers between the mistakes, which are made anew where they fail."""
    made: list[str] = []
    check = infer._check_node
    monkeypatch.setattr(infer, "_check_node", lambda node, op, *given: (made.append(op.title()), check(node, op, *given))[1])
    text = {"heads": make_heads(20, 3, "mse")}.get(name) or make_chain(
        WRONG if name == "kinds in turn" else ("{RepeatVector: {n: 3}}",), 20, 40
    )
    found = load(text).diagnostics
    assert len(found) > 10
    assert made.count("Dense") < 2 * text.count("Dense: {units: 8, activation: relu}")


def test_heads_are_told_in_their_order() -> None:
    """What is one finding of several heads stands at the first."""
    text = make_heads(12, 1, "mse").partition("targets:")[0]
    (found,) = (each for each in load(text).diagnostics if each.code.name == "softmax-over-one")
    assert found.place.span.start == text.index("softmax") and len(found.labels) == 11


def test_a_mask_that_a_layer_makes_is_its_own() -> None:
    """Two layers that are alike, on the same type, make masks that are not the same."""
    layers = "{Dense: {units: 4, activaton: relu}}, {Dense: {units: 32}}, {Reshape: {target_shape: [4, 8]}}, Masking"
    text = f"{TOP}branches:\n" + "".join(
        f"  {name}: {{input: {{kind: vector, shape: [32]}}, layers: [{layers}]}}\n" for name in "ab"
    )
    found = codes(load(f"{text}fusion: {{strategy: add}}\nhead: [{{LSTM: {{units: 3}}}}, {{Dense: {{units: 1}}}}]\n"))
    assert found == ["unknown-key", "unknown-key", "masks-combined"]


def test_every_op_has_a_number() -> None:
    """Its arguments can be told from those of others, whatever they are."""
    alike, made = Alike(), [op.make(**each.arguments) for op in op_classes() for each in op.examples]
    numbers = [alike.number_op(op) for op in made]
    assert all(
        (one == other) == (a == b) for one, a in zip(numbers, made, strict=True) for other, b in zip(numbers, made, strict=True)
    )
