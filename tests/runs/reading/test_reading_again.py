"""What is read again in a later epoch: decoded once where there is room, the same bytes, and where a cell leads."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy
import pytest
from data_specs import NUMBER, open_spec, problems, write_spec
from PIL import Image, PngImagePlugin

from cnnlstm_spec.runs.reading import open as opening
from cnnlstm_spec.runs.reading.branches import cells
from cnnlstm_spec.runs.samples import Part

pytestmark = pytest.mark.keras

DATA = "data: {train: t.csv, inputs: {x: {column: file%s}}, targets: {head: {column: y}}}\n"
CLIP = "{x: {input: {kind: video, shape: [2, 3, 3, 1]}, layers: [Flatten]}}"
IMAGE = "{x: {input: {kind: image, shape: [4, 6, 1]}, layers: [Flatten]}}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four clips of five frames, and a table of them."""
    rng = numpy.random.default_rng(0)
    for number in range(4):
        numpy.save(tmp_path / f"{number}.npy", rng.integers(0, 256, (5, 3, 3, 1), "uint8"))
    (tmp_path / "t.csv").write_text("file,y\n" + "".join(f"{number}.npy,{number}\n" for number in range(4)))
    return tmp_path


def part_of(folder: Path, how: str = "") -> Part:
    return open_spec(write_spec(folder, CLIP, NUMBER + DATA % how)).parts["train"]


def count_films(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    counted: Counter[str] = Counter()

    def read_film(path: Path, *arguments: Any) -> Any:
        counted[path.name] += 1
        return read(path, *arguments)

    read = cells.read_film
    monkeypatch.setattr(cells, "read_film", read_film)
    return counted


def test_a_sample_is_decoded_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = [part_of(folder).read([place]).inputs["x"].tobytes() for place in range(4)]
    counted = count_films(monkeypatch)
    part = part_of(folder)
    for epoch in (0, 1, None):
        found = [part.read([place], epoch).inputs["x"].tobytes() for place in range(4)]
        assert found == expected
    assert counted == {f"{number}.npy": 1 for number in range(4)}


def test_what_has_no_room_is_decoded_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = part_of(folder).read(range(4)).inputs["x"].tobytes()
    counted = count_films(monkeypatch)
    monkeypatch.setattr(opening, "MOST", 2 * 2 * 3 * 3 + 1)
    part = part_of(folder)
    for epoch in range(3):
        assert part.read(range(4), epoch).inputs["x"].tobytes() == expected
    assert counted == {"0.npy": 1, "1.npy": 1, "2.npy": 3, "3.npy": 3}


def test_what_is_drawn_is_drawn_anew(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = count_films(monkeypatch)
    part = part_of(folder, ", frames: random")
    drawn = {part.read(range(4), epoch).inputs["x"].tobytes() for epoch in range(5)}
    assert len(drawn) > 1 and set(counted.values()) == {5}
    counted.clear()
    masked = part_of(folder, ", augment: [{time_mask: {max: 1}}]")
    drawn = {masked.read(range(4), epoch).inputs["x"].tobytes() for epoch in range(5)}
    assert len(drawn) > 1 and set(counted.values()) == {1}
    # What training did to a sample has not changed what is kept of it.
    assert masked.read(range(4)).inputs["x"].tobytes() == part_of(folder).read(range(4)).inputs["x"].tobytes()


def test_links_are_followed_in_a_folder_that_is_known(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (folder / "0.npy").rename(outside / "0.npy")
    (folder / "leaving.npy").symlink_to(outside / "0.npy")
    (folder / "staying.npy").symlink_to(folder / "1.npy")
    (folder / "deep").mkdir()
    (folder / "deep" / "3.npy").write_bytes((folder / "3.npy").read_bytes())
    (folder / "way").symlink_to(folder / "deep", target_is_directory=True)
    (folder / "out").symlink_to(outside, target_is_directory=True)
    names = ["1.npy", "staying.npy", "way/3.npy", "deep/../2.npy", "way/3.npy", "leaving.npy", "out/0.npy", "out/0.npy", "way/.."]
    (folder / "t.csv").write_text("file,y\n" + "".join(f"{name},1\n" for name in names))
    spec = write_spec(folder, CLIP, NUMBER + DATA % "")
    told = "the path leads out of the folder; `--allow-outside` allows it"
    assert problems(spec) == [f"t.csv, row {row}, `file`: {told}" for row in (6, 7, 8)]


def test_an_image_of_another_size_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.fromarray(numpy.zeros((9, 5), "uint8")).save(tmp_path / "other.png")
    Image.fromarray(numpy.zeros((4, 6), "uint8")).save(tmp_path / "right.png")
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.fromarray(numpy.zeros((6, 4), "uint8")).save(tmp_path / "turned.png", exif=turned)
    Image.fromarray(numpy.zeros((6, 4), "uint8")).save(tmp_path / "lying.png")
    unpacked: list[tuple[int, int]] = []
    load = PngImagePlugin.PngImageFile.load

    def loading(self: Any) -> Any:
        unpacked.append(self.size)
        return load(self)

    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", loading)
    (tmp_path / "t.csv").write_text("file,y\nother.png,1\nright.png,1\nturned.png,1\nlying.png,1\n")
    told = problems(write_spec(tmp_path, IMAGE, NUMBER + DATA % ""))
    assert told == [
        "t.csv, row 1, `file`: the image is 9x5; the branch takes 4x6: give it `resize`",
        "t.csv, row 4, `file`: the image is 6x4; the branch takes 4x6: give it `resize`",
    ]
    assert (5, 9) not in unpacked
