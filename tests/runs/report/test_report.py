"""The report of a run: the worst samples with what they hold, and what each branch gives, whatever its lengths."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from cnnlstm_spec.cli.main import run

numpy = pytest.importorskip("numpy")
pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

SPEC = """
version: 1
name: small
branches:
  series: {input: {kind: sequence, shape: [steps, 2], padding_value: 9}, layers: [{GRU: {units: 2}}]}
  who: {input: {kind: vector, shape: [3]}}
  word: {input: {kind: tokens, shape: [2]}, layers: [{Embedding: {input_dim: 9, output_dim: 2}}, Flatten]}
fusion: {strategy: concat}
heads: {sick: [{Dense: {units: 1, activation: sigmoid}}]}
compile: {loss: binary_crossentropy}
data:
  train: train.jsonl
  test: train.jsonl
  inputs: {who: {columns: [age, {column: sex, one_hot: [f, m]}]}}
fit: {epochs: 3}
"""


def test_what_a_report_shows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import numpy

    draw = numpy.random.default_rng(0)
    rows = [
        {
            "series": draw.normal(size=(3 + number % 4, 2)).tolist(),
            "age": 40.5 + number,
            "sex": "fm"[number % 2],
            "word": [number % 9, 7],
            "sick": number % 2,
        }
        for number in range(12)
    ]
    (tmp_path / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "spec.yaml").write_text(SPEC)
    assert run(["train", str(tmp_path / "spec.yaml"), "-o", str(tmp_path / "run")]) == 0, capsys.readouterr().err
    page = (tmp_path / "run" / "report.html").read_text("utf-8")
    shown = re.findall(r"<br>who: age ([\d.]+), sex=f ([01]), sex=m ([01])<br>word: (\d), 7<", page)
    assert 1 <= len(shown) <= 8
    for age, woman, man, word in shown:
        number = int(float(age) - 40.5)
        assert (int(woman), int(man), int(word)) == (1 - number % 2, number % 2, number % 9)
    given = page[page.index("What each branch gives") :]
    assert all(f"<td>{name}</td>" in given for name in ("as it is", "series", "who", "word"))


STEPS = [[0.9, 0.1], [0.7, 0.3]]
"""What a head gives of a sample with two steps."""


@pytest.mark.parametrize(
    ("sort", "encoding", "values", "truth", "shown"),
    [
        ("classes", "integer", [[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]], [0, 1, 1], ["2 v, taken for u (60%)"]),
        ("classes", "binary", [[0.2], [0.4], [0.45]], [0, 1, 0], ["2 v, taken for u (60%)", "3 u, taken for v (45%)"]),
        ("labels", "multi_hot", [[0.9, 0.6], [0.1, 0.35], [0.4, 0.9]], [[1, 1], [0, 1], [0, 1]], ["2 v: 0.350"]),
        ("numbers", "real", [[1.0], [2.5], [3.0]], [[1.0], [2.0], [3.0]], ["2 2, predicted 2.5"]),
        ("classes", "binary", [[0.2], [0.5]], [0, 1], []),
        ("classes", "integer", [STEPS, [[0.2, 0.8]] * 2], [[0, 1], [1, 1]], ["1 step 2: v, taken for u (70%)"]),
    ],
)
def test_what_is_right_is_not_most_wrong(sort: Any, encoding: Any, values: Any, truth: Any, shown: list[str]) -> None:
    """Each is right or wrong by the threshold of its head, here 0.42."""
    from cnnlstm_spec.runs.measure.predict import Predicted
    from cnnlstm_spec.runs.report.samples import find_worst
    from cnnlstm_spec.runs.samples import ArrayPart, HeadTarget

    target = HeadTarget("head", sort, encoding, ("u", "v"))
    part = ArrayPart({"x": numpy.zeros((len(values), 1))}, {"head": target}, {"head": numpy.asarray(truth)})
    predicted = Predicted(tuple(map(numpy.asarray, values)), tuple(map(numpy.asarray, truth)))
    found = find_worst(part, predicted, target, False, 0.42)
    assert [f"{each.place + 1} {each.words}" for each in found] == shown
