"""Vectors of an `Embedding` from a `.npy` file: its header is read alone, its digest is told, and Keras starts from it."""

from __future__ import annotations

import json
import os
import pickle
import struct
from pathlib import Path
from typing import Any

import pytest
from told import hold_told

from cnnlstm_spec import load
from cnnlstm_spec.cli.main import run
from cnnlstm_spec.ops.weights_file import MAGIC

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

SPEC = """version: 1
name: words
branches:
  numpy:
    input: {{kind: tokens, shape: [6]}}
    layers:
      - Embedding: {{input_dim: 3, output_dim: 2, weights: {path}{more}}}
      - LSTM: {{units: 3}}
head: [{{Dense: {{units: 1}}}}]
"""
HEADER = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }"
NUMBERS = struct.pack("<6f", *range(6))


def npy(header: str = HEADER, numbers: bytes = NUMBERS, version: bytes = b"\1\0") -> bytes:
    """A `.npy` file, by hand: not every test has NumPy."""
    length = struct.pack("<H" if version == b"\1\0" else "<I", len(header))
    return MAGIC + version + length + header.encode("latin1") + numbers


def write_spec(folder: Path, held: bytes | None = None, path: str = "vectors.npy", more: str = "") -> Path:
    """A spec, and the file that it names."""
    if held is not None:
        (folder / "vectors.npy").write_bytes(held)
    (folder / "spec.yaml").write_text(SPEC.format(path=path, more=more))
    return folder / "spec.yaml"


def said(spec: Path) -> list[tuple[str, str]]:
    return [(each.code.name, each.message) for each in load(spec).diagnostics]


@pytest.mark.parametrize(
    "held",
    [
        npy(),
        npy(HEADER.replace("<f4", ">f8"), bytes(48)),
        npy(HEADER.replace("<f4", "|b1").replace("False", "True"), bytes(6)),
        npy(version=b"\2\0"),
        npy(version=b"\3\0"),
    ],
)
def test_a_matrix_of_any_numbers_will_do(held: bytes, tmp_path: Path) -> None:
    assert said(write_spec(tmp_path, held)) == []


UNREADABLE = {
    "empty": (b"", "it is no `.npy` file"),
    "another kind": (b"PK\3\4" + bytes(200), "it is no `.npy` file"),
    "objects": (npy(HEADER.replace("<f4", "|O"), pickle.dumps([1])), "it needs pickle, which could run code"),
    "text": (npy(HEADER.replace("<f4", "<U4"), bytes(96)), "it holds no numbers"),
    "records": (npy(HEADER.replace("'<f4'", "[('a', '<f4')]")), "it holds no numbers"),
    "complex": (npy(HEADER.replace("<f4", "<c8"), bytes(48)), "it holds no numbers"),
    "cut off": (npy(numbers=NUMBERS[:-1]), "it ends before its last number"),
    "code": (npy("__import__('os').abort()"), "its header cannot be read"),
    "no header": (npy("[]"), "its header cannot be read"),
    "deep": (npy("(" * 5000), "its header cannot be read"),
    "long": (npy(HEADER + " " * 20_000, version=b"\2\0"), "its header cannot be read"),
    "negative": (npy(HEADER.replace("3,", "-3,")), "its header cannot be read"),
    "not an integer": (npy(HEADER.replace("3,", "True,")), "its header cannot be read"),
    "endless": (npy(HEADER.replace("(3, 2)", f"(0, {10**100})")), "its header cannot be read"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_no_matrix_is_told(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    held, reason = UNREADABLE[name]
    assert said(write_spec(tmp_path, held)) == [("weights-file-unreadable", f"`vectors.npy` cannot be read as weights: {reason}")]
    hold_told(load(tmp_path / "spec.yaml").diagnostics, request, tmp_path)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("../vectors.npy", "outside-the-folder"),
        ("linked.npy", "outside-the-folder"),
        ("vectors.npy", "weights-file-missing"),
        (".", "weights-file-unreadable"),
        ("[vectors.npy]", "wrong-type"),
    ],
)
def test_the_file_lies_below_the_spec(path: str, code: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    folder = tmp_path / "below"
    folder.mkdir()
    (tmp_path / "vectors.npy").write_bytes(npy())
    (folder / "linked.npy").symlink_to(tmp_path / "vectors.npy")
    found = load(write_spec(folder, path=path)).diagnostics
    assert [each.code.name for each in found] == [code]
    hold_told(found, request, folder)


def test_sizes_that_differ_are_mended(tmp_path: Path, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest) -> None:
    spec = write_spec(tmp_path, npy(HEADER.replace("(3, 2)", "(2, 3)")))
    hold_told(load(spec).diagnostics, request, tmp_path)
    assert said(spec) == [("matrix-does-not-fit", "`vectors.npy` holds (2, 3); `input_dim` and `output_dim` ask for (3, 2)")]
    assert run(["validate", "--fix", "--unsafe-fixes", str(spec)]) == 0
    assert "Embedding: {input_dim: 2, output_dim: 3, weights: vectors.npy}" in spec.read_text() and said(spec) == []
    for shape in ("(6,)", "()", "(0, 2)"):
        flat = load(write_spec(tmp_path, npy(HEADER.replace("(3, 2)", shape)))).diagnostics
        assert [(each.code.name, each.fixes) for each in flat] == [("matrix-does-not-fit", ())]


@pytest.mark.parametrize(
    ("more", "code"), [(", embeddings_initializer: normal", "no-effect"), (", lora_rank: 2", "lora-with-weights")]
)
def test_nothing_else_says_what_it_starts_from(more: str, code: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    found = load(write_spec(tmp_path, npy(), more=more)).diagnostics
    assert [each.code.name for each in found] == [code]
    hold_told(found, request, tmp_path)
    assert said(write_spec(tmp_path, npy(), more=", lora_rank: 0, trainable: false, mask_zero: true")) == []


def test_it_is_printed_as_a_person_writes_it(tmp_path: Path) -> None:
    source = load(write_spec(tmp_path, npy())).to_python()
    assert "import numpy\n" in source and "weights=numpy.load(" in source
    assert "numpy = " not in source, "the branch has a variable of another name"


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
class TestKeras:
    def test_the_model_starts_from_it(self, tmp_path: Path) -> None:
        numpy = pytest.importorskip("numpy")
        model: Any = load(write_spec(tmp_path, npy(), more=", trainable: false")).to_keras()
        weights = model.get_layer("numpy_embedding").get_weights()
        assert numpy.array_equal(weights[0], numpy.arange(6).reshape(3, 2)) and len(weights) == 1
        assert not model.get_layer("numpy_embedding").trainable_weights
        names: dict[str, Any] = {"__name__": "source"}
        exec(load(tmp_path / "spec.yaml").to_python(), names)
        again = names["build_model"]().get_weights()
        assert all(numpy.array_equal(*pair) for pair in zip(model.get_weights(), again, strict=True))

    @pytest.mark.parametrize(("shape", "more"), [("(2, 3)", ""), ("(3, 2)", ", lora_rank: 2")])
    def test_keras_refuses_what_is_refused_here(self, shape: str, more: str, tmp_path: Path) -> None:
        """The errors are of sort `keras`."""
        keras, numpy = pytest.importorskip("keras"), pytest.importorskip("numpy")
        assert said(write_spec(tmp_path, npy(HEADER.replace("(3, 2)", shape)), more=more))
        with pytest.raises(ValueError, match="weight"):
            keras.layers.Embedding(3, 2, weights=numpy.load(tmp_path / "vectors.npy"), lora_rank=2 if more else None)

    def test_its_digest_counts_for_up_to_date(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        spec, folder = write_spec(tmp_path, npy()), tmp_path / "out"
        spec.write_text(spec.read_text() + "matrix: {seed: [1]}\n")

        def built() -> str:
            assert run(["compile", str(spec), "-o", str(folder)]) == 0
            return capsys.readouterr().out

        assert "up to date" not in built()
        (made,) = folder.glob("*/manifest.json")
        held = json.loads(made.read_text())
        (layer,) = [each for each in held["spec"]["layers"] if each["layer"] == "Embedding"]
        assert layer["arguments"]["weights"] == "vectors.npy" and str(tmp_path) not in made.read_text()
        assert list(held["spec"]["files"]) == ["vectors.npy"]
        assert "up to date" in built()
        (tmp_path / "vectors.npy").write_bytes(npy(numbers=NUMBERS[::-1]))
        assert "up to date" not in built()
        assert json.loads(made.read_text())["spec"]["files"] != held["spec"]["files"]
