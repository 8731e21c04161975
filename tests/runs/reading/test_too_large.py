"""Numbers that the dtype of a branch or a head cannot hold, and files of arrays that are damaged."""

from __future__ import annotations

import warnings
from pathlib import Path

import h5py
import numpy
import pytest
from data_specs import NUMBER, open_spec, problems, write_spec

from cnnlstm_spec import load
from cnnlstm_spec.runs.reading.check import check_all

pytestmark = pytest.mark.keras

VECTOR = "{x: {input: {kind: vector, shape: [2]%s}, layers: [Flatten]}}"
COLUMNS = "data: {train: t.csv, inputs: {x: {columns: [a, b]}}, targets: {head: {column: y}}}\n"
FILES = "data: {train: t.csv, inputs: {x: {column: file}}, targets: {head: {column: y}}}\n"


@pytest.fixture(autouse=True)
def strict() -> None:
    """What NumPy warns of is no matter of the person's."""
    warnings.simplefilter("error", RuntimeWarning)


@pytest.mark.parametrize(
    ("dtype", "most", "more"), [("float32", "3e38", "1e39"), ("float16", "65504", "1e6"), ("int8", "127", "128")]
)
def test_columns(tmp_path: Path, dtype: str, most: str, more: str) -> None:
    (tmp_path / "t.csv").write_text(f"a,b,y\n1,{most},3\n1,{more},3\n")
    spec = write_spec(tmp_path, VECTOR % f", dtype: {dtype}", NUMBER + COLUMNS)
    assert problems(spec) == ["t.csv, row 2, `b`: the number is too large for the dtype of its branch"]


def test_targets(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b,y\n1,2,1e38\n1,2,1e39\n")
    assert problems(write_spec(tmp_path, VECTOR % "", NUMBER + COLUMNS)) == [
        "t.csv, row 2, `y`: the target is too large for float32"
    ]


def test_files(tmp_path: Path) -> None:
    numpy.save(tmp_path / "0.npy", numpy.asarray([1.0, 3e38]))
    numpy.save(tmp_path / "1.npy", numpy.asarray([1.0, 1e39]))
    (tmp_path / "t.csv").write_text("file,y\n0.npy,1\n1.npy,1\n")
    tensor = "{x: {input: {kind: tensor, shape: [2], axes: [a]}, layers: [Flatten]}}"
    data = open_spec(write_spec(tmp_path, tensor, NUMBER + FILES))
    with pytest.raises(Exception, match="row 2, `file`: it holds a number that is too large for float32"):
        data.parts["train"].read([0, 1])
    assert data.parts["train"].read([0]).inputs["x"].dtype == numpy.float32


def test_tokens_that_are_not_whole(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text('{"file": [1, 2], "y": 1}\n{"file": [1.5, 2], "y": 1}\n')
    words = (
        "{x: {input: {kind: tokens, shape: [2], dtype: int32}, layers: [{Embedding: {input_dim: 9, output_dim: 2}}, Flatten]}}"
    )
    assert problems(write_spec(tmp_path, words, NUMBER + FILES.replace("csv", "jsonl"))) == [
        "t.jsonl, row 2, `file`: it holds a number that is not whole, as a token is"
    ]


def test_a_damaged_place_of_a_file(tmp_path: Path) -> None:
    values = numpy.random.default_rng(0).random((40, 2))
    with h5py.File(tmp_path / "t.h5", "w") as held:
        chunks = held.create_dataset("x", data=values, compression="gzip", chunks=(8, 2))
        held["head"] = numpy.ones((40, 1))
        offset = chunks.id.get_chunk_info(1).byte_offset
    data = bytearray((tmp_path / "t.h5").read_bytes())
    data[offset : offset + 40] = b"\xff" * 40
    (tmp_path / "t.h5").write_bytes(bytes(data))
    spec = write_spec(tmp_path, VECTOR % "", f"{NUMBER}data: {{train: t.h5}}\n")
    told = check_all(load(spec)).problems
    assert [(each.row, each.column, each.code) for each in told] == [(row, "x", "not-readable") for row in range(9, 17)]


def test_another_format_under_the_name_of_an_array(tmp_path: Path) -> None:
    (tmp_path / "0.npy").write_bytes(b"PK\x03\x04 no zip")
    (tmp_path / "t.csv").write_text("file,y\n0.npy,1\n")
    tensor = "{x: {input: {kind: tensor, shape: [2], axes: [a]}, layers: [Flatten]}}"
    assert problems(write_spec(tmp_path, tensor, NUMBER + FILES)) == ["t.csv, row 1, `file`: the array cannot be read"]


@pytest.mark.parametrize("cut", [30, 150, 400])
def test_arrays_that_are_cut_off(tmp_path: Path, cut: int) -> None:
    numpy.savez_compressed(tmp_path / "t.npz", x=numpy.random.default_rng(0).random((20, 2)), head=numpy.ones((20, 1)))
    with h5py.File(tmp_path / "t.h5", "w") as held:
        held["x"], held["head"] = numpy.ones((20, 2)), numpy.ones((20, 1))
    for name in ("t.npz", "t.h5"):
        (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:-cut])
        assert problems(write_spec(tmp_path, VECTOR % "", f"{NUMBER}data: {{train: {name}}}\n")) == [
            f"{name}: it is no file of arrays"
        ]
