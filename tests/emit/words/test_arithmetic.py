"""The arithmetic of a layer evaluates to the numbers that `shapes` has, for every layer that there is."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from layers import op_classes, type_of
from places import ROOT

from cnnlstm_spec import load
from cnnlstm_spec.cli.main import run
from cnnlstm_spec.emit.words.arithmetic import TracedSize, explain, find, list_known_addresses, list_numbers
from cnnlstm_spec.ir.graph import Node as GraphNode
from cnnlstm_spec.ir.graph import TypedNode, count_elements
from cnnlstm_spec.ir.inference import Inference, Refusal
from cnnlstm_spec.ir.op import Op
from cnnlstm_spec.ir.size import Symbol
from cnnlstm_spec.language.read_record import read_record
from cnnlstm_spec.language.scope import POISON, Scope
from cnnlstm_spec.model import frames
from cnnlstm_spec.ops.backbones.walk import BACKBONES
from cnnlstm_spec.ops.fusions.table import STRATEGIES
from cnnlstm_spec.text.diagnostic import Origin
from cnnlstm_spec.text.nodes import make_node
from cnnlstm_spec.text.source import NOWHERE, Place

OPS = [*op_classes(), *dict.fromkeys(type_ for type_ in STRATEGIES.values() if isinstance(type_, type) and type_.examples)]
CASES = [(cls, index) for cls in OPS for index in range(len(cls.examples)) if cls.__name__ != "Bidirectional"]
ALLOWED = (ast.Expression, ast.BinOp, ast.UnaryOp, ast.USub, ast.Constant, ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod)


def value_of(text: str) -> int:
    """The value of a text of numbers and signs, which holds nothing else."""
    tree = ast.parse(text, mode="eval")
    for each in ast.walk(tree):
        assert isinstance(each, ALLOWED), text
    return int(eval(compile(tree, "arithmetic", "eval")))


def typed_of(cls: type[Op], index: int) -> TypedNode | None:
    """An example of a layer as a node of a graph, where all its sizes are known."""
    example = cls.examples[index]
    if any(size is None for shape in example.shapes for size in shape):
        return None
    reading = read_record(cls, make_node(dict(example.arguments)), Scope([]), cls.__name__)
    assert reading is not POISON
    op = reading.record
    inputs = tuple(type_of(op, shape, example.dtype) for shape in example.shapes)
    seen = frames.infer_seen(op, inputs)
    result = frames.infer_frames_given(op, inputs, op.infer(Inference(), *seen))
    node = GraphNode("n", op, "n", ("x",) * len(inputs), "branches.x", Origin(Place((), NOWHERE), ()))
    return TypedNode(node, result, inputs, op.weights(*seen), True, op.macs(result, *inputs))


@pytest.mark.parametrize(("cls", "index"), CASES, ids=lambda each: getattr(each, "__name__", str(each)))
def test_the_arithmetic_of_every_layer_evaluates_to_its_numbers(cls: type[Op], index: int) -> None:
    typed = typed_of(cls, index)
    if typed is None:
        return
    assert typed.type is not None
    found = list_numbers(typed)
    by_name = {each.name: each.value for each in found}
    assert [each.value for each in found[: typed.type.rank]] == list(typed.type.sizes)
    assert by_name.get("parameters", 0) == sum(count_elements(weight.shape) for weight in typed.weights)
    assert by_name.get("multiply-adds", 0) == typed.macs
    for each in found:
        assert each.arithmetic is None or value_of(each.arithmetic) == each.value


def test_the_arithmetic_of_sizes_known_only_at_run_time_gives_their_values() -> None:
    """Of every example of a layer that has such sizes, for other values than those that it was tried with."""
    told = 0
    for cls, index in CASES:
        example = cls.examples[index]
        if all(isinstance(size, int) for shape in example.shapes for size in shape):
            continue
        reading = read_record(cls, make_node(dict(example.arguments)), Scope([]), cls.__name__)
        assert reading is not POISON
        inputs = tuple(type_of(reading.record, shape, example.dtype) for shape in example.shapes)
        seen = frames.infer_seen(reading.record, inputs)
        try:
            result = frames.infer_frames_given(reading.record, inputs, reading.record.infer(Inference(), *seen))
        except Refusal:
            continue
        node = GraphNode("n", reading.record, "n", ("x",) * len(inputs), "branches.x", Origin(Place((), NOWHERE), ()))
        weights, macs = reading.record.weights(*seen), reading.record.macs(result, *inputs)
        for each in list_numbers(TypedNode(node, result, inputs, weights, True, macs)):
            text = re.sub(r"s(\d)", lambda found: str(OTHERS[Symbol(found[0])]), each.arithmetic or "0")
            wanted = each.value if isinstance(each.value, int) else each.value.evaluate(OTHERS)
            assert each.arithmetic is None or value_of(text) == wanted, (cls, each)
            told += each.arithmetic is not None and not isinstance(each.value, int)
    assert told > 30


OTHERS = {Symbol(f"s{place}"): 997 + 12 * place for place in range(9)}
"""Other values of the sizes of examples than those that arithmetic is tried with."""

MUST_TELL = {"Conv2D": 2, "MaxPooling2D": 2, "ZeroPadding2D": 2, "UpSampling2D": 2, "Flatten": 1, "Reshape": 0}


@pytest.mark.parametrize("name", MUST_TELL)
def test_sizes_that_are_computed_have_arithmetic(name: str) -> None:
    cls = next(each for each in OPS if each.__name__ == name)
    typed = next(typed for index in range(len(cls.examples)) if (typed := typed_of(cls, index)) is not None)
    assert typed.type is not None
    assert sum(each.arithmetic is not None for each in list_numbers(typed)[: typed.type.rank]) >= MUST_TELL[name]


TREES: Any = st.recursive(
    st.integers(1, 9),
    lambda inner: st.tuples(inner, st.sampled_from("+-*/%"), inner),
    max_leaves=12,
)


def told(tree: Any) -> int:
    if isinstance(tree, int):
        return TracedSize(tree)
    left, sign, right = told(tree[0]), tree[1], told(tree[2])
    if sign in "/%" and right == 0:
        return left
    match sign:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return left // right
    return left % right


@given(TREES)
def test_a_text_evaluates_to_its_number(tree: Any) -> None:
    found = told(tree)
    assert value_of(found.text if isinstance(found, TracedSize) else str(found)) == found


SPEC = """version: 1
name: example
branches:
  x:
    input: {kind: image, shape: [64, 64, 3]}
    layers:
      - Conv2D: {filters: 8, kernel_size: 3, name: first}
      - MaxPooling2D
      - GlobalAveragePooling2D
head: [{Dense: {units: 1}}]
"""


def test_how_a_shape_came_to_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(SPEC)
    assert run(["explain", str(path), "branches.x.first"]) == 0
    assert capsys.readouterr().out == (
        "example\n\ninput x (line 4)\n  height    64\n  width     64\n  channels  3\n\n"
        "Conv2D first (line 7)\n  height         62 = (64 - 3) // 1 + 1\n  width          62 = (64 - 3) // 1 + 1\n"
        "  channels       8\n  parameters     224 = 3 * 3 * (3 // 1) * 8 + 8\n"
        "  multiply-adds  830,304 = 62 * 62 * 9 * (3 // 1) * 8\n"
    )
    assert run(["explain", str(path), "branches.x.layers[1]"]) == 0
    assert "31 = (62 - 2) // 2 + 1" in capsys.readouterr().out
    assert run(["explain", str(path), "branches.x.frist"]) == 2
    assert "did you mean `branches.x.first`?" in capsys.readouterr().err
    assert run(["explain", str(path), "x.first"]) == 2
    assert "did you mean `branches.x.first`?" in capsys.readouterr().err


def test_sizes_known_only_at_run_time_have_arithmetic(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(SPEC.replace("[64, 64, 3]", "[null, width, 3]"))
    assert run(["explain", str(path), "branches.x.layers[1]"]) == 0
    out = capsys.readouterr().out
    assert "height         ? - 2 = (? - 3) // 1 + 1" in out
    assert "width     width // 2 - 1 = (width - 2 - 2) // 2 + 1" in out


ROW = re.compile(r"  (\S+) +([\d,]+)(?: = (.+))?")


@pytest.mark.parametrize("name", BACKBONES)
def test_the_layers_of_a_backbone_are_explained(name: str) -> None:
    """Each number is what its arithmetic says, and together they are those of the whole."""
    side = 331 if name.startswith("NASNet") else 96 if "Inception" not in name and name != "Xception" else 150
    text = f"version: 1\nname: n\nbranches: {{x: {{input: {{kind: image, shape: [{side}, {side + 1}, 3]}}, layers: [{{{name}: {{weights: null, include_top: false, name: b}}}}]}}}}\nhead: [Flatten]\n"
    typed = load(text if not name.startswith("NASNet") else text.replace("332", "331")).typed
    assert typed is not None
    node = find(typed, "branches.x.b")
    assert node is not None and node.type is not None
    counted = {"parameters": 0, "multiply-adds": 0}
    *inside, whole = explain(typed, node).split("\n\n")[2:]
    for block in inside:
        rows = [ROW.fullmatch(line) for line in block.splitlines()[1:]]
        for row in rows:
            assert row is not None, block
            value = int(row[2].replace(",", ""))
            assert row[3] is None or value_of(row[3]) == value, block
            counted[row[1]] = counted.get(row[1], 0) + value
    assert (counted["parameters"], counted["multiply-adds"]) == (node.params, node.macs)
    assert f"height         {node.type.sizes[0]}" in whole


def test_an_inner_layer_is_explained_down_to_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "spec.yaml"
    backbone = "MobileNetV2: {weights: null, include_top: false, name: base}"
    path.write_text(
        SPEC.replace("Conv2D: {filters: 8, kernel_size: 3, name: first}", backbone).replace("[64, 64, 3]", "[null, 96, 3]")
    )
    assert run(["explain", str(path), "branches.x.base.block_1_pad", "--rule", "frozen-at-random=ignore"]) == 0
    out = capsys.readouterr().out
    assert "conv Conv1, in MobileNetV2 base (line 7)\n  height         (? - 1) // 2 + 1\n" in out
    assert "channels       96 = 6 * 16" in out and "width     49" in out
    assert "block_2" not in out and "1,280" not in out
    assert run(["explain", str(path), "head"]) == 0
    behind = capsys.readouterr().out
    assert "conv Conv1, in" in behind and "batch norm" not in behind


def test_an_unknown_size_is_told_and_a_mistake_ends_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(SPEC.replace("filters: 8", "filters: eight"))
    assert run(["explain", str(path), "head"]) == 1
    out, err = capsys.readouterr()
    assert "wrong-type" in err and "64" in out + err


@pytest.mark.parametrize("path", sorted((ROOT / "specs").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_address_of_the_specs_is_explained(path: Path) -> None:
    typed = load(path).typed
    assert typed is not None
    for address in list_known_addresses(typed):
        node = find(typed, address)
        assert node is not None
    assert explain(typed, next(reversed(typed.nodes.values()))).count("\n") > len(typed.nodes)
