"""What is said of a table that is not what the spec reads: the row that is broken, the separator, the column that is meant."""

from __future__ import annotations

from pathlib import Path

import pytest
from data_specs import CLASSES, problems, write_spec

from cnnlstm_spec import load
from cnnlstm_spec.runs.reading.check import check_all

pytestmark = pytest.mark.keras

ROWS = "{v: {input: {kind: vector, shape: [2]}, layers: []}}"


def write_table(folder: Path, text: str, source: str = "t.csv") -> Path:
    name = source.partition(",")[0].removeprefix("{path: ")
    (folder / name).write_text(text, encoding="utf-8")
    inputs = "inputs: {v: {columns: [Alter, druck]}}, targets: {head: {column: art}}"
    return write_spec(folder, ROWS, f"{CLASSES}data: {{train: {source}, {inputs}}}\n")


def test_a_broken_row_is_named(tmp_path: Path) -> None:
    path = write_table(tmp_path, 'Alter,druck,art\n1,2,a\n3,"4\n4",b\n1,2,c,9\n')
    assert problems(path) == ["t.csv, row 3: a row has more cells than the header"]
    (found,) = check_all(load(path)).problems
    assert (found.file, found.row, found.code) == ("t.csv", 3, "not-readable")
    lines = '{"Alter": 1, "druck": 2, "art": "a"}\n\n{"Alter": 1,\n'
    assert problems(write_table(tmp_path, lines, "t.jsonl")) == ["t.jsonl, row 2: the line is no mapping in JSON"]


def test_another_separator_is_told(tmp_path: Path) -> None:
    found = problems(write_table(tmp_path, "Alter;druck;art\n1;2;a\n"))
    way = "its header is one cell with `;` in it: give the source `separator: ';'`"
    assert found[0] == f"t.csv, `Alter`: there is no such column, which the branch `v` reads; {way}"
    whole = "Alter;druck;art\n" + "".join(f"1;2;{each}\n" for each in "abc")
    assert problems(write_table(tmp_path, whole, "{path: t.csv, separator: ';'}")) == []


def test_a_column_that_is_meant_is_named(tmp_path: Path) -> None:
    found = problems(write_table(tmp_path, "alter, druck,Art \n1,2,a\n"))
    assert [each.rpartition("; ")[2] for each in found] == ["did you mean `alter`?", "did you mean `Art `?"]
    assert problems(write_table(tmp_path, "Alter,pressure,art\n1,2,a\n1,2,b\n1,2,c\n")) == [
        "t.csv, `druck`: there is no such column, which the branch `v` reads"
    ]


def test_a_share_alone_is_told(tmp_path: Path) -> None:
    path = write_spec(tmp_path, ROWS, f"{CLASSES}data: {{train: t.csv, validation: 0.2}}\n")
    (found,) = load(path).diagnostics
    assert found.help == ("write `{fraction: 0.2}`",)


def test_a_column_far_from_the_others_is_named(tmp_path: Path) -> None:
    dense = ROWS.replace("layers: []", "layers: [{Dense: {units: 2}}]")
    rest = f"{CLASSES}data: {{train: t.csv, inputs: {{v: {{columns: [near, far]}}}}, targets: {{head: {{column: art}}}}}}\n"

    def find_hints(far: list[float]) -> list[str]:
        lines = [f"{row % 3},{each},{'abc'[row % 3]}" for row, each in enumerate(far)]
        (tmp_path / "t.csv").write_text("near,far,art\n" + "\n".join(lines) + "\n")
        return check_all(load(write_spec(tmp_path, dense, rest))).hints

    way = "and `Dense` reads them so: `Normalization` before it brings them near 1"
    assert find_hints([1000.0, 2000.0, 3000.0] * 4) == [f"the numbers of `v` go from 0 to 3000 (`far` 2000 ± 816.5), {way}"]
    assert find_hints([10.0, 10.01, 10.02] * 4) == [f"the numbers of `v` go from 0 to 10.02 (`far` 10.01 ± 0.008165), {way}"]
    # One number far from all others, and a rare yes, are no matter of scale.
    assert find_hints([0.0] * 999 + [500.0]) == [] and find_hints([0.0] * 999 + [1.0]) == []


def test_every_cell_that_is_amiss_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_table(tmp_path, "Alter,druck,art\n" + "".join(f"x,2,{'abc'[row % 3]}\n" for row in range(3000)))
    report = check_all(load(path))
    assert len(report.problems) == 3000 and "3000 problems" in report.to_text() and report.hints == []
    assert problems(path)[-1] == "and 2000 more"
    monkeypatch.setattr("cnnlstm_spec.runs.reading.check.MANY", 10)
    assert check_all(load(path)).hints[0] == "2,990 more problems are not listed"
