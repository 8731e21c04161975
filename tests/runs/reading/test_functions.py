"""Sources that are functions of Python's, of each kind that is read; and what is amiss with what they give."""

from __future__ import annotations

from pathlib import Path

import numpy
import pytest
from data_specs import BINARY, CLASSES, open_spec, whole, write_spec

from cnnlstm_spec.cli.main import run
from cnnlstm_spec.runs.samples import DataError

pytestmark = pytest.mark.keras

MODULE = """
import keras
import numpy

X = numpy.arange(24, dtype="float32").reshape(6, 4)
Y = numpy.array([0, 1, 2, 0, 1, 2])
W = numpy.array([1.0, 2.0, 1.0, 1.0, 1.0, 0.5])


def mapping():
    return {"x": X, "head": Y, "sample_weight": W}


def without_targets():
    return {"x": X}


def of_other_width():
    return {"x": X[:, :3], "head": Y}


def with_nan():
    return {"x": numpy.where(X == 9, numpy.nan, X), "head": Y}


def not_a_class():
    return {"x": X, "head": numpy.arange(6) % 4}


class Batches(keras.utils.PyDataset):
    def __len__(self):
        return 3

    def __getitem__(self, index):
        part = slice(2 * index, 2 * index + 2)
        return X[part], Y[part]


def py_dataset():
    return Batches()


def dataset():
    import tensorflow

    return tensorflow.data.Dataset.from_tensor_slices((X, Y, W)).batch(4)


def by_name():
    import tensorflow

    return tensorflow.data.Dataset.from_tensor_slices(({"x": X}, {"head": Y}, {"head": W})).batch(4)


def endless():
    import tensorflow

    return tensorflow.data.Dataset.from_tensor_slices((X, Y)).batch(2).repeat()


def fails():
    raise RuntimeError("no database")


def number():
    return 3
"""
BRANCH = "{x: {input: {kind: vector, shape: [4]}}}"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "of_python.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(__import__("sys").modules, "of_python", raising=False)
    return tmp_path


@pytest.mark.parametrize("function", ["mapping", "py_dataset", "dataset", "by_name"])
def test_what_is_read(folder: Path, function: str) -> None:
    path = write_spec(folder, BRANCH, f'{CLASSES}data: {{train: "of_python:{function}"}}\n')
    batch = whole(open_spec(path, allow_imports=True).parts["train"])
    assert batch.inputs["x"].tolist() == numpy.arange(24).reshape(6, 4).tolist()
    assert batch.targets["head"].tolist() == [0, 1, 2, 0, 1, 2]
    assert batch.weights["head"].tolist() == [1, 2, 1, 1, 1, 0.5] if function != "py_dataset" else not batch.weights


@pytest.mark.parametrize(
    ("function", "told"),
    [
        ("without_targets", "of_python:without_targets, `head`: there is no such column, which the head `head` is to learn"),
        ("of_other_width", "of_python:of_other_width, row 1, `x`: the sample is [3]; the branch takes [4]"),
        ("not_a_class", "of_python:not_a_class, `head`: there are 4 classes; `head` tells 3 apart"),
        ("endless", "of_python:endless: it never ends; an epoch of it is all samples, once"),
        ("fails", "of_python:fails: RuntimeError: no database"),
        ("number", "of_python:number: it gives a int; a mapping of arrays, a PyDataset or a tf.data.Dataset is read"),
        ("nowhere", "of_python:nowhere: AttributeError: module 'of_python' has no attribute 'nowhere'"),
    ],
)
def test_what_is_amiss_is_told_before_training(folder: Path, function: str, told: str) -> None:
    path = write_spec(folder, BRANCH, f'{CLASSES}data: {{train: "of_python:{function}"}}\n')
    with pytest.raises(DataError) as raised:
        open_spec(path, allow_imports=True)
    assert told in raised.value.problems


def test_nan_in_an_array_has_its_row(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_spec(folder, BRANCH, f'{CLASSES}data: {{train: "of_python:with_nan"}}\n')
    assert run(["data", str(path), "--allow-imports"]) == 1
    assert "of_python:with_nan, row 3, `x`: it holds NaN or infinity" in capsys.readouterr().out


def test_without_leave_nothing_is_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_spec(folder, BRANCH, f'{CLASSES}data: {{train: "of_python:mapping"}}\n')
    assert run(["data", str(path)]) == 1
    assert "data-import-not-allowed" in capsys.readouterr().err
    assert "of_python" not in __import__("sys").modules


def test_lists_of_labels(tmp_path: Path) -> None:
    import polars

    frame = polars.DataFrame({"x": [[1.0] * 4] * 4, "tags": [["b", "a"], [], ["c"], ["a"]]})
    frame.write_parquet(tmp_path / "t.parquet")
    frame.write_ndjson(tmp_path / "t.jsonl")
    head = BINARY.replace("units: 1", "units: 3")
    for name in ("t.parquet", "t.jsonl"):
        for source, wanted in (("column: tags", (1, 1, 0)), ("column: tags, classes: [c, b, a]", (0, 1, 1))):
            data = open_spec(write_spec(tmp_path, BRANCH, f"{head}data: {{train: {name}, targets: {{head: {{{source}}}}}}}\n"))
            assert data.targets["head"].sort == "labels" and data.targets["head"].encoding == "multi_hot"
            found = whole(data.parts["train"]).targets["head"].tolist()
            assert found[0] == list(wanted) and found[1] == [0, 0, 0] and sum(map(sum, found)) == 4


def test_lists_of_labels_that_are_amiss(tmp_path: Path) -> None:
    lines = ['{"x": [1, 1, 1, 1], "tags": ["a", "z"]}', '{"x": [1, 1, 1, 1], "tags": null}', '{"x": [1, 1], "tags": ["c"]}']
    lines += ['{"x": [1, 1, 1, null], "tags": ["b"]}']
    (tmp_path / "t.jsonl").write_text("\n".join(lines) + "\n")
    head = BINARY.replace("units: 1", "units: 3")
    data = "data: {train: t.jsonl, targets: {head: {column: tags, classes: [a, b, c]}}}\n"
    with pytest.raises(DataError) as raised:
        open_spec(write_spec(tmp_path, BRANCH, head + data))
    assert list(raised.value.problems) == [
        "t.jsonl, row 3, `x`: the sample is [2]; the branch takes [4]",
        "t.jsonl, row 4, `x`: it holds NaN or infinity",
        "t.jsonl, row 2, `tags`: the cell is empty; a sample without a label has the list []",
        "t.jsonl, row 1, `tags`: the label is none of the 3 classes: `a`, `b`, `c`",
    ]
    promised = "targets: {head: {encoding: integer, classes: 3}}\n" + CLASSES
    with pytest.raises(DataError, match="lists of labels; `targets` says `integer`"):
        open_spec(write_spec(tmp_path, BRANCH, f"{promised}data: {{train: t.jsonl, targets: {{head: {{column: tags}}}}}}\n"))
