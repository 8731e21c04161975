"""Folders of folders: files of each kind, what lies there beside them, and folders of files that have no class."""

from __future__ import annotations

from pathlib import Path

import numpy
import pytest
from data_specs import open_spec, problems, whole, write_spec
from PIL import Image

from cnnlstm_spec import load
from cnnlstm_spec.cli.main import run
from cnnlstm_spec.runs.reading.check import check_all

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

HEAD = "head: [{Dense: {units: 2, activation: softmax}}]\ncompile: {loss: sparse_categorical_crossentropy}\n"
DATA = HEAD + "data: {train: pictures}\nfit: {epochs: 1}\n"
PICTURES = "{v: {input: {kind: image, shape: [4, 4, 3]}, layers: [Flatten]}}"
VOCABULARY = "TextVectorization: {max_tokens: 9, output_sequence_length: 3}"
TEXTS = f"{{v: {{input: {{kind: text}}, layers: [{{{VOCABULARY}}}, {{Embedding: {{input_dim: 9, output_dim: 2}}}}, Flatten]}}}}"


def write_pictures(folder: Path, names: list[str]) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(numpy.full((4, 4, 3), 7, "uint8")).save(folder / name)


def test_texts_and_vectors_are_files_too(tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        (tmp_path / "pictures" / name / "a.txt").write_text(f"says {name}", encoding="utf-8")
    batch = whole(open_spec(write_spec(tmp_path, TEXTS, DATA)).parts["train"])
    assert batch.inputs["v"].tolist() == ["says cat", "says dog"]
    (tmp_path / "pictures" / "cat" / "b.txt").write_bytes(b"\xff\xfe")
    (tmp_path / "pictures" / "cat" / "c.csv").write_text("no text")
    told = check_all(load(write_spec(tmp_path, TEXTS, DATA))).problems
    assert [(each.file, each.message) for each in told] == [
        ("pictures/cat/b.txt", "the text is not UTF-8"),
        ("pictures/cat/c.csv", "a text ends in `.txt`"),
    ]
    for index, name in enumerate(("cat", "dog")):
        (tmp_path / "rows" / name).mkdir(parents=True)
        numpy.save(tmp_path / "rows" / name / "a.npy", numpy.array([index, 2.0]))
    vectors = write_spec(tmp_path, "{v: {input: {kind: vector, shape: [2]}, layers: []}}", DATA.replace("pictures", "rows"))
    assert whole(open_spec(vectors).parts["train"]).inputs["v"].tolist() == [[0, 2], [1, 2]]


def test_folders_within_a_class_and_classes_without_files_are_told(tmp_path: Path) -> None:
    write_pictures(tmp_path / "pictures", ["cat/1.png", "cat/more/2.png", "dog/1.png"])
    (tmp_path / "pictures" / "owl").mkdir()
    (tmp_path / "pictures" / "owl" / ".hidden").write_text("")
    assert problems(write_spec(tmp_path, PICTURES, DATA)) == [
        "pictures, `head`: the class `owl` has no file",
        "pictures/cat/more, row 2, `v`: it is a folder, and no file",
    ]


def test_a_model_is_asked_about_files_without_a_class(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_pictures(tmp_path / "pictures", ["cat/1.png", "dog/1.png"])
    write_pictures(tmp_path / "new", ["b.png", "a.png"])
    path = write_spec(tmp_path, PICTURES, DATA)
    assert run(["train", str(path), "-o", str(tmp_path / "run")]) == 0
    capsys.readouterr()
    assert run(["predict", str(tmp_path / "run"), str(tmp_path / "new")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(",")[0] for line in lines] == ["sample", "a.png", "b.png"]
    told = "new, `head`: there is no such column, which the head `head` is to learn"
    told += "; the files are in no folders, whose names would be the classes"
    assert problems(write_spec(tmp_path, PICTURES, DATA.replace("pictures", "new"))) == [told]
