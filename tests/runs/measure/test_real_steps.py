"""Steps that are padding count in no figure, whichever layer makes the mask: as many are counted as Keras's own metric counts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from data_specs import open_spec, write_spec

from cnnlstm_spec import load

numpy = pytest.importorskip("numpy")
pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore")]

LSTM = "{LSTM: {units: 3, return_sequences: true}}"
NUMBERS = "input: {kind: sequence, shape: [steps, 2]%s}"
BRANCHES = {
    "mask_zero": f"input: {{kind: tokens, shape: [steps]}}, layers: [{{Embedding: {{input_dim: 9, output_dim: 4, mask_zero: true}}}}, {LSTM}]",
    "Masking": f"{NUMBERS % ''}, layers: [Masking, {LSTM}]",
    "Masking of another value": f"{NUMBERS % ''}, layers: [{{Masking: {{mask_value: -7.0}}}}, {LSTM}]",
    "padding_value": f"{NUMBERS % ', padding_value: 0'}, layers: [{LSTM}]",
    "mask_input": f"{NUMBERS % ', mask_input: real'}, layers: [{LSTM}]",
}
HEAD = "head: [{Dense: {units: 3, activation: softmax}}]\ncompile: {loss: sparse_categorical_crossentropy, metrics: [accuracy]}\n"


def write_tags(folder: Path, branch: str) -> Path:
    """A spec with a class for each step, and samples of 1 to 5 of them."""
    draw = numpy.random.default_rng(0)
    with (folder / "t.jsonl").open("w") as stream:
        for sample in range(40):
            steps = 1 + sample % 5
            values = (draw.integers(1, 9, steps) if "tokens" in branch else draw.normal(size=(steps, 2))).tolist()
            tags = draw.choice(list("abc"), steps).tolist()
            stream.write(json.dumps({"x": values, "head": tags}) + "\n")
    return write_spec(folder, f"{{x: {{{branch}}}}}", f"{HEAD}data: {{train: t.jsonl}}\n")


@pytest.mark.parametrize("branch", BRANCHES.values(), ids=BRANCHES)
def test_they_count_in_no_figure(branch: str, tmp_path: Path) -> None:
    from cnnlstm_spec.runs.measure.of_run import measure_part

    path = write_tags(tmp_path, branch)
    compilation, part = load(path), open_spec(path).parts["train"]
    found = measure_part(compilation, compilation.to_keras(), part, "train", {}).evaluation
    counted, figures = part.count_classes("head").tolist(), found.heads["head"]
    assert figures.classes is not None and figures.confusion is not None
    assert [each.samples for each in figures.classes.values()] == [sum(row) for row in figures.confusion] == counted
    right = sum(figures.confusion[place][place] for place in range(3)) / sum(counted)
    assert found.metrics["accuracy"].value == pytest.approx(right)


def test_a_branch_of_another_sample_leaves_the_steps_as_they_are(tmp_path: Path) -> None:
    from cnnlstm_spec.runs.measure.predict import make_heads, predict

    path = write_tags(tmp_path, BRANCHES["padding_value"])
    compilation, part = load(path), open_spec(path).parts["train"]
    heads, model = make_heads(compilation), compilation.to_keras()
    plain = predict(model, part, heads)["head"]
    turned = predict(model, part, heads, lambda inputs, _: {"x": inputs["x"][::-1]})["head"]
    assert [each.shape for each in turned.values] == [each.shape for each in plain.values]
    assert [each.tolist() for each in turned.targets] == [each.tolist() for each in plain.targets]
