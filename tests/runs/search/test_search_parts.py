"""What `search` does without Optuna or Keras: `best.yaml`, texts of what was drawn, and whose a folder is."""

from __future__ import annotations

from pathlib import Path

import pytest
from json_schemas import read_document

from cnnlstm_spec.cli.main import run
from cnnlstm_spec.runs.samples import DataError
from cnnlstm_spec.runs.search.best import find_changes, make_best
from cnnlstm_spec.runs.search.place import LOCK, SEARCH, SearchFolder, make_key
from cnnlstm_spec.runs.search.space import to_flow, to_texts
from cnnlstm_spec.text.edits.extends import extend
from cnnlstm_spec.text.nodes import to_value
from cnnlstm_spec.text.parse import parse
from cnnlstm_spec.text.source import Source

BEFORE = {
    "vars": {"width": 4, "yes": "no", "rate": 1},
    "compile": {"optimizer": {"SGD": {"learning_rate": 0.1}}, "loss": "mse"},
    "head": [{"Dense": {"units": 1}}],
}
AFTER = [
    {**BEFORE, "vars": {"width": 8, "yes": "no", "rate": 1.0}},
    {**BEFORE, "compile": {"optimizer": {"Adam": {"learning_rate": 1e-05}}, "loss": "mse"}},
    {**BEFORE, "head": [{"Dense": {"units": 2, "name": "a: \"b\" # 'c'\u0007"}}]},
    {**BEFORE, "vars": {"width": "on", "yes": "1e-5", "rate": float("inf")}},
    {"vars": {"width": 4}, "compile": BEFORE["compile"], "head": BEFORE["head"]},
    {**BEFORE, "a new: key": {"empty": {}, "list": []}},
]


@pytest.mark.parametrize("after", AFTER)
def test_best_spec_is_what_was_trained(tmp_path: Path, after: object) -> None:
    base = "".join(f"{name}: {to_flow(each)}\n" for name, each in BEFORE.items())
    (tmp_path / "spec.yaml").write_text(base + "search: {trials: 3}\n")
    before = {**BEFORE, "search": {"trials": 3}}
    text = make_best(str(tmp_path / "spec.yaml"), tmp_path, before, after, "the\nbest")
    assert text.splitlines()[0] == "# the best" and 'extends: "spec.yaml"' in text
    root, problems = parse(Source(str(tmp_path / "best.yaml"), text))
    assert root is not None and not problems
    found: list[object] = []
    whole = extend(root, found, tmp_path)  # type: ignore[arg-type]
    assert whole is not None and not found
    read = to_value(whole)
    assert read == after and repr(read) == repr({key: after[key] for key in read})  # type: ignore[index,attr-defined]


def test_nothing_changed_is_nothing_written() -> None:
    assert find_changes(BEFORE, BEFORE) == {}


def test_texts_of_what_was_drawn() -> None:
    drawn = {"vars.width": 16, "fusion.strategy": '"concat"', "rate": 1e-05}
    assert to_texts(drawn) == ("vars.width=16", 'fusion.strategy="concat"', "rate=1e-05")


def test_a_folder_belongs_to_one_search(tmp_path: Path) -> None:
    place = SearchFolder(tmp_path / "out")
    with place.lock():
        owner = place.claim(make_key({"a": 1}, {"seed": 0}))
        assert read_document("search-identity", (place.path / SEARCH).read_text())["owner"] == owner
        assert place.claim(make_key({"a": 1}, {"seed": 0})) == owner
        with pytest.raises(DataError, match="another search"):
            place.claim(make_key({"a": 1}, {"seed": 1}))
        with pytest.raises(DataError, match="runs in"), SearchFolder(tmp_path / "out").lock():
            pass
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "mine.txt").write_text("x")
    with pytest.raises(DataError, match="no search's"):
        SearchFolder(tmp_path / "other").claim("key")


def test_a_search_that_was_killed_while_it_took_a_folder_is_gone_on_with(tmp_path: Path) -> None:
    for name in (LOCK, f".{SEARCH}.k2_x0abc.tmp"):
        (tmp_path / name).write_text("")
    key = make_key({"a": 1}, {"seed": 0})
    assert SearchFolder(tmp_path).claim(key) == SearchFolder(tmp_path).claim(key)


@pytest.mark.parametrize(
    "text", ["", "[]", "{", "[" * 100_000, '{"key": "KEY", "owner": "x"}', '{"version": 2, "key": "KEY", "owner": "x"}']
)
def test_what_is_no_identity_of_a_search_is_a_foreign_file(text: str, tmp_path: Path) -> None:
    key = make_key({"a": 1}, {"seed": 0})
    (tmp_path / SEARCH).write_text(text.replace("KEY", key))
    with pytest.raises(DataError, match="no search's"):
        SearchFolder(tmp_path).claim(key)


SPEC = """
version: 1
name: plain
branches: {rows: {input: {kind: vector, shape: [2]}, layers: [{Dense: {units: 2}}]}}
head: [{Dense: {units: 1}}]
compile: {optimizer: adam, loss: mse}
"""
DATA = """
data: {train: t.csv, validation: {folds: 3}, inputs: {rows: {columns: [a, b]}}, targets: {head: {column: y}}}
fit: {epochs: 2}
search: {minimize: val_loss, space: {fit.epochs: [1, 2]}, trials: 2}
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SPEC, "the spec has no `search`"),
        (SPEC + DATA, "`data.validation.folds` makes several runs"),
        (SPEC + DATA.replace("folds: 3", "fraction: 0.5") + "matrix: {seed: [1, 2]}\n", "matrix-beside-search"),
    ],
)
def test_what_is_no_search(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str) -> None:
    (tmp_path / "spec.yaml").write_text(text)
    assert run(["search", str(tmp_path / "spec.yaml"), "-o", str(tmp_path / "out")]) == 1
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
