"""Emitted Python as a person reads it: its layout, its literals, and that brackets stand where they must. Needs no Keras."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from places import ROOT

from cnnlstm_spec import load
from cnnlstm_spec.emit.python.literals import write_literal
from cnnlstm_spec.emit.python.source import WIDTH, write_source
from cnnlstm_spec.ir.program import Call, Comment, Infix, Let, Program, Ref
from cnnlstm_spec.text.escape.python import write_strings

SPECS = [
    *sorted(ROOT.glob("specs/*.yaml")),
    *sorted(ROOT.glob("specs/published/*.yaml")),
    *sorted(ROOT.glob("tests/specs/ok/*.yaml")),
]


@cache
def sources() -> dict[str, str]:
    """The source of every spec, by its name."""
    return {path.stem: load(path).to_python() for path in SPECS}


def test_every_line_fits() -> None:
    assert {name: line for name, text in sources().items() for line in text.splitlines() if len(line) > WIDTH} == {}


def test_no_variable_is_another_by_another_name() -> None:
    assert {name: found for name, text in sources().items() if (found := re.findall(r"^ +\w+ = \w+$", text, re.M))} == {}


def test_a_formatter_changes_nothing(tmp_path: Path) -> None:
    ruff = shutil.which("ruff", path=Path(sys.executable).parent)
    if ruff is None:
        pytest.skip("ruff is not installed")
    for name, text in sources().items():
        (tmp_path / f"{name}.py").write_text(text)
    command = [ruff, "format", "--isolated", "--no-cache", "--line-length", str(WIDTH), "--diff", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_what_is_used_is_imported() -> None:
    masked = "branches: {x: {input: {kind: sequence, shape: [4, 2], mask_input: m}, layers: [%s]}}\nhead: []\n"
    cases = {**sources(), "masked": emitted(masked % "Softmax"), "plain": emitted(masked.replace("mask_input: m", "") % "ReLU")}
    for name, text in cases.items():
        tree = ast.parse(text)
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} & {"layers", "ops"}
        imported = {each.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for each in node.names}
        assert imported == used, name


def emitted(text: str) -> str:
    compilation = load(f"version: 1\nname: t\n{text}")
    assert compilation.ok, [each.message for each in compilation.diagnostics]
    return compilation.to_python()


def test_numbers_as_they_are_written() -> None:
    layers = """
      - Rescaling: {scale: 1/255, offset: -1}
      - Conv2D: {filters: 2, kernel_size: 3, strides: [2, 1], dilation_rate: 1}
      - ZeroPadding2D: {padding: [[1, 1], [1, 1]]}
      - MaxPooling2D: {pool_size: [2, 2]}
"""
    text = emitted(f"branches:\n  x:\n    input: {{kind: image, shape: [9, 9, 3]}}\n    layers:{layers}head: []\n")
    assert "layers.Rescaling(scale=1 / 255, offset=-1," in text
    flat = " ".join(text.split())
    assert "kernel_size=3, strides=(2, 1), dilation_rate=1," in flat
    assert "padding=1," in flat and "pool_size=2," in flat


def test_time_in_the_batch_is_explained() -> None:
    inner = "[{TimeDistributed: [{Conv2D: {filters: 2, kernel_size: 3}}, GlobalAveragePooling2D]}]"
    branches = "".join(
        f"  {name}: {{input: {{kind: video, shape: [frames, height, 8, 3]}}, {layers}}}\n"
        for name, layers in (("left", f"layers: {inner}"), ("right", "share_layers_with: left"))
    )
    text = emitted(f"branches:\n{branches}fusion: {{strategy: concat}}\nhead: []\n")
    for branch in ("left", "right"):
        assert text.count(f"{branch}_ones = ") == 1 and f"{branch} = ops.take({branch}, {branch}_index, axis=0)" in text
    assert text.count("# `frames` into the batch") == text.count("# And `frames` out of it again.") == 2
    assert text.count("# A reshape can infer one size only") == 2


def test_scores_and_masked_outputs_are_explained() -> None:
    sequence = "input: {kind: sequence, shape: [5, 4], padding_value: 0.0}"
    text = emitted(
        f"branches: {{a: {{{sequence}}}, b: {{{sequence}}}}}\nfusion: {{strategy: attention}}\nhead: [{{Dense: {{units: 3}}}}]\n"
    )
    assert '# `model.get_layer("fusion").output[1]` are the scores.\n    fusion_and_scores = layers.MultiHeadAttention(' in text
    assert "# Padded steps count in neither loss nor metrics" in text and "-(2.0**100)" in text


def test_a_head_without_a_loss_has_no_loss_weight() -> None:
    vector = "branches: {x: {input: {kind: vector, shape: [3]}}}\nheads: {a: [], b: [], c: []}\n"
    text = emitted(vector + "compile: {loss: {a: mse, b: mae, c: null}, loss_weights: {b: 0.5}}\n")
    assert 'loss_weights={"a": 1.0, "b": 0.5, "c": None}' in text


def test_layers_are_marked_under_names_that_no_variable_has() -> None:
    backbone = "{MobileNetV2: {weights: null, include_top: false, pooling: avg}}"
    branches = (
        f"branches: {{layer: {{input: {{kind: image, shape: [32, 32, 3]}}, layers: [{backbone}, {{Dense: {{units: 2}}}}]}}}}\n"
    )
    text = emitted(f"{branches}head: []\ncompile: {{loss: mse, learning_rate_multipliers: {{branches.layer: 0.1}}}}\n")
    assert "for layer in" in text and " layer = " not in text
    assert 'layer.name += ".layer_mobile_net_v2"' in text and '"([^/]*[.])?(layer_mobile_net_v2|layer_dense)/.*": ' in text
    assert "name_scope" not in emitted(f"{branches}head: []\n")


@given(
    st.one_of(st.floats(allow_nan=False), st.text(), st.fractions(max_denominator=300).map(float), st.integers(), st.booleans())
)
def test_literals_are_their_values(value: Any) -> None:
    found = eval(write_literal(value))
    assert found == value and type(found) is type(value)


@given(st.text(max_size=300), st.integers(20, 100), st.integers(0, 10))
def test_strings_in_parts_are_the_whole(text: str, room: int, before: int) -> None:
    parts = write_strings(text, room, before, 2)
    assert ast.literal_eval(f"({parts or repr('')})") == text


def test_literals_as_a_person_writes_them() -> None:
    wanted = ["1 / 255", "1 / 127.5", "2 / 3", "0.1", "1e-30", "-(2.0**100)", "-32768.0", "3.141592653589793", '"it\'s"']
    assert [
        write_literal(each)
        for each in (1 / 255, 1 / 127.5, 2 / 3, 0.1, 1e-30, -(2.0**100), -(2.0**15), 3.141592653589793, "it's")
    ] == wanted


TREES = st.recursive(
    st.sampled_from([Ref("x"), Ref("a_name_that_is_rather_long"), Call("keras.ops.abs", (Ref("y"),)), 1, 1 / 255]),
    lambda inner: st.builds(Infix, st.sampled_from("+-*"), inner, inner),
    max_leaves=12,
)


LONG = Ref("a_name_that_is_rather_long")
ENDS_IN_A_COMMA = Infix("+", Ref("x"), Infix("+", Infix("+", Ref("x"), LONG), Infix("*", LONG, LONG)))


@settings(max_examples=300)
@example(ENDS_IN_A_COMMA)
@given(TREES)
def test_brackets_stand_where_they_must(tree: Any) -> None:
    """What is read back from the text is the tree, on one line or several."""
    text = write_source(Program("t", (Let("z", tree), Let("z", Call("f", (tree,), (("k", tree),))))))
    first, second = ast.parse(text).body[-2].body[:2]  # type: ignore[attr-defined]
    wanted = as_ast(tree)
    found = (first.value, second.value.args[0], second.value.keywords[0].value)
    assert [ast.dump(each) for each in found] == [wanted] * 3
    assert max(map(len, text.splitlines())) <= WIDTH


def as_ast(tree: Any) -> str:
    """The dump of what Python makes of a tree that is all in brackets."""

    def shown(each: Any) -> str:
        match each:
            case Infix(operator, left, right):
                return f"({shown(left)} {operator} {shown(right)})"
            case Ref(name):
                return name
            case Call():
                return "ops.abs(y)"
            case _:
                return f"({write_literal(each)})"

    return ast.dump(ast.parse(shown(tree), mode="eval").body)


def test_long_texts_are_wrapped() -> None:
    words = "word " * 60
    text = write_source(Program("t", (Comment(words), Let("x", {words: Call("keras.f", (words,))}))), words + '"')
    assert max(map(len, text.splitlines())) <= WIDTH
    assert ast.literal_eval(ast.unparse(ast.parse(text).body[-2].body[0].value.keys[0])) == words  # type: ignore[attr-defined]
