"""`cnnlstm-spec data`: counts and every problem of all files at once, as text and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import av
import numpy
import pytest
from data_specs import CLASSES, NUMBER, write_spec
from json_schemas import validator
from PIL import Image

from cnnlstm_spec import load
from cnnlstm_spec.cli.main import run
from cnnlstm_spec.runs.reading.open import DataReading
from cnnlstm_spec.runs.samples import DataError

pytestmark = pytest.mark.keras

BRANCHES = "{x: {input: {kind: sequence, shape: [steps, 2]%s}, layers: [{LSTM: {units: 3}}]}}"


def recordings(folder: Path) -> None:
    for index in range(6):
        numpy.save(folder / f"{index}.npy", numpy.full((3 + index % 2, 2), float(index)))
    lines = [f"{index}.npy,{'ok' if index % 3 else 'bad'}" for index in range(6)]
    (folder / "t.csv").write_text("file,state\n" + "\n".join(lines) + "\n")


def spec(folder: Path, padding: str = ", padding_value: -1.0", loss: str = CLASSES) -> Path:
    data = "data: {train: t.csv, inputs: {x: {column: file}}, targets: {head: {column: state}}}\n"
    head = loss.replace("units: 3", "units: 2")
    return write_spec(folder, BRANCHES % padding, head + data)


def test_what_the_model_will_be_fed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recordings(tmp_path)
    assert run(["data", str(spec(tmp_path)), "--format", "json"]) == 0
    report = json.loads(capsys.readouterr().out)
    validator("data").validate(report)
    assert report["problems"] == []
    assert report["parts"]["train"] == {
        "samples": 6,
        "classes": {"head": {"bad": 2, "ok": 4}},
        "inputs": {"x": {"shapes": {"[3, 2]": 3, "[4, 2]": 3}, "min": 0.0, "max": 5.0, "mean": pytest.approx(54 / 21)}},
    }
    assert run(["data", str(spec(tmp_path))]) == 0
    assert "head: bad 2, ok 4" in capsys.readouterr().out


def test_every_broken_file_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recordings(tmp_path)
    (tmp_path / "1.npy").write_bytes(b"broken")
    (tmp_path / "3.npy").unlink()
    numpy.save(tmp_path / "4.npy", numpy.ones((3, 5)))
    numpy.save(tmp_path / "5.npy", numpy.full((3, 2), numpy.nan))
    assert run(["data", str(spec(tmp_path)), "--format", "json"]) == 1
    report = json.loads(capsys.readouterr().out)
    validator("data").validate(report)
    told = [(each["file"], each["row"], each["column"], each["code"]) for each in report["problems"]]
    assert told == [
        ("t.csv", 2, "file", "not-readable"),
        ("t.csv", 4, "file", "file-missing"),
        ("t.csv", 5, "file", "shape-differs"),
        ("t.csv", 6, "file", "not-finite"),
    ]


@pytest.mark.parametrize("rows", [300, pytest.param(10_000, marks=pytest.mark.whole)])
def test_everything_that_is_amiss_among_many_rows(rows: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Image.fromarray(numpy.full((2, 2), 7, "uint8")).save(tmp_path / "0.png")
    with av.open(str(tmp_path / "0.avi"), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 16
        for shade in range(6):
            for packet in stream.encode(av.VideoFrame.from_ndarray(numpy.full((16, 16, 3), 30 * shade, "uint8"))):
                container.mux(packet)
        container.mux(stream.encode(None))
    for number in range(1, rows):
        (tmp_path / f"{number}.png").hardlink_to(tmp_path / "0.png")
    broken, strange, nothing, cut = 11, rows // 2, rows - 40, rows - 2
    (tmp_path / f"{broken}.png").unlink()
    (tmp_path / f"{broken}.png").write_bytes((tmp_path / "0.png").read_bytes()[:45])
    (tmp_path / "cut.avi").write_bytes((tmp_path / "0.avi").read_bytes()[:-700])
    lines = [
        f"{number}.png,{'cut' if number == cut else 0}.avi,{'nan' if number == nothing else number / 7},"
        f"{'other' if number == strange else 'ab'[number % 2]}"
        for number in range(rows)
    ]
    (tmp_path / "t.csv").write_text("picture,film,heat,kind\n" + "\n".join(lines) + "\n")
    rest = """fusion: {strategy: concat}
head: [{Dense: {units: 1, activation: sigmoid}}]
compile: {loss: binary_crossentropy}
data:
  train: t.csv
  test: elsewhere.csv
  inputs:
    picture: {column: picture}
    film: {column: film}
    heat: {columns: [heat]}
    cold: {columns: [cold]}
  targets: {head: {column: kind, classes: [a, b]}}
  sample_weight: {column: w}
"""
    branches = """
  picture: {input: {kind: image, shape: [2, 2, 1]}, layers: [Flatten]}
  film: {input: {kind: video, shape: [2, 16, 16, 3]}, layers: [Flatten]}
  heat: {input: {kind: vector, shape: [1]}}
  cold: {input: {kind: vector, shape: [1]}}"""
    assert run(["data", str(write_spec(tmp_path, branches, rest)), "--format", "json"]) == 1
    report = json.loads(capsys.readouterr().out)
    validator("data").validate(report)
    assert report["parts"]["train"]["samples"] == rows
    assert [(each["file"], each["row"], each["column"], each["code"]) for each in report["problems"]] == [
        ("elsewhere.csv", None, None, "not-readable"),
        ("t.csv", None, "cold", "column-missing"),
        ("t.csv", None, "w", "column-missing"),
        ("t.csv", broken + 1, "picture", "not-readable"),
        ("t.csv", strange + 1, "kind", "not-a-class"),
        ("t.csv", nothing + 1, "heat", "not-finite"),
        ("t.csv", cut + 1, "film", "not-readable"),
    ]


def test_what_many_rows_have_is_told_once_with_their_numbers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rest = """head: [{Dense: {units: 1}}]
compile: {loss: mse}
data:
  train: t.csv
  inputs: {x: {columns: [a, {column: sex, one_hot: [f, x]}]}}
  targets: {head: {column: y}}
"""
    path = write_spec(tmp_path, "{x: {input: {kind: vector, shape: [3]}}}", rest)
    words = "ffmmmfmfmmmmff"
    (tmp_path / "t.csv").write_text("a,sex,y\n" + "".join(f"{'nan' if n == 1 else n},{each},1\n" for n, each in enumerate(words)))
    assert run(["data", str(path)]) == 1
    told = "t.csv, rows 3-5, 7, 9-12, `sex`: the cell is none of the words of `one_hot`"
    said = capsys.readouterr().out.splitlines()
    assert said[-3:] == [
        "error[not-finite]: t.csv, row 2, `a`: the number is NaN or infinite",
        f"error[not-a-class]: {told}",
        "9 problems",
    ]
    assert run(["data", str(path), "--format", "json"]) == 1
    assert len(json.loads(capsys.readouterr().out)["problems"]) == 9


def test_columns_of_heads_that_are_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recordings(tmp_path)
    (tmp_path / "t.csv").write_text("file,other\n" + "".join(f"{index}.npy,1\n" for index in (0, 1, 9)))
    assert run(["data", str(spec(tmp_path)), "--format", "json"]) == 1
    told = [(each["row"], each["column"], each["code"]) for each in json.loads(capsys.readouterr().out)["problems"]]
    assert told == [(None, "state", "column-missing"), (3, "file", "file-missing")]


@pytest.mark.parametrize(
    ("way", "told"),
    [
        ("{fraction: 0.5, stratify: kind}", "`stratify: kind` names a column that is not there"),
        ("{folds: 7}", "7 folds of 6 rows: each needs one"),
        ("{folds: 4, group: state}", "4 folds of 2 groups of `state`: each needs one"),
    ],
)
def test_a_split_that_fails_hides_nothing_else(way: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recordings(tmp_path)
    (tmp_path / "3.npy").unlink()
    path = spec(tmp_path)
    path.write_text(path.read_text().replace("train: t.csv", f"train: t.csv, validation: {way}"))
    assert run(["data", str(path), "--format", "json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert [each["code"] for each in report["problems"]] == ["not-readable", "file-missing"]
    assert report["problems"][0]["message"] == told and list(report["parts"]) == ["train"]


def test_unequal_lengths_without_padding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recordings(tmp_path)
    assert run(["data", str(spec(tmp_path, padding="")), "--format", "json"]) == 1
    (problem,) = json.loads(capsys.readouterr().out)["problems"]
    assert problem["code"] == "lengths-differ" and "3 to 4 steps" in problem["message"]


SIZES = {
    "{PositionEmbedding: {sequence_length: 3}}": "`PositionEmbedding` has 3 positions; steps=4 come in",
    "{Conv1D: {filters: 2, kernel_size: 5}}": "`Conv1D` needs at least 5 along steps; 4 are left",
    "{Conv1D: {filters: 2, kernel_size: 4}}": None,
    "{PositionEmbedding: {sequence_length: 4}}": None,
}
"""What the model runs with under a condition, of 3 and 4 steps; a sample of 3 is filled up where it meets one of 4."""


@pytest.mark.parametrize("layer", SIZES)
def test_a_size_with_which_the_model_does_not_run(layer: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is told by `data` with its row, and before a batch of that size reaches the model."""
    recordings(tmp_path)
    path = spec(tmp_path)
    path.write_text(path.read_text().replace("{LSTM", f"{layer}, {{LSTM"))
    why = SIZES[layer]
    assert run(["data", str(path), "--format", "json"]) == (1 if why else 0)
    problems = json.loads(capsys.readouterr().out)["problems"]
    part = DataReading(load(path)).read()["train"]
    if why is None:
        assert problems == [] and part.read([0, 1]).inputs["x"].shape == (2, 4, 2)
        return
    (problem,) = problems
    assert (problem["code"], problem["message"], problem["row"], problem["column"]) == ("does-not-run", why, 2, "file")
    with pytest.raises(DataError) as told:
        part.read([0, 1])
    assert str(told.value) == f"t.csv: {why}"


def test_a_number_that_is_not_scaled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recordings(tmp_path)
    lines = [f"{index}.npy,{1000 * index}" for index in range(6)]
    (tmp_path / "t.csv").write_text("file,state\n" + "\n".join(lines) + "\n")
    assert run(["data", str(spec(tmp_path, loss=NUMBER))]) == 0
    assert "hint: the target of `head` has a mean of 2500 and a spread of 1708: `scale: standard`" in capsys.readouterr().out


@pytest.mark.parametrize("how", ["column: state, scale: standard", "column: state"])
def test_an_infinite_number_is_told(how: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recordings(tmp_path)
    (tmp_path / "t.csv").write_text("file,state\n0.npy,1\n1.npy,inf\n2.npy,3\n")
    path = spec(tmp_path, loss=NUMBER)
    path.write_text(path.read_text().replace("column: state", how))
    assert run(["data", str(path), "--format", "json"]) == 1
    said = capsys.readouterr()
    assert [(each["row"], each["code"]) for each in json.loads(said.out)["problems"]] == [(2, "not-finite")] and not said.err


def test_a_weight_for_a_class_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is trained, and before layers are measured."""
    recordings(tmp_path)
    path = spec(tmp_path)
    path.write_text(path.read_text() + "fit: {epochs: 1, class_weight: {ok: 1, odd: 3}}\n")
    assert run(["data", str(path)]) == 1
    last = len(path.read_text().splitlines())
    told = f"error[not-a-class]: `fit.class_weight`, line {last} of {path}: `odd` is no class of `head`; they are"
    assert told in capsys.readouterr().out


def test_where_no_sample_is_sound(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recordings(tmp_path)
    for index in range(9):
        (tmp_path / f"{index}.npy").write_bytes(b"no array")
    assert run(["data", str(spec(tmp_path))]) == 1
    assert ": no sample is sound\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("layers", "factor", "told"),
    [
        ("[{LSTM: {units: 3}}]", 1000, "and `LSTM` reads them so: `Normalization` before it"),
        ("[{MaxPooling1D: {pool_size: 2}}, {Dropout: {rate: 0.1}}, {LSTM: {units: 3}}]", 1000, "and `LSTM` reads them so"),
        ("[GlobalMaxPooling1D]", 1000, "and `Dense` reads them so"),
        ("[{LSTM: {units: 3}}]", 0.001, "go from 0 to 0.005, and `LSTM`"),
        ("[{LSTM: {units: 3}}]", 1, None),
        ("[Normalization, {LSTM: {units: 3}}]", 1000, None),
        ("[BatchNormalization, {LSTM: {units: 3}}]", 1000, None),
        ("[LayerNormalization, {LSTM: {units: 3}}]", 1000, None),
        ("[{Rescaling: {scale: 1/1000}}, {LSTM: {units: 3}}]", 1000, None),
    ],
)
def test_numbers_that_nothing_scales(
    layers: str, factor: float, told: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recordings(tmp_path)
    for index in range(6):
        numpy.save(tmp_path / f"{index}.npy", factor * numpy.load(tmp_path / f"{index}.npy"))
    path = spec(tmp_path, padding=", padding_value: -1.0")
    path.write_text(path.read_text().replace("[{LSTM: {units: 3}}]", layers))
    assert run(["data", str(path), "--format", "json"]) == 0
    hints = json.loads(capsys.readouterr().out)["hints"]
    assert len(hints) == 1 and told in hints[0] if told else hints == []


def test_sources_that_cannot_be_opened(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["data", str(spec(tmp_path)), "--format", "json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["parts"] == {} and report["problems"][0]["file"] == "t.csv"
    assert run(["data", str(write_spec(tmp_path, "{x: {input: {kind: vector, shape: [2]}}}", NUMBER))]) == 2
