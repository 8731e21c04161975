"""Cells of CSV, which a spreadsheet reads: nothing of a spec is a formula there, and numbers stay numbers."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from cnnlstm_spec.cli.main import run
from cnnlstm_spec.text.escape.csv import to_csv

FORMULAS = ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\n=1", "  =1", '=HYPERLINK("http://x")', "\uff1d1", "-", "-a"]
PLAIN = ["1", "-1", "-1.5e-3", "+2", "a=1", "", "0", "1-1", "relu", "a\n=1", "32 * n", "'=1"]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_marked_as_text(text: str) -> None:
    assert list(csv.reader(io.StringIO(to_csv([[text]]), newline=""))) == [[f"'{text}"]]


@pytest.mark.parametrize("text", PLAIN)
def test_all_else_stays(text: str) -> None:
    assert list(csv.reader(io.StringIO(to_csv([[text, "x"]]), newline=""))) == [[text, "x"]]


def test_the_costs_of_variants_hold_no_formula(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.yaml"
    branch = "{input: {kind: vector, shape: [4]}, layers: [{Dense: {units: 2, activation: $act}}]}"
    values = "\"=cmd|'/c calc'!A0\", '@SUM(1)', relu"
    path.write_text(
        f"version: 1\nname: x\nbranches: {{a: {branch}}}\nhead: []\nvars: {{act: relu}}\nmatrix: {{vars.act: [{values}]}}\n"
    )
    assert run(["shapes", str(path), "--format", "csv"]) == 1
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["vars.act"] for row in rows] == ["'=cmd|'/c calc'!A0", "'@SUM(1)", "relu"]


def test_every_end_of_line_in_a_cell_is_one() -> None:
    assert list(csv.reader(io.StringIO(to_csv([["a\rb", "\r=1", "c\r\nd"]]), newline=""))) == [["a\nb", "'\n=1", "c\nd"]]
