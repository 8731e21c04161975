"""What the language says, rule by rule: the types, names and counts that small specs give."""

from __future__ import annotations

import pytest

from cnnlstm_spec import Compilation, load

SPEC = "version: 1\nname: small\n{top}branches:\n  x:\n    input: {input}\n    layers: {layers}\nhead: {head}\n"


def read(layers: str = "[]", input: str = "{kind: vector, shape: [4]}", head: str = "[]", top: str = "") -> Compilation:
    """A spec of one branch `x`."""
    return load(SPEC.format(layers=layers, input=input, head=head, top=top))


def good(layers: str = "[]", input: str = "{kind: vector, shape: [4]}", head: str = "[]", top: str = "") -> Compilation:
    compilation = read(layers, input, head, top)
    assert [each.message for each in compilation.diagnostics] == []
    return compilation


def output(compilation: Compilation) -> str:
    assert compilation.typed is not None
    return str(compilation.typed.nodes["head"].type)


def params(compilation: Compilation) -> int:
    assert compilation.typed is not None
    return compilation.typed.params


def names(compilation: Compilation) -> list[str]:
    """The Keras layers of a spec but for its input and output."""
    assert compilation.typed is not None
    return [node.node.id for node in compilation.typed.nodes.values() if not node.node.hidden]


def codes(compilation: Compilation) -> list[str]:
    return [each.code.name for each in compilation.diagnostics]


def test_a_name_alone_is_the_name() -> None:
    assert output(good("[Flatten]")) == output(good("[{Flatten: }]")) == output(good("[{Flatten: {}}]"))


@pytest.mark.parametrize("scalar", ["yes", "'64'", "1:30", "1e1", "64.0", "(3)", "~"])
def test_scalars_that_are_no_counts(scalar: str) -> None:
    assert codes(read(f"[{{Dense: {{units: {scalar}}}}}]")) == ["wrong-type"]
    assert codes(read("[{Dense: {units: 010}}]")) == ["unclear-number"]


@pytest.mark.parametrize("scale", ["1/255", "1e-3", "1/127.5", "-.5", "2", "+1"])
def test_numbers(scale: str) -> None:
    good(f"[{{Rescaling: {{scale: {scale}}}}}]")


def test_sizes_known_only_at_run_time() -> None:
    assert output(good("[]", "{kind: sequence, shape: [frames, 3]}")) == "(steps=frames, features=3)"
    assert codes(read("[{Conv1D: {filters: 2, kernel_size: 3}}]", "{kind: sequence, shape: [frames, 3]}")) == ["depends-on-size"]
    same = "{kind: sequence, shape: [frames, 3]}"
    residual = "[{Residual: {layers: [{Conv1D: {filters: 3, kernel_size: 3, padding: same}}]}}]"
    assert output(good(residual, same)) == "(steps=frames, features=3)"


def test_two_sizes_of_no_name_are_two_sizes() -> None:
    text = """version: 1
name: two
branches:
  a: {input: {kind: sequence, shape: [%s, 3]}}
  b: {input: {kind: sequence, shape: [%s, 3]}}
fusion: {strategy: concat}
head: []
"""
    assert codes(load(text % ("frames", "frames"))) == []
    assert codes(load(text % ("null", "null"))) == ["depends-on-size"]
    assert codes(load(text % ("frames", "steps"))) == ["depends-on-size"]
    assert codes(load(text % ("4", "steps"))) == ["depends-on-size"]
    assert codes(load(text % ("4", "5"))) == ["sizes-differ"]


def test_time_distributed_in_its_three_forms() -> None:
    video = "{kind: video, shape: [5, 8, 8, 3]}"
    forms = ("[Flatten]", "{layers: [Flatten]}", "{layer: Flatten}")
    assert {output(good(f"[{{TimeDistributed: {form}}}]", video)) for form in forms} == {"(frames=5, features=192)"}


def test_repeat() -> None:
    assert params(good("[{Repeat: {times: 0, layers: [{Dense: {units: 9}}]}}]")) == 0
    assert params(good("[{Repeat: {times: 3, layers: [{Dense: {units: 4}}]}}]")) == 3 * 20
    each = "[{Repeat: {each: {units: [2, 3]}, layers: [{Dense: {units: $units, name: 'layer_${index}'}}]}}]"
    assert names(good(each)) == ["layer_0", "layer_1"]


def test_names_of_copies() -> None:
    assert names(good("[{Repeat: {times: 3, layers: [{Dense: {units: 4, name: wide}}]}}]")) == ["wide", "wide_1", "wide_2"]
    assert codes(read("[{Dense: {units: 4, name: wide}}, {Dense: {units: 4, name: wide}}]")) == ["same-name"]


def test_names_in_keras() -> None:
    text = """version: 1
name: two
branches:
  a: {input: {kind: vector, shape: [4]}, layers: [{Dense: {units: 2, name: wide}}, ReLU]}
  b: {input: {kind: vector, shape: [4]}, layers: [{Dense: {units: 2, name: wide}}, {Dense: {units: 3, name: own}}]}
fusion: {strategy: concat}
head: []
"""
    assert names(load(text)) == ["a_wide", "a_re_lu", "b_wide", "own", "fusion"]


def test_parallel_merges_in_the_order_written() -> None:
    assert output(good("[{Parallel: {paths: {a: [{Dense: {units: 3}}], same: []}, merge: concat}}]")) == "(features=7)"
    assert codes(read("[{Parallel: {paths: {a: []}, merge: {strategy: concat, inputs: [a]}}}]")) == ["unknown-key"]
    assert codes(read("[{Parallel: {paths: {a: []}, merge: {strategy: concat, name: a}}}]")) == ["unknown-key"]


def test_residual() -> None:
    assert params(good("[{Residual: {layers: [{Dense: {units: 4}}]}}]")) == 20
    assert params(good("[{Residual: {layers: [{Dense: {units: 6}}], shortcut: projection}}]")) == 60
    assert params(good("[{Residual: {layers: [{Dense: {units: 4}}], shortcut: projection}}]")) == 40
    assert codes(read("[{Residual: {layers: [{Dense: {units: 6}}]}}]")) != []


def test_variables() -> None:
    top = "vars: {width: 8, other: '${width}', options: {units: 3}, list: [{Dense: {units: 2}}], scale: 0.5}\n"
    top += "rules: {unused-definition: ignore}\n"
    assert output(good("[{Dense: {units: $width}}]", top=top)) == "(features=8)"
    assert output(good('[{Dense: {units: "${width * (2 + 1) // 5 - 1}"}}]', top=top)) == "(features=3)"
    assert output(good("[{Dense: {units: $other}}]", top=top)) == "(features=8)"
    assert output(good("[{Dense: $options}]", top=top)) == "(features=3)"
    assert output(good("$list", top=top)) == "(features=2)"
    assert names(good('[{Dense: {units: 2, name: "w${width}_x"}}]', top=top)) == ["w8_x"]
    assert codes(read("[{Dense: {units: $scale}}]", top=top)) == ["wrong-type"]
    assert codes(read('[{Dense: {units: "${width / 2}"}}]', top=top)) == ["wrong-type"]


BLOCK = """vars: {units: 7}
blocks:
  wide:
    parameters: {units: required, activation: relu}
    layers: [{Dense: {units: $units, activation: $activation}}]
"""


def test_blocks() -> None:
    assert output(good("[{wide: {units: 3}}]", top=BLOCK)) == "(features=3)"
    assert output(good("[{wide: {units: $units}}]", top=BLOCK)) == "(features=7)"
    assert params(good("[{wide: {units: 4}}, {wide: {units: 4}}]", top=BLOCK)) == 40
    assert params(good("[{wide: {units: 4, share: w}}, {wide: {units: 4, share: w}}]", top=BLOCK)) == 20
    assert codes(read("[wide]", top=BLOCK)) == ["missing-key"]
    assert codes(read("[{wide: {units: 4, rate: 1}}]", top=BLOCK)) == ["unknown-key"]


def test_sharing() -> None:
    assert params(good("[{Dense: {units: 4, share: s}}, {Dense: {units: 4, share: s}}]")) == 20
    assert codes(read("[{Dense: {units: 4, share: s}}, {Dense: {units: 4, use_bias: false, share: s}}]")) == ["shared-unlike"]
    text = """version: 1
name: two
branches:
  a: {input: {kind: vector, shape: [4]}, layers: [{Dense: {units: 2}}]}
  b: {input: {kind: vector, shape: [4]}, share_layers_with: a, layers: [{Dense: {units: 2}}]}
fusion: {strategy: concat}
head: []
"""
    assert params(load(text)) == 10 + 6


def test_anchors_and_merge_keys() -> None:
    top = "x-options: &options {units: 3, activation: relu}\n"
    assert output(good("[{Dense: *options}, {Dense: {<<: *options, units: 5}}]", top=top)) == "(features=5)"
    assert codes(read(top="z-options: {}\n")) == ["unknown-key"]


def test_nothing_written_is_ignored() -> None:
    assert codes(read("[{Dense: {units: 4, unit: 5}}]")) == ["unknown-key"]
    assert codes(read("[{Dense: {units: 4, units: 4}}]")) == ["duplicate-key"]
    assert codes(read("[{Dropout: {rate: 0.5}, Flatten: }]")) == ["arguments-not-indented"]


def test_ten_mistakes_give_ten_messages() -> None:
    wrong = [f"{{Dense: {{units: {value}}}}}" for value in ("a", "-1", "[1]", "true", "0", "null", "1.5", "$a", "{}", "'4'")]
    assert len(codes(read(f"[{', '.join(wrong)}]"))) == 10


def test_what_follows_a_mistake_is_silent() -> None:
    assert codes(read("[{Dense: {units: a}}, LSTM, {Conv2D: {filters: 3, kernel_size: 3}}]")) == ["wrong-type", "missing-key"]
    assert codes(read("[Nonsense, {LSTM: {units: 3}}]")) == ["unknown-layer"]
    # Whatever it was to be, `Flatten` gives a vector.
    assert codes(read("[Nonsense, Flatten, {LSTM: {units: 3}}]")) == ["unknown-layer", "wrong-rank"]
