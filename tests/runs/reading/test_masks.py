"""Masks: arrays by the name of a `mask_input` say which steps are real, and what fills up a sample is not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy
import pytest
from data_specs import CLASSES, open_spec, problems, write_spec

from cnnlstm_spec.cli.main import run
from cnnlstm_spec.runs.samples import Batch

pytestmark = pytest.mark.keras

COUNT, STEPS = 6, 5
MASK = numpy.random.default_rng(3).random((COUNT, STEPS)) > 0.4


def write_masked(folder: Path, shape: str = "[5, 2]", how: str = "", mask: numpy.ndarray = MASK, source: str = "a.npz") -> Path:
    values = numpy.random.default_rng(4).normal(size=(COUNT, STEPS, 2))
    numpy.savez(folder / "a.npz", v=values, real=mask, head=numpy.arange(COUNT) % 3)
    branches = f"{{v: {{input: {{kind: sequence, shape: {shape}, mask_input: real}}, layers: [{{LSTM: {{units: 2}}}}]}}}}"
    inputs = f"inputs: {{v: {{{how}}}}}" if how else ""
    return write_spec(folder, branches, f"{CLASSES}data: {{train: {source}, {inputs}}}\n")


def take(path: Path, epoch: int | None = None) -> Batch:
    return open_spec(path).parts["train"].read(range(COUNT), epoch)


def test_an_array_of_a_mask_is_fed(tmp_path: Path) -> None:
    assert (take(write_masked(tmp_path)).inputs["real"] == MASK).all()
    assert (take(write_masked(tmp_path, mask=MASK.astype("uint8"))).inputs["real"] == MASK).all()


@pytest.mark.parametrize(
    ("shape", "how", "wanted"),
    [
        ("[3, 2]", "length: {max: 3}", MASK[:, :3]),
        ("[steps, 2]", "length: {max: 3, truncate: start}", MASK[:, 2:]),
        ("[7, 2]", "length: {pad: end}", numpy.pad(MASK, [(0, 0), (0, 2)])),
        ("[7, 2]", "length: {pad: start}", numpy.pad(MASK, [(0, 0), (2, 0)])),
    ],
)
def test_a_mask_is_cut_and_filled_up_as_its_sample(tmp_path: Path, shape: str, how: str, wanted: numpy.ndarray) -> None:
    path = write_masked(tmp_path, shape, how)
    read = take(path)
    assert (read.inputs["real"] == wanted).all()
    assert run(["data", str(path), "--pack", str(tmp_path / "pack")]) == 0
    packed = take(write_masked(tmp_path, shape, source="pack"))
    assert (packed.inputs["real"] == wanted).all() and (packed.inputs["v"] == read.inputs["v"]).all()


def test_a_mask_keeps_pace_with_a_changed_speed(tmp_path: Path) -> None:
    speed = "augment: [{speed: [0.5, 0.5]}]"
    path = write_masked(tmp_path, "[steps, 2]", speed, numpy.tile([True, True, False, False, False], (6, 1)))
    changed = take(path, epoch=0).inputs["real"]
    assert changed.shape == (COUNT, 10) and (changed.sum(1) == 3).all() and changed[:, :3].all()
    assert run(["data", str(path), "--pack", str(tmp_path / "pack")]) == 0
    packed = write_masked(tmp_path, "[steps, 2]", speed, source="pack")
    assert (take(packed, epoch=0).inputs["real"] == changed).all()
    told = "pack: training draws anew of `v`: write the entry of `inputs` that it was packed with, `augment`"
    assert problems(write_masked(tmp_path, "[steps, 2]", source="pack")) == [told]


def test_a_mask_that_does_not_fit_is_told(tmp_path: Path) -> None:
    short = "a.npz, row 1, `v`: `real` is [4]; the sample has 5 steps"
    assert problems(write_masked(tmp_path, mask=MASK[:, :4])) == [short]
    other = "`real` holds other values than true and false"
    assert problems(write_masked(tmp_path, mask=MASK * 3)) == [f"a.npz, row 1, `v`: {other}"]


def test_what_fills_up_a_fixed_number_of_steps_is_not_real(tmp_path: Path) -> None:
    path = write_masked(tmp_path, how="length: {pad: end}", source="t.jsonl")
    lengths = [1, 2, 3, 4, 5, 5]
    lines = [json.dumps({"v": [[1.0, 2.0]] * count, "head": row % 3}) for row, count in enumerate(lengths)]
    (tmp_path / "t.jsonl").write_text("\n".join(lines) + "\n")
    assert take(path).inputs["real"].sum(1).tolist() == lengths
