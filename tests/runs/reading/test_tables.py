"""Tables: cells to numbers, words and labels; shares of `train`; what is amiss is told by file and row, all at once."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import numpy
import polars
import pytest
from data_specs import BINARY, CLASSES, NUMBER, open_spec, problems, whole, write_spec

from cnnlstm_spec import load
from cnnlstm_spec.runs.finished import Finished
from cnnlstm_spec.runs.samples import DataError

pytestmark = pytest.mark.keras

VECTOR = "{x: {input: {kind: vector, shape: [2]}}}"
COLUMNS = "data: {train: t.csv, inputs: {x: {columns: [a, b]}}, targets: {head: {column: y}}"


def table(folder: Path, rows: int = 12, name: str = "t.csv") -> None:
    lines = [f"{i},{i / 2},{'uvw'[i % 3]},m{i // 3},{2000 + i}" for i in range(rows)]
    (folder / name).write_text("a,b,y,machine,date\n" + "\n".join(lines) + "\n")


def test_numbers_and_classes(tmp_path: Path) -> None:
    table(tmp_path)
    data = open_spec(write_spec(tmp_path, VECTOR, f"{CLASSES}{COLUMNS}}}\n"))
    batch = whole(data.parts["train"])
    assert batch.inputs["x"].dtype == numpy.float32
    assert batch.inputs["x"].tolist() == [[i, i / 2] for i in range(12)]
    assert batch.targets["head"].tolist() == [i % 3 for i in range(12)] and batch.targets["head"].dtype == numpy.int32
    assert data.targets["head"].names == ("u", "v", "w")
    assert data.facts["sources"]["train"][0]["rows"] == 12 and len(data.facts["sources"]["train"][0]["sha256"]) == 64


@pytest.mark.parametrize("ending", ["tsv", "parquet", "jsonl", "csv"])
def test_formats(tmp_path: Path, ending: str) -> None:
    frame = polars.DataFrame({"a": [1, 2, 3], "b": [0.5, 1.5, 2.5], "y": ["u", "v", "w"]})
    path = tmp_path / f"t.{ending}"
    writers = {
        "tsv": lambda: frame.write_csv(path, separator="\t"),
        "parquet": lambda: frame.write_parquet(path),
        "jsonl": lambda: frame.write_ndjson(path),
        "csv": lambda: frame.write_csv(path, include_bom=True),
    }
    writers[ending]()
    more = f"data: {{train: t.{ending}, inputs: {{x: {{columns: [a, b]}}}}, targets: {{head: {{column: y}}}}}}\n"
    batch = whole(open_spec(write_spec(tmp_path, VECTOR, CLASSES + more)).parts["train"])
    assert batch.inputs["x"].tolist() == [[1, 0.5], [2, 1.5], [3, 2.5]] and batch.targets["head"].tolist() == [0, 1, 2]


def test_a_separator_and_several_tables(tmp_path: Path) -> None:
    (tmp_path / "p-1.csv").write_text("a;b;y\n1;2;u\n3;4;v\n")
    (tmp_path / "p-2.csv").write_text("y;a;b\nw;5;6\n")
    data = "data: {train: {path: 'p-*.csv', separator: ';'}, inputs: {x: {columns: [a, b]}}, targets: {head: {column: y}}}\n"
    part = open_spec(write_spec(tmp_path, VECTOR, CLASSES + data)).parts["train"]
    assert whole(part).inputs["x"].tolist() == [[1, 2], [3, 4], [5, 6]] and whole(part).targets["head"].tolist() == [0, 1, 2]
    data = data.replace("{path: 'p-*.csv', separator: ';'}", "[{path: p-1.csv, separator: ;}, {path: p-2.csv, separator: ;}]")
    assert len(open_spec(write_spec(tmp_path, VECTOR, CLASSES + data)).parts["train"]) == 3


def test_words_as_numbers_and_missing_cells(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("age,sex,y\n30,f,0\n,m,1\n50,m,1\n")
    branches = "{x: {input: {kind: vector, shape: [3]}}}"
    base = "data: {train: t.csv, inputs: {x: {columns: [age, {column: sex, one_hot: [f, m]}]%s}}, targets: {head: {column: y}}}\n"
    assert problems(write_spec(tmp_path, branches, BINARY + base % "")) == [
        "t.csv, row 2, `age`: the cell is empty: fill it, or say `missing: drop` or a number"
    ]
    part = open_spec(write_spec(tmp_path, branches, BINARY + base % ", missing: -1")).parts["train"]
    assert whole(part).inputs["x"].tolist() == [[30, 1, 0], [-1, 0, 1], [50, 0, 1]]
    part = open_spec(write_spec(tmp_path, branches, BINARY + base % ", missing: drop")).parts["train"]
    assert whole(part).inputs["x"].tolist() == [[30, 1, 0], [50, 0, 1]]
    assert whole(part).targets["head"].tolist() == [[0], [1]]


def test_a_list_in_a_cell(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text('{"x": [1, 2], "head": 3.5}\n{"x": [3, 4], "head": 4.5}\n')
    part = open_spec(write_spec(tmp_path, VECTOR, f"{NUMBER}data: {{train: t.jsonl}}\n")).parts["train"]
    assert whole(part).inputs["x"].tolist() == [[1, 2], [3, 4]] and whole(part).targets["head"].tolist() == [[3.5], [4.5]]


def test_one_number_is_its_own_column(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x,head\n1,2\n3,4\n")
    branches = "{x: {input: {kind: vector, shape: [1]}}}"
    part = open_spec(write_spec(tmp_path, branches, f"{NUMBER}data: {{train: t.csv}}\n")).parts["train"]
    assert whole(part).inputs["x"].tolist() == [[1], [3]]


TARGETS = [
    ("units: 2, activation: softmax", "categorical_crossentropy", "column: y", [[0, 1], [1, 0], [0, 1]]),
    ("units: 2, activation: softmax", "sparse_categorical_crossentropy", "column: y, classes: [w, v]", [0, 1, 0]),
    ("units: 1, activation: sigmoid", "binary_crossentropy", "column: y", [[1], [0], [1]]),
    ("units: 1, activation: sigmoid", "binary_crossentropy", "column: y, classes: [v, w]", [[1], [0], [1]]),
    ("units: 3, activation: sigmoid", "binary_crossentropy", "column: tags, separator: '|'", [[1, 1, 0], [0, 0, 0], [0, 0, 1]]),
    ("units: 2, activation: sigmoid", "binary_crossentropy", "columns: [p, q]", [[1, 0], [0, 1], [1, 1]]),
    ("units: 2", "mse", "columns: [p, q]", [[1, 0], [0, 1], [1, 1]]),
]


@pytest.mark.parametrize(("dense", "loss", "source", "expected"), TARGETS)
def test_targets_reach_the_loss_as_it_needs_them(tmp_path: Path, dense: str, loss: str, source: str, expected: object) -> None:
    (tmp_path / "t.csv").write_text("a,b,y,tags,p,q\n1,2,w,r|s,1,0\n3,4,v,,0,1\n5,6,w,t,1,1\n")
    more = f"head: [{{Dense: {{{dense}}}}}]\ncompile: {{loss: {loss}}}\n"
    more += f"data: {{train: t.csv, inputs: {{x: {{columns: [a, b]}}}}, targets: {{head: {{{source}}}}}}}\n"
    assert whole(open_spec(write_spec(tmp_path, VECTOR, more)).parts["train"]).targets["head"].tolist() == expected


def test_a_scaled_number(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b,y\n1,2,100\n3,4,300\n")
    more = (
        f"{NUMBER}data: {{train: t.csv, inputs: {{x: {{columns: [a, b]}}}}, targets: {{head: {{column: y, scale: standard}}}}}}\n"
    )
    data = open_spec(write_spec(tmp_path, VECTOR, more))
    assert whole(data.parts["train"]).targets["head"].tolist() == [[-1], [1]]
    assert (data.targets["head"].mean, data.targets["head"].spread) == (200, 100)


def test_weights(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b,y,w\n1,2,u,0.5\n3,4,v,2\n5,6,w,0\n")
    part = open_spec(write_spec(tmp_path, VECTOR, f"{CLASSES}{COLUMNS}, sample_weight: {{column: w}}}}\n")).parts["train"]
    assert whole(part).weights["head"].tolist() == [0.5, 2, 0]


def test_what_is_predicted_needs_no_weights(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b,y,w\n1,2,u,0.5\n3,4,v,2\n5,6,w,0\n")
    (tmp_path / "new.csv").write_text("a,b\n7,8\n")
    path = write_spec(tmp_path, VECTOR, f"{CLASSES}{COLUMNS}, sample_weight: {{column: w}}}}\n")
    opened = Finished(load(path), tmp_path / "model.keras", None).open_part(str(tmp_path / "new.csv"), targets=False)
    assert whole(opened.part).inputs["x"].tolist() == [[7, 8]] and opened.targets["head"].names == ("u", "v", "w")


def ids(data: object, part: str) -> list[int]:
    """What tells the samples of a part apart: the numbers of column `a`."""
    return sorted(int(each) for each in whole(data.parts[part]).inputs["x"][:, 0].tolist())  # type: ignore[attr-defined]


def test_a_fraction_is_exact_and_of_the_whole(tmp_path: Path) -> None:
    table(tmp_path, 101)
    more = f"{CLASSES}{COLUMNS}, validation: {{fraction: 0.2}}, test: {{fraction: 0.1}}}}\n"
    data = open_spec(write_spec(tmp_path, VECTOR, more))
    assert [len(data.parts[part]) for part in ("train", "validation", "test")] == [71, 20, 10]
    held = [ids(data, part) for part in ("train", "validation", "test")]
    assert sorted(chain(*held)) == list(range(101))
    again = open_spec(write_spec(tmp_path, VECTOR, more))
    assert [ids(again, part) for part in ("train", "validation", "test")] == held
    other = open_spec(write_spec(tmp_path, VECTOR, more.replace("data: {", "data: {seed: 1, ")))
    assert ids(other, "validation") != held[1]
    model = open_spec(write_spec(tmp_path, VECTOR, "seed: 7\n" + more))
    assert ids(model, "validation") == held[1]


def test_rows_added_later_move_few_others(tmp_path: Path) -> None:
    more = f"{CLASSES}{COLUMNS}, validation: {{fraction: 0.2}}}}\n"
    table(tmp_path, 100)
    before = set(ids(open_spec(write_spec(tmp_path, VECTOR, more)), "validation"))
    table(tmp_path, 110)
    after = set(ids(open_spec(write_spec(tmp_path, VECTOR, more)), "validation"))
    assert len(after) == 22 and len(before - after) <= 4


def test_stratify_and_group(tmp_path: Path) -> None:
    table(tmp_path, 60)
    data = open_spec(write_spec(tmp_path, VECTOR, f"{CLASSES}{COLUMNS}, validation: {{fraction: 0.2, stratify: y}}}}\n"))
    assert numpy.bincount(whole(data.parts["validation"]).targets["head"]).tolist() == [4, 4, 4]
    data = open_spec(write_spec(tmp_path, VECTOR, f"{CLASSES}{COLUMNS}, validation: {{fraction: 0.2, group: machine}}}}\n"))
    machines = [{each // 3 for each in ids(data, part)} for part in ("train", "validation")]
    assert not machines[0] & machines[1] and len(data.parts["validation"]) == 12
    assert list(data.parts["validation"].groups or ())[:1] == [f"m{ids(data, 'validation')[0] // 3}"]


def test_the_last_rows(tmp_path: Path) -> None:
    table(tmp_path, 20)
    more = f"{CLASSES}{COLUMNS}, validation: {{last: 0.2, order: date}}, test: {{last: 0.1, order: date}}}}\n"
    data = open_spec(write_spec(tmp_path, VECTOR, more))
    assert ids(data, "test") == [18, 19] and ids(data, "validation") == [14, 15, 16, 17]


def test_where(tmp_path: Path) -> None:
    table(tmp_path, 12)
    data = open_spec(write_spec(tmp_path, VECTOR, f"{CLASSES}{COLUMNS}, validation: {{where: {{machine: m1}}}}}}\n"))
    assert ids(data, "validation") == [3, 4, 5]


def test_folds(tmp_path: Path) -> None:
    table(tmp_path, 32)
    for more in ("", ", stratify: y", ", group: machine"):
        spec = write_spec(tmp_path, VECTOR, f"{CLASSES}{COLUMNS}, validation: {{folds: 4{more}}}}}\n")
        folds = [ids(open_spec(spec, fold=fold), "validation") for fold in range(4)]
        assert sorted(chain(*folds)) == list(range(32))
        assert max(map(len, folds)) - min(map(len, folds)) <= (3 if "group" in more else 1)


ONE_CLASS = "t.csv, `y`: there are 1 classes; `head` tells 3 apart: write them as `classes`"
MISTAKES = [
    ("a,b\n1,2\n", ["t.csv, `y`: there is no such column, which the head `head` is to learn"]),
    ("a,y\n1,u\n", ["t.csv, `b`: there is no such column, which the branch `x` reads", ONE_CLASS]),
    ("", ["t.csv: it is empty"]),
    ("a,b,a,y\n1,2,3,u\n", ["t.csv: its header names `a` twice"]),
    ("a,b,y\n", ["t.csv: it has no row"]),
    ("a,b,y\n1,2,u,4\n", ["t.csv, row 1: a row has more cells than the header"]),
]


@pytest.mark.parametrize(("text", "expected"), MISTAKES)
def test_mistakes(tmp_path: Path, text: str, expected: list[str]) -> None:
    (tmp_path / "t.csv").write_text(text)
    assert problems(write_spec(tmp_path, VECTOR, f"{CLASSES}{COLUMNS}}}\n")) == expected


def test_mistakes_in_cells_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b,y\n1,2,u\nx,nan,v\n3,inf,w\n5,,zz\n7,8,\n")
    (tmp_path / "v.csv").write_text("a,b,y\nq,2,u\n")
    more = f"{CLASSES}{COLUMNS.replace('column: y', 'column: y, classes: [u, v, w]')}, validation: v.csv}}\n"
    assert problems(write_spec(tmp_path, VECTOR, more)) == [
        "t.csv, row 2, `a`: the cell is no number",
        "t.csv, row 2, `b`: the number is NaN or infinite",
        "t.csv, row 3, `b`: the number is NaN or infinite",
        "t.csv, row 4, `b`: the cell is empty: fill it, or say `missing: drop` or a number",
        "t.csv, row 5, `y`: the label is empty",
        "t.csv, row 4, `y`: the label is none of the 3 classes: `u`, `v`, `w`",
        "v.csv, row 1, `a`: the cell is no number",
    ]


def test_no_message_quotes_a_cell(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b,y\nsecret-1,secret-2,secret-3\nsecret-4,1,u\n")
    more = f"{CLASSES}{COLUMNS.replace('column: y', 'column: y, classes: [u, v, w]')}}}\n"
    assert "secret" not in "\n".join(problems(write_spec(tmp_path, VECTOR, more)))


def test_a_class_without_a_row(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b,y\n1,2,0\n3,4,2\n")
    assert problems(write_spec(tmp_path, VECTOR, f"{CLASSES}{COLUMNS}}}\n")) == [
        "t.csv, `y`: the class `1` has no row in the training part"
    ]


def test_an_empty_part(tmp_path: Path) -> None:
    table(tmp_path, 12)
    more = f"{CLASSES}{COLUMNS}, validation: {{where: {{machine: none}}}}}}\n"
    assert problems(write_spec(tmp_path, VECTOR, more)) == ["t.csv: the part `validation` has no sample"]


def test_sources_lie_below_the_folder_of_the_spec(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    table(tmp_path)
    spec = write_spec(inner, VECTOR, f"{CLASSES}{COLUMNS.replace('t.csv', '../t.csv')}}}\n")
    assert "outside" in problems(spec)[0]
    assert len(open_spec(spec, allow_outside=True).parts["train"]) == 12
    (inner / "link.csv").symlink_to(tmp_path / "t.csv")
    with pytest.raises(DataError, match="outside"):
        open_spec(write_spec(inner, VECTOR, f"{CLASSES}{COLUMNS.replace('t.csv', 'link.csv')}}}\n"))


def test_a_long_table_is_read_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is held of it, and in how many pieces it is read, changes nothing."""
    from cnnlstm_spec.runs.reading import part
    from cnnlstm_spec.runs.reading.sources import table

    lines = [f"{number / 7:.4f},{number % 5},{('red', 'green', 'blue')[number % 3]},G{number % 9}" for number in range(300)]
    lines[70] = lines[70].replace(lines[70].partition(",")[0], "", 1)
    (tmp_path / "t.csv").write_text("a,b,y,g\n" + "\n".join(lines) + "\n")
    ways = (
        "fraction: 0.25",
        "fraction: 0.25, stratify: y",
        "fraction: 0.25, group: g",
        "where: {y: red, g: G3}",
        "folds: 3",
        "folds: 3, group: g",
    )
    branches = "{x: {input: {kind: vector, shape: [2]}, layers: [{Dense: {units: 2}}]}}"
    rest = "data: {train: t.csv, validation: {%s}, inputs: {x: {columns: [a, b], missing: drop}}, targets: {head: {column: y}}}\n"
    found = []
    for small in (False, True):
        if small:
            monkeypatch.setattr(table, "CHUNK", 7)
            monkeypatch.setattr(table, "MANY", 10)
            monkeypatch.setattr(part, "MOST_AT_ONCE", 10)
        data = [open_spec(write_spec(tmp_path, branches, CLASSES + rest % way)) for way in ways]
        found.append([whole(each.parts[name]) for each in data for name in ("train", "validation")])
        assert (data[0].parts["train"].read_arrays() is None) == small
    for one, other in zip(*found, strict=True):
        assert one.inputs["x"].tobytes() == other.inputs["x"].tobytes()
        assert one.targets["head"].tobytes() == other.targets["head"].tobytes()
    bad = "\n".join([*lines[:200], "1,x,red,G1", "inf,1,,G2", *lines[200:]])
    (tmp_path / "t.csv").write_text("a,b,y,g\n" + bad + "\n")
    told = sorted(problems(write_spec(tmp_path, branches, CLASSES + rest % ways[0])))
    assert told == [
        "t.csv, row 201, `b`: the cell is no number",
        "t.csv, row 202, `a`: the number is NaN or infinite",
        "t.csv, row 202, `y`: the label is empty",
    ]
