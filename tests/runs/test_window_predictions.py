"""`predict` on a long table keeps all its rows, in their order; those with which no window ends have no prediction."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy
import pytest
from data_specs import NUMBER, write_spec

from cnnlstm_spec.cli.main import run

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

BRANCHES = "{x: {input: {kind: sequence, shape: [3, 1]}, layers: [Flatten]}}"
STEPS = "head: [{Dense: {units: 2}}, {Reshape: {target_shape: [2, 1]}}]\ncompile: {loss: mse}\n"
DATA = """data:
  train: t.csv
  window: {sequence_length: 3, delay: 1, order: day, group: shop%s}
  inputs: {x: {columns: [sold]}}
  targets: {head: {column: sold}}
fit: {epochs: 1}
"""
DAYS = [(shop, day) for day in range(6) for shop in "ba"]
"""The rows of the table: two shops by turns, and of one of them the last days first."""


def train(folder: Path, head: str, more: str = "") -> str:
    """A run on a table of two groups; gives its folder."""
    rows = [f"{shop},{5 - day if shop == 'a' else day},{day + 10 * (shop == 'b')}" for shop, day in DAYS]
    (folder / "t.csv").write_text("shop,day,sold\n" + "\n".join(rows) + "\n")
    assert run(["train", str(write_spec(folder, BRANCHES, head + DATA % more)), "-o", str(folder / "run")]) == 0
    return str(folder / "run")


@pytest.mark.parametrize(("stride", "days"), [("", {2, 3, 4, 5}), (", sequence_stride: 2", {2, 4})])
def test_rows_are_kept_in_their_order(stride: str, days: set[int], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made, source, output = train(tmp_path, NUMBER, stride), tmp_path / "t.csv", tmp_path / "out.csv"
    assert run(["predict", made, str(source), "-o", str(output)]) == 0
    said = capsys.readouterr()
    assert f"wrote {2 * len(days)} predictions" in said.out
    assert f"{12 - 2 * len(days)} rows have no prediction: no window of 3 rows ends there" in said.err
    with source.open() as first, output.open() as second:
        before, after = list(csv.DictReader(first)), list(csv.DictReader(second))
    assert [{key: row[key] for key in before[0]} for row in after] == before
    assert {(row["shop"], int(row["day"])) for row in after if row["head.prediction"]} == {
        (shop, day) for shop in "ab" for day in days
    }


def test_steps_have_no_numbers_there(tmp_path: Path) -> None:
    made = train(tmp_path, STEPS)
    assert run(["predict", made, str(tmp_path / "t.csv"), "-o", str(tmp_path / "out.npz")]) == 0
    with numpy.load(tmp_path / "out.npz") as found:
        assert found["head.prediction"].shape == (12, 2, 1) and len(found["day"]) == 12
        none = numpy.isnan(found["head.prediction"]).any(axis=(1, 2))
        assert none.tolist() == [int(each) < 2 for each in found["day"].tolist()]


def test_arrays_have_the_numbers_of_all_rows(tmp_path: Path) -> None:
    made = train(tmp_path, NUMBER)
    numpy.savez(tmp_path / "new.npz", sold=numpy.arange(5.0), day=numpy.arange(5), shop=numpy.zeros(5, int))
    assert run(["predict", made, str(tmp_path / "new.npz"), "-o", str(tmp_path / "out.jsonl")]) == 0
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [row["sample"] for row in rows] == ["1", "2", "3", "4", "5"]
    assert [row["head.prediction"] is None for row in rows] == [True, True, False, False, False]
