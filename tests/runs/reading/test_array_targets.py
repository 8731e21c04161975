"""Targets that are arrays: classes of steps and of pixels, one-hot and several labels, and numbers; what does not fit is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy
import pytest
from data_specs import open_spec, problems, whole, write_spec
from PIL import Image

from cnnlstm_spec.cli.main import run
from cnnlstm_spec.runs.samples import Data

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("default")]

STEPS = "{v: {input: {kind: sequence, shape: [3, 2]}, layers: [{LSTM: {units: 2, return_sequences: true}}]}}"
RAGGED = STEPS.replace("[3, 2]", "[steps, 2], padding_value: -1.0")
ROWS = "{v: {input: {kind: vector, shape: [2]}, layers: []}}"


def head(units: int, activation: str, loss: str) -> str:
    return f"head: [{{Dense: {{units: {units}, activation: {activation}}}}}]\ncompile: {{loss: {loss}}}\n"


SPARSE = head(3, "softmax", "sparse_categorical_crossentropy")
ONE_HOT = head(3, "softmax", "categorical_crossentropy")
BINARY = head(1, "sigmoid", "binary_crossentropy")
LABELS = head(3, "sigmoid", "binary_crossentropy")
NUMBERS = head(1, "linear", "mse")


def write_arrays(folder: Path, branches: str, rest: str, values: Any, steps: bool = True) -> Path:
    inputs = numpy.ones((len(values), 3, 2) if steps else (len(values), 2), "float32")
    numpy.savez(folder / "a.npz", v=inputs, head=numpy.asarray(values))
    return write_spec(folder, branches, rest if "data:" in rest else rest + "data: {train: a.npz}\n")


def write_lines(folder: Path, branches: str, rest: str, targets: list[Any], lengths: list[int] | None = None) -> Path:
    inputs = [[[1.0, 2.0]] * (lengths[row] if lengths else 3) for row in range(len(targets))]
    lines = [json.dumps({"v": v, "head": target}) for v, target in zip(inputs, targets, strict=True)]
    (folder / "t.jsonl").write_text("\n".join(lines) + "\n")
    return write_spec(folder, branches, rest if "data:" in rest else rest + "data: {train: t.jsonl}\n")


def take_targets(data: Data) -> Any:
    return whole(data.parts["train"]).targets["head"]


def test_rows_that_are_one_hot_are_classes(tmp_path: Path) -> None:
    values = numpy.eye(3)[[0, 1, 2, 1]]
    data = open_spec(write_arrays(tmp_path, ROWS, ONE_HOT, values, steps=False))
    assert (data.targets["head"].sort, data.targets["head"].encoding) == ("classes", "one_hot")
    assert (take_targets(data) == values).all() and data.parts["train"].count_classes("head").tolist() == [1, 2, 1]
    lacking = write_arrays(tmp_path, ROWS, ONE_HOT, values[:2], steps=False)
    assert problems(lacking) == ["a.npz, `head`: the class `2` has no row in the training part"]


def test_soft_targets_stay_numbers(tmp_path: Path) -> None:
    data = open_spec(write_arrays(tmp_path, ROWS, ONE_HOT, [[0.5, 0.5, 0], [0, 0, 1]], steps=False))
    assert data.targets["head"].sort == "numbers" and take_targets(data).tolist() == [[0.5, 0.5, 0], [0, 0, 1]]
    told = "`CategoricalCrossentropy` takes numbers from 0 to 1, and the target holds others"
    assert problems(write_arrays(tmp_path, ROWS, ONE_HOT, [[-1.0, 1, 1]], steps=False)) == [f"a.npz, row 1, `head`: {told}"]


def test_several_labels_at_once(tmp_path: Path) -> None:
    data = open_spec(write_arrays(tmp_path, ROWS, LABELS, [[1, 1, 0], [0, 0, 0]], steps=False))
    assert (data.targets["head"].sort, data.targets["head"].encoding) == ("labels", "multi_hot")
    promised = "targets: {head: {encoding: multi_hot, classes: 3}}\n"
    alone = open_spec(write_arrays(tmp_path, ROWS, LABELS + promised, [[1, 0, 0], [0, 1, 0]], steps=False))
    assert alone.targets["head"].sort == "labels"
    both = "data: {train: a.npz, validation: {where: {split: 1}}}\n"
    numpy.savez(tmp_path / "a.npz", v=numpy.ones((4, 2)), head=[[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0]], split=[0, 0, 0, 1])
    (told,) = problems(write_spec(tmp_path, ROWS, LABELS + both))
    assert told.startswith("a.npz, row 4, `head`: the target has another number of ones than one for each")


def test_class_numbers_of_steps_are_held_against_the_head(tmp_path: Path) -> None:
    data = open_spec(write_arrays(tmp_path, STEPS, SPARSE, [[0, 1, 2], [2, 2, 2]]))
    assert take_targets(data).tolist() == [[0, 1, 2], [2, 2, 2]] and data.targets["head"].names == ("0", "1", "2")
    other = "the target holds other numbers than those of a class, 0 to 2"
    for wrong in ([[0, 1, 3]], [[0, 1, -1]], [[0, 1, 0.5]]):
        assert problems(write_arrays(tmp_path, STEPS, SPARSE, wrong)) == [f"a.npz, row 1, `head`: {other}"]
    told = "a.npz, row 1, `head`: the target is [4]; the head `head` takes [3]"
    assert problems(write_arrays(tmp_path, STEPS, SPARSE, [[0, 1, 2, 0]])) == [told]
    one_hot = "a.npz, rows 1-6, `head`: the target is [3]; the head `head` takes []"
    assert problems(write_arrays(tmp_path, ROWS, SPARSE, numpy.eye(3)[[0, 1, 2] * 2], steps=False)) == [one_hot]


def test_a_class_that_the_loss_ignores(tmp_path: Path) -> None:
    ignoring = SPARSE.replace("sparse_categorical_crossentropy", "{SparseCategoricalCrossentropy: {ignore_class: 255}}")
    ignoring += "data: {train: a.npz, test: a.npz}\nfit: {epochs: 1, class_weight: balanced}\n"
    path = write_arrays(tmp_path, STEPS, ignoring, [[0, 1, 255], [2, 2, 2], [255, 255, 0]])
    assert open_spec(path).parts["train"].count_classes("head").tolist() == [2, 1, 3]
    assert run(["train", str(path), "-o", str(tmp_path / "run")]) == 0
    report = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert [each["samples"] for each in report["evaluation"]["heads"]["head"]["classes"].values()] == [2, 1, 3]


def test_words_of_steps_are_classes_in_their_order(tmp_path: Path) -> None:
    words = [["b", "a", "c"], ["a"]]
    data = open_spec(write_lines(tmp_path, RAGGED, SPARSE, words, [3, 1]))
    assert data.targets["head"].names == ("a", "b", "c") and take_targets(data).tolist() == [[1, 0, 2], [0, 0, 0]]
    # What fills up a shorter target is none of the classes.
    assert data.parts["train"].count_classes("head").tolist() == [2, 1, 1]
    named = SPARSE + "data: {train: t.jsonl, targets: {head: {classes: [c, b, a]}}}\n"
    assert take_targets(open_spec(write_lines(tmp_path, RAGGED, named, words, [3, 1])))[0].tolist() == [1, 2, 0]
    one_hot = take_targets(open_spec(write_lines(tmp_path, STEPS, ONE_HOT, [["b", "a", "c"]])))
    assert one_hot.tolist() == numpy.eye(3)[[[1, 0, 2]]].tolist()
    told = "t.jsonl, row 2, `head`: the target holds a label that is none of the 3 classes"
    assert problems(write_lines(tmp_path, RAGGED, named, [["b", "a", "c"], ["d"]], [3, 1])) == [told]


def test_a_target_has_the_steps_of_its_sample(tmp_path: Path) -> None:
    path = write_lines(tmp_path, RAGGED, SPARSE, [[0, 1, 2], [0, 1], [2]], [3, 3, 1])
    told = "the target of `head` is [2]; of this sample the model gives [3]"
    assert problems(path) == [f"t.jsonl, row 2, `head`: {told}"]
    for row in range(3):
        numpy.save(tmp_path / f"{row}.npy", numpy.ones((3 - row, 2)))
    lines = [json.dumps({"v": f"{row}.npy", "head": [0, 1, 2][: 3 - min(row, 1)]}) for row in range(3)]
    (tmp_path / "t.jsonl").write_text("\n".join(lines) + "\n")
    assert run(["data", str(path)]) == 1
    spec = path.read_text() + "fit: {epochs: 1}\n"
    path.write_text(spec)
    assert run(["train", str(path), "-o", str(tmp_path / "run")]) == 1


def test_the_files_of_test_are_read_before_the_first_step(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No epoch reads them: a training was lost to one of them."""
    path = write_lines(tmp_path, RAGGED, SPARSE, [[0, 1, 2], [0, 1], [2]], [3, 2, 1])
    for row in range(3):
        numpy.save(tmp_path / f"{row}.npy", numpy.ones((3 - row, 2)))
    (tmp_path / "broken.npy").write_bytes((tmp_path / "0.npy").read_bytes()[:-8])
    rows = [("0.npy", [0, 1, 2]), ("1.npy", [0]), ("broken.npy", [0, 1, 2])]
    (tmp_path / "test.jsonl").write_text("".join(json.dumps({"v": file, "head": head}) + "\n" for file, head in rows))
    path.write_text(path.read_text().replace("train: t.jsonl", "train: t.jsonl, test: test.jsonl") + "fit: {epochs: 1}\n")
    assert run(["train", str(path), "-o", str(tmp_path / "run")]) == 1
    said = capsys.readouterr()
    assert "epoch" not in said.out.replace("which no epoch reads", "")
    assert "test.jsonl, row 2, `head`: the target of `head` is [1]; of this sample the model gives [2]" in said.err
    assert "test.jsonl, row 3, `v`: " in said.err
    (tmp_path / "test.jsonl").write_text(json.dumps({"v": "0.npy", "head": [0, 1, 2]}) + "\n")
    assert run(["train", str(path), "-o", str(tmp_path / "run"), "--force"]) == 0


def test_yes_and_no_of_each_step_and_pixel(tmp_path: Path) -> None:
    data = open_spec(write_arrays(tmp_path, STEPS, BINARY, [[0, 1, 1], [0, 0, 0]]))
    assert data.targets["head"].names == ("0", "1") and take_targets(data).shape == (2, 3, 1)
    other = "the target holds other numbers than 0 and 1"
    assert problems(write_arrays(tmp_path, STEPS, BINARY, [[0, 255, 1]])) == [f"a.npz, row 1, `head`: {other}"]
    pixels = "{v: {input: {kind: image, shape: [4, 4, 3]}, layers: []}}"
    Image.fromarray(numpy.zeros((4, 4, 3), "uint8")).save(tmp_path / "p.png")
    (tmp_path / "t.csv").write_text("v,head\np.png,m.png\n")
    for most, found in ((1, []), (255, [f"t.csv, row 1, `head`: {other}"])):
        Image.fromarray(numpy.eye(4, dtype="uint8") * most).save(tmp_path / "m.png")
        assert problems(write_spec(tmp_path, pixels, BINARY + "data: {train: t.csv}\n")) == found


def test_classes_of_pixels_have_names(tmp_path: Path) -> None:
    named = SPARSE + "data: {train: a.npz, targets: {head: {classes: [sky, tree, road]}}}\n"
    assert open_spec(write_arrays(tmp_path, STEPS, named, [[0, 1, 2]])).targets["head"].names == ("sky", "tree", "road")
    numbered = SPARSE + "data: {train: a.npz, targets: {head: {classes: [10, 20, 30]}}}\n"
    assert take_targets(open_spec(write_arrays(tmp_path, STEPS, numbered, [[10, 30, 20]]))).tolist() == [[0, 2, 1]]


def test_numbers_of_steps_are_scaled(tmp_path: Path) -> None:
    scaled = NUMBERS + "data: {train: a.npz, targets: {head: {scale: standard}}}\n"
    data = open_spec(write_arrays(tmp_path, STEPS, scaled, [[100, 200, 300], [500, 600, 700]]))
    target, values = data.targets["head"], take_targets(data)
    assert target.mean == 400 and abs(values.mean()) < 1e-6 and abs(values.std() - 1) < 1e-6


def test_a_number_is_no_target_of_several(tmp_path: Path) -> None:
    told = "a target is 1 value here; the head `head` takes {}, a list or the path of an array"
    wide = head(2, "linear", "mse")
    assert problems(write_lines(tmp_path, RAGGED, NUMBERS, [1.0, 2.0]))[0] == f"t.jsonl, `head`: {told.format('[?, 1]')}"
    assert problems(write_arrays(tmp_path, ROWS, wide, [1.0, 2.0], steps=False)) == [f"a.npz, `head`: {told.format('[2]')}"]
    assert problems(write_arrays(tmp_path, STEPS, SPARSE, [0, 1, 2])) == [f"a.npz, `head`: {told.format('[3]')}"]


def test_a_sequence_of_classes(tmp_path: Path) -> None:
    ctc = head(4, "linear", "ctc") + "data: {train: a.npz, test: a.npz}\nfit: {epochs: 1}\n"
    path = write_arrays(tmp_path, STEPS, ctc, [[1, 2], [3, 0], [2, 3]])
    assert take_targets(open_spec(path)).tolist() == [[1, 2], [3, 0], [2, 3]]
    assert run(["train", str(path), "-o", str(tmp_path / "run")]) == 0
    words = head(4, "linear", "ctc") + "data: {train: t.jsonl}\n"
    (told,) = problems(write_lines(tmp_path, STEPS, words, [["a", "b"]]))
    assert (
        told
        == "t.jsonl, `head`: the order of the labels is not known: write them as `classes`, what stands for none of them first"
    )
