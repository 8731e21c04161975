"""What a layer measures of the data: not of steps that a mask leaves out, whoever makes it, and of a row in many windows once."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest
from data_specs import NUMBER, open_spec, problems, whole, write_spec

from cnnlstm_spec import load

numpy = pytest.importorskip("numpy")
pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore")]

SERIES = "input: {kind: sequence, shape: [steps, 2]%s}"
EACH_STEP = "{TimeDistributed: {layers: [Normalization, {Dense: {units: 2}}]}}"
BRANCHES = {
    "padding_value": f"{SERIES % ', padding_value: -1'}, layers: [Normalization, {{LSTM: {{units: 2}}}}]",
    "mask_input": f"{SERIES % ', mask_input: real'}, layers: [Normalization, {{LSTM: {{units: 2}}}}]",
    "Masking": f"{SERIES % ''}, layers: [Masking, Normalization, {{LSTM: {{units: 2}}}}]",
    "Masking of another value": f"{SERIES % ''}, layers: [{{Masking: {{mask_value: -7}}}}, Normalization, {{LSTM: {{units: 2}}}}]",
    "within TimeDistributed": f"{SERIES % ', padding_value: 0'}, layers: [{EACH_STEP}, {{LSTM: {{units: 2}}}}]",
}


def measure(path: Path) -> dict[str, object]:
    """The arguments that the only open layer of a spec has measured."""
    from cnnlstm_spec.runs.adapt import adapt_layers

    (found,) = adapt_layers(load(path), open_spec(path).parts["train"], partial(load, path)).values()
    return found


@pytest.mark.parametrize("branch", BRANCHES.values(), ids=BRANCHES)
def test_padded_steps_are_not_measured(branch: str, tmp_path: Path) -> None:
    draw = numpy.random.default_rng(0)
    series = [draw.normal(50, 3, (1 + sample % 6, 2)) for sample in range(40)]
    rows = [json.dumps({"x": each.tolist(), "head": 1.0}) for each in series]
    (tmp_path / "t.jsonl").write_text("\n".join(rows) + "\n")
    found = measure(write_spec(tmp_path, f"{{x: {{{branch}}}}}", f"{NUMBER}data: {{train: t.jsonl}}\n"))
    every = numpy.concatenate(series).astype("float32")
    assert found["mean"] == pytest.approx(every.mean(0).tolist(), rel=1e-5)
    assert found["variance"] == pytest.approx(every.var(0).tolist(), rel=1e-4)


@pytest.mark.parametrize("layers", ["[Normalization, Flatten]", f"[{EACH_STEP}, Flatten]"])
def test_a_row_in_many_windows_counts_once(layers: str, tmp_path: Path) -> None:
    values = numpy.random.default_rng(0).normal(5, 2, 20).round(3)
    (tmp_path / "t.csv").write_text("a,b\n" + "".join(f"{each},{2 * each}\n" for each in values.tolist()))
    data = "data: {train: t.csv, window: {sequence_length: 4}, inputs: {x: {columns: [a, b]}}, targets: {head: {column: a}}}\n"
    found = measure(write_spec(tmp_path, f"{{x: {{input: {{kind: sequence, shape: [4, 2]}}, layers: {layers}}}}}", NUMBER + data))
    # The last row is a target alone.
    assert found["mean"] == pytest.approx([values[:-1].mean(), 2 * values[:-1].mean()], rel=1e-5)


def test_samples_are_filled_up_with_what_is_masked(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text('{"x": [[1, 2]], "head": 1}\n{"x": [[1, 2], [3, 4]], "head": 2}\n')
    layers, data = "{Masking: {mask_value: -7}}, {LSTM: {units: 2}}", f"{NUMBER}data: {{train: t.jsonl}}\n"
    path = write_spec(tmp_path, f"{{x: {{{SERIES % ''}, layers: [{layers}]}}}}", data)
    assert whole(open_spec(path).parts["train"]).inputs["x"][0].tolist() == [[1, 2], [-7, -7]]
    # Behind a layer that changes them no filling is known to be what it looks for.
    path = write_spec(tmp_path, f"{{x: {{{SERIES % ''}, layers: [{{Rescaling: {{scale: 2}}}}, {layers}]}}}}", data)
    with pytest.raises(Exception, match="neither padding nor mask"):
        whole(open_spec(path).parts["train"])
    assert problems(path) == []
