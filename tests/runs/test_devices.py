"""`train --devices all`: what two devices come to is what one does. A process of its own makes two devices of its CPU."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from places import ROOT
from shared import SPECS, rows, write_folder

pytestmark = [pytest.mark.keras, pytest.mark.whole]

SCRIPT = """
import sys, tensorflow
cpu = tensorflow.config.list_physical_devices("CPU")[0]
tensorflow.config.set_logical_device_configuration(cpu, [tensorflow.config.LogicalDeviceConfiguration()] * 2)
from cnnlstm_spec.cli.main import run
for name in sys.argv[1:]:
    for devices in ("one", "all"):
        assert run(["train", f"{name}.yaml", "-o", f"{name}-{devices}", "--devices", devices]) == 0
for name in {refused}:
    assert run(["train", f"{name}.yaml", "-o", "refused", "--devices", "all"]) == 1
"""
NOT = {
    "not so few": (
        SPECS["20 steps"].replace("batch_size: 9", "batch_size: 1"),
        "a batch of 1 samples is less than 2 devices: choose another `fit.batch_size`",
    ),
    "not these norms": (
        SPECS["masks"].replace("return_sequences: true}}]", "return_sequences: true}}, BatchNormalization]"),
        "`steps_batch_normalization` has its statistics of steps that a mask leaves, on each device its own",
    ),
    "not this penalty": (
        SPECS["20 steps"].replace("units: 8,", "units: 8, activity_regularizer: l2,"),
        "`rows_dense` has a penalty on what it gives, and batches of 9 samples are not shared evenly by 2 devices",
    ),
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_folder(tmp_path_factory.mktemp("devices"))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    for name, (text, _) in NOT.items():
        (folder / f"{name}.yaml").write_text(text)
    line = [sys.executable, "-c", SCRIPT.replace("{refused}", str(list(NOT))), *SPECS]
    done = subprocess.run(line, cwd=folder, env=environment, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count("2 devices share each batch") == len(SPECS) + len(NOT)
    (folder / "said").write_text(done.stderr)
    return folder


@pytest.mark.parametrize("name", NOT)
def test_what_they_would_compute_otherwise_is_refused(trained: Path, name: str) -> None:
    assert NOT[name][1] in (trained / "said").read_text()
    assert not (trained / "refused" / "model.keras").exists()


@pytest.mark.parametrize("name", SPECS)
def test_losses_are_those_of_one_device(trained: Path, name: str) -> None:
    one, shared = rows(trained / f"{name}-one"), rows(trained / f"{name}-all")
    assert len(one) == len(shared) >= 3 and one[0].keys() == shared[0].keys()
    for expected, found in zip(one, shared, strict=True):
        assert found == pytest.approx(expected, rel=1e-5, abs=1e-7)


def test_the_file_tells_nothing_of_devices(trained: Path) -> None:
    """A batch norm that saw the whole batch is a plain one in the file, and the run is the same run."""
    import zipfile

    for name in ("one", "all"):
        with zipfile.ZipFile(trained / f"norms-{name}" / "model.keras") as archive:
            assert '"synchronized": true' not in archive.read("config.json").decode()
    held = [json.loads((trained / f"norms-{name}" / "manifest.json").read_text()) for name in ("one", "all")]
    assert held[0]["spec"] == held[1]["spec"] and held[0]["data"] == held[1]["data"]
