"""Sources of arrays: text as HDF5 and NumPy keep it, arrays that nothing reads, and which file of a folder is amiss."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy
import pytest
from data_specs import CLASSES, open_spec, problems, whole, write_spec

pytestmark = pytest.mark.keras

ROWS = "{v: {input: {kind: vector, shape: [2]}, layers: []}}"
LABELS = ["ja", "nein", "müde", "ja", "nein", "müde"]
VALUES = numpy.arange(12, dtype="float32").reshape(6, 2)
TEXTS = "{v: {input: {kind: text}, layers: [{StringLookup: {vocabulary: [a, b]}}, {Embedding: {input_dim: 3, output_dim: 2}}]}}"


def write_hdf5(folder: Path, source: str, **arrays: object) -> None:
    with h5py.File(folder / source, "w") as file:
        for name, each in arrays.items():
            file[name] = each


@pytest.mark.parametrize("labels", [numpy.array(LABELS, dtype=object), numpy.array([each.encode() for each in LABELS])])
def test_text_of_hdf5_is_text(tmp_path: Path, labels: numpy.ndarray) -> None:
    write_hdf5(tmp_path, "a.h5", v=VALUES, head=labels)
    data = open_spec(write_spec(tmp_path, ROWS, CLASSES + "data: {train: a.h5}\n"))
    assert data.targets["head"].names == ("ja", "müde", "nein")
    write_hdf5(tmp_path, "b.h5", v=labels, head=numpy.arange(6) % 3)
    batch = whole(open_spec(write_spec(tmp_path, TEXTS, CLASSES + "data: {train: b.h5}\n")).parts["train"])
    assert batch.inputs["v"].tolist() == LABELS


def test_bytes_of_numpy_are_text(tmp_path: Path) -> None:
    text = numpy.array([each.encode() for each in LABELS])
    numpy.savez(tmp_path / "a.npz", v=text, head=numpy.arange(6) % 3)
    path = write_spec(tmp_path, TEXTS, CLASSES + "data: {train: a.npz}\n")
    assert whole(open_spec(path).parts["train"]).inputs["v"].tolist() == LABELS
    numpy.savez(tmp_path / "a.npz", v=numpy.array([b"\xff", b"a", b"b"]), head=numpy.arange(3))
    assert problems(path) == ["a.npz, row 1, `v`: the text is not UTF-8"]
    numpy.savez(tmp_path / "a.npz", v=VALUES, head=numpy.array([b"\xff"] * 6))
    assert problems(write_spec(tmp_path, ROWS, CLASSES + "data: {train: a.npz}\n")) == [
        "a.npz, rows 1-6, `head`: the text is not UTF-8"
    ]


def test_arrays_that_nothing_reads_are_passed_over(tmp_path: Path) -> None:
    labels = numpy.arange(6) % 3
    numpy.savez(tmp_path / "a.npz", v=VALUES, head=labels, names=["a", "b"], version=3, v_test=VALUES[:2], head_test=labels[:2])
    path = write_spec(tmp_path, ROWS, CLASSES + "data: {train: a.npz}\n")
    assert len(open_spec(path).parts["train"]) == 6
    numpy.savez(tmp_path / "a.npz", v=VALUES, head=labels, sample_weight=numpy.ones(5))
    assert problems(path) == ["a.npz: the arrays have as many samples each; here `v` 6, `head` 6, `sample_weight` 5"]


def test_the_array_that_is_amiss_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    numpy.save(tmp_path / "a" / "v.npy", numpy.array([{}, 1], dtype=object), allow_pickle=True)
    numpy.save(tmp_path / "a" / "head.npy", numpy.arange(2))
    told = "it needs pickle, which could run code"
    assert problems(write_spec(tmp_path, ROWS, CLASSES + "data: {train: a/}\n")) == [f"a/v.npy: {told}"]
    numpy.savez(tmp_path / "a.npz", v=numpy.array([{}, 1], dtype=object), head=numpy.arange(2))
    assert problems(write_spec(tmp_path, ROWS, CLASSES + "data: {train: a.npz}\n")) == [f"a.npz: `v`: {told}"]
