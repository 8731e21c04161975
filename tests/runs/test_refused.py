"""A training that is refused before its first step leaves its folder as it was."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy
import pytest
from data_specs import BINARY, write_spec
from PIL import Image

from cnnlstm_spec.cli.main import run

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


def write_pictures(folder: Path) -> str:
    """A spec whose test part has a picture that is cut off behind its header."""
    noise = numpy.random.default_rng(0).integers(0, 255, (30, 30), "uint8")
    Image.fromarray(noise).save(folder / "a.png")
    (folder / "b.png").write_bytes((folder / "a.png").read_bytes()[:400])
    for name, picture in (("train", "a"), ("test", "b")):
        (folder / f"{name}.csv").write_text(f"x,y\n{picture}.png,no\n{picture}.png,yes\n")
    branches = "{x: {input: {kind: image, shape: [30, 30, 1]}, layers: [Flatten]}}"
    data = "data: {train: train.csv, test: test.csv, targets: {head: {column: y}}}\nfit: {epochs: 1}\n"
    return str(write_spec(folder, branches, BINARY + data))


REFUSED = {
    "a file of test": (),
    "a callback whose library is not installed": ("data.test=train.csv", "fit.callbacks=[TensorBoard]"),
    "a model to start from that is none": ("data.test=train.csv", "fit.start_from=none.keras"),
}


@pytest.mark.parametrize("overrides", REFUSED.values(), ids=REFUSED)
def test_a_folder_is_as_it_was(
    overrides: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    spec, made = write_pictures(tmp_path), tmp_path / "run"
    (tmp_path / "none.keras").write_text("no model")
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    wrong = ["train", spec, "-o", str(made), *(part for each in overrides for part in ("--set", each))]
    assert run(wrong) == 1 and not made.exists()
    assert run(["train", spec, "-o", str(made), "--set", "data.test=train.csv"]) == 0
    before = {each.name: each.read_bytes() for each in made.iterdir()}
    assert run([*wrong, "--force"]) == 1
    assert {each.name: each.read_bytes() for each in made.iterdir()} == before
    capsys.readouterr()
    assert run(["train", spec, "-o", str(made), "--set", "data.test=train.csv"]) == 0
    assert "up to date" in capsys.readouterr().out
