"""`shape: []`: a number without an axis, of `vector` and `tokens`, against Keras and as data give it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cnnlstm_spec import load

pytest.importorskip("numpy")

from data_specs import NUMBER, open_spec, problems, whole, write_spec

SPEC = """version: 1
name: scalars
branches:
  word: {input: {kind: tokens, shape: []}, layers: [{Embedding: {input_dim: 5, output_dim: 3, mask_zero: true}}]}
  age: {input: {kind: vector, shape: []}, layers: [{Op: {function: expand_dims, axis: -1}}]}
  dose: {input: {kind: vector, shape: []}, layers: [{Rescaling: {scale: 0.5}}, {Reshape: {target_shape: [1]}}]}
fusion: {strategy: concat}
head: [{Dense: {units: 2}}]
"""


def codes(text: str) -> list[str]:
    return [each.code.name for each in load(text).diagnostics]


@pytest.mark.parametrize("kind", ["vector", "tokens"])
@pytest.mark.parametrize(
    ("layers", "code"),
    [("[]", "too-few-axes"), ("[{Dense: {units: 2}}]", "too-few-axes"), ("[LSTM: {units: 2}]", "wrong-rank")],
)
def test_what_needs_an_axis_says_how_to_add_one(kind: str, layers: str, code: str) -> None:
    text = f"version: 1\nname: t\nbranches: {{a: {{input: {{kind: {kind}, shape: []}}, layers: {layers}}}}}\nhead: [{{Dense: {{units: 1}}}}]\n"
    (found,) = load(text).diagnostics
    assert found.code.name == code
    if code == "too-few-axes":
        assert found.help == (
            "`Op: {function: expand_dims, axis: -1}` before it adds the axis, or `Embedding` turns an integer into a vector",
        )


@pytest.mark.parametrize("strategy", ["concat", "gated", "attention, pool: mean"])
@pytest.mark.parametrize("kind", ["vector", "tokens"])
def test_a_fusion_needs_an_axis(strategy: str, kind: str) -> None:
    branch = f"{{input: {{kind: {kind}, shape: []}}}}"
    text = f"version: 1\nname: t\nbranches: {{a: {branch}, b: {branch}}}\nfusion: {{strategy: {strategy}}}\nhead: [{{Dense: {{units: 1}}}}]\n"
    assert codes(text) == ["no-feature-axis"]


def test_only_these_kinds_have_no_axes_and_no_steps_to_mask() -> None:
    assert codes(SPEC) == []
    assert codes(SPEC.replace("kind: vector, shape: []", "kind: sequence, shape: []", 1))[0] == "value-not-allowed"
    assert codes(SPEC.replace("kind: tokens, shape: []", "kind: tokens, shape: [], padding_value: 0"))[:1] == ["no-time-axis"]
    data = "compile: {loss: mse}\ndata: {train: t.csv, inputs: {%s}, targets: {head: {columns: [y, z]}}}\n"
    assert codes(SPEC + data % "word: {length: {max: 3}}") == ["no-effect"]
    assert codes(SPEC + data % "age: {columns: [one, two]}") == ["columns-width"]


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
def test_it_is_what_keras_computes(fresh: Any) -> None:
    import networks

    numpy = pytest.importorskip("numpy")
    compilation = load(SPEC)
    model = compilation.to_keras()
    networks.compare(compilation, model)
    assert [tuple(x.shape) for x in model.inputs] == [(None,)] * 3
    word, age, dose = numpy.array([0, 3]), numpy.array([1.5, 2.0]), numpy.array([4.0, 6.0])
    given = model.predict({"word": word, "age": age, "dose": dose}, verbose=0)
    table, kernel, bias = model.get_weights()
    rows = numpy.concatenate([table[word], age[:, None], dose[:, None] / 2], axis=1)
    assert numpy.abs(given - (rows @ kernel + bias)).max() < 1e-5


@pytest.mark.keras
def test_data_give_one_number_a_sample(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("word,age,y\n1,2.5,0\n3,4.5,1\n2,6.5,0\n")
    branches = "{word: {input: {kind: tokens, shape: []}, layers: [{Embedding: {input_dim: 5, output_dim: 3}}]}, age: {input: {kind: vector, shape: []}, layers: [{Reshape: {target_shape: [1]}}]}}"
    rest = f"fusion: {{strategy: concat}}\n{NUMBER}data: {{train: t.csv, %stargets: {{head: {{column: y}}}}}}\n"
    part = whole(open_spec(write_spec(tmp_path, branches, rest % "")).parts["train"])
    assert part.inputs["word"].tolist() == [1, 3, 2] and part.inputs["age"].tolist() == [2.5, 4.5, 6.5]
    windows = whole(open_spec(write_spec(tmp_path, branches, rest % "window: {sequence_length: 2}, ")).parts["train"])
    (tmp_path / "t.csv").write_text("word,age,y\n1.5,2.5,0\n3,,1\n")
    assert problems(write_spec(tmp_path, branches, rest % "")) == [
        "t.csv, row 1, `word`: the number is not whole, as a token is",
        "t.csv, row 2, `age`: the cell is empty: fill it, or say `missing: drop` or a number",
    ]
    assert windows.inputs["word"].tolist() == [3] and windows.inputs["age"].tolist() == [4.5]
