"""Tokens that no embedding of the model looks up."""

from __future__ import annotations

import json
from pathlib import Path

import numpy
import pytest
from data_specs import CLASSES, open_spec, problems, whole, write_spec

pytestmark = pytest.mark.keras

EMBEDDED = "[{Embedding: {input_dim: 10, output_dim: 2}}, Flatten]"
TOLD = "it holds a number that the embedding does not look up, 0 to 9"


def write_tokens(folder: Path, rows: list[list[int]], input: str = "shape: [3]", layers: str = EMBEDDED) -> Path:
    lines = [json.dumps({"v": row, "head": index % 3}) for index, row in enumerate(rows)]
    (folder / "t.jsonl").write_text("\n".join(lines) + "\n")
    branches = f"{{v: {{input: {{kind: tokens, {input}}}, layers: {layers}}}}}"
    return write_spec(folder, branches, f"{CLASSES}data: {{train: t.jsonl}}\n")


def test_numbers_beyond_the_table_are_told(tmp_path: Path) -> None:
    rows = [[0, 1, 9], [1, 2, 10], [1, -1, 2]]
    assert problems(write_tokens(tmp_path, rows)) == [f"t.jsonl, row 2, `v`: {TOLD}", f"t.jsonl, row 3, `v`: {TOLD}"]
    numpy.savez(tmp_path / "a.npz", v=numpy.array(rows), head=numpy.arange(3))
    path = write_tokens(tmp_path, rows)
    path.write_text(path.read_text().replace("t.jsonl", "a.npz"))
    with pytest.raises(Exception, match=f"a.npz, row 2, `v`: {TOLD}"):
        whole(open_spec(path).parts["train"])
    padded = write_tokens(tmp_path, [*rows[::2], [3, 4, 5]], "shape: [3], padding_value: -1")
    assert problems(padded) == []


def test_a_token_by_itself(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("v,head\n9,0\n10,1\n3,2\n")
    branches = f"{{v: {{input: {{kind: tokens, shape: []}}, layers: {EMBEDDED}}}}}"
    path = write_spec(tmp_path, branches, f"{CLASSES}data: {{train: t.csv, inputs: {{v: {{column: v}}}}}}\n")
    assert problems(path) == ["t.csv, row 2, `v`: the number is none that the embedding looks up"]


def test_what_others_read_too_is_no_matter_of_the_table(tmp_path: Path) -> None:
    rows = [[0, 1, 9], [1, 2, 10], [1, 20, 2]]
    lookup = "[{IntegerLookup: {max_tokens: 9}}, {Embedding: {input_dim: 9, output_dim: 2}}, Flatten]"
    assert problems(write_tokens(tmp_path, rows, layers=lookup)) == []
