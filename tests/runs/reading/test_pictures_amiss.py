"""Pictures of 16 bits, pictures that are cut off, and the order of the frames in a folder."""

from __future__ import annotations

from pathlib import Path

import numpy
import pytest
from data_specs import CLASSES, open_spec, problems, whole, write_spec
from PIL import Image

from cnnlstm_spec import load
from cnnlstm_spec.runs.reading.check import check_all

pytestmark = pytest.mark.keras


def write_rows(folder: Path, kind: str, layers: str = "[Flatten]") -> Path:
    (folder / "t.csv").write_text("v,head\n" + "".join(f"a.png,{each}\n" for each in "abc"))
    branches = f"{{v: {{input: {{kind: {kind}}}, layers: {layers}}}}}"
    return write_spec(folder, branches, f"{CLASSES}data: {{train: t.csv}}\n")


def test_sixteen_bits_scaled_as_eight_are_told(tmp_path: Path) -> None:
    Image.fromarray((numpy.arange(24).reshape(4, 6) * 2000).astype("uint16")).save(tmp_path / "a.png")
    for scale, told in (("1/255", True), ("1/65535", False)):
        layers = f"[{{Rescaling: {{scale: {scale}}}}}, Flatten]"
        hints = check_all(load(write_rows(tmp_path, "image, shape: [4, 6, 1]", layers))).hints
        assert [("16 bits" in each and "scale: 1/65535" in each) for each in hints] == [True] * told


def test_a_picture_that_is_cut_off_is_told(tmp_path: Path) -> None:
    noise = numpy.random.default_rng(0).integers(0, 255, (40, 60, 3)).astype("uint8")
    Image.fromarray(noise).save(tmp_path / "whole.png")
    (tmp_path / "a.png").write_bytes((tmp_path / "whole.png").read_bytes()[:900])
    told = "t.csv, row {}, `v`: the image is cut off or damaged"
    assert problems(write_rows(tmp_path, "image, shape: [40, 60, 3]")) == [told.format(row) for row in (1, 2, 3)]


def test_frames_of_a_folder_come_as_people_count(tmp_path: Path) -> None:
    (tmp_path / "a.png").mkdir()
    for number in (1, 2, 10, 11, 3):
        Image.fromarray(numpy.full((4, 4, 1), number, "uint8")[..., 0]).save(tmp_path / "a.png" / f"frame{number}.png")
    batch = whole(open_spec(write_rows(tmp_path, "video, shape: [5, 4, 4, 1]")).parts["train"])
    assert batch.inputs["v"][0, :, 0, 0, 0].tolist() == [1, 2, 3, 10, 11]
