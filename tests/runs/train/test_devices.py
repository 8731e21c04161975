"""`train --devices all`: what two devices come to is what one does. A process of its own makes two devices of its CPU."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from places import ROOT
from shared import SPECS, rows, write_folder

pytestmark = pytest.mark.keras

SCRIPT = """
import sys, tensorflow
cpu = tensorflow.config.list_physical_devices("CPU")[0]
tensorflow.config.set_logical_device_configuration(cpu, [tensorflow.config.LogicalDeviceConfiguration()] * 2)
from cnnlstm_spec.cli.main import run
sys.exit(max(run(["train", f"{name}.yaml", "-o", f"{name}-{devices}", "--devices", devices]) for name, devices in {runs}))
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
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_folder(tmp_path_factory.mktemp("devices"))
    for name, (text, _) in NOT.items():
        (folder / f"{name}.yaml").write_text(text)
    return folder


def train(folder: Path, runs: list[tuple[str, str]]) -> subprocess.CompletedProcess[str]:
    """Each spec on one device or all, in a process that has two."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    line = [sys.executable, "-c", SCRIPT.replace("{runs}", str(runs))]
    return subprocess.run(line, cwd=folder, env=environment, capture_output=True, text=True, timeout=900)


@pytest.fixture(scope="module")
def trained(folder: Path, request: pytest.FixtureRequest) -> tuple[Path, Path]:
    """The runs of a spec on one device and on two."""
    done = train(folder, [(request.param, "one"), (request.param, "all")])
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count("2 devices share each batch") == 1
    return folder / f"{request.param}-one", folder / f"{request.param}-all"


@pytest.fixture(scope="module")
def refused(folder: Path) -> subprocess.CompletedProcess[str]:
    return train(folder, [(name, "all") for name in NOT])


@pytest.mark.whole
@pytest.mark.parametrize("name", NOT)
def test_what_they_would_compute_otherwise_is_refused(folder: Path, refused: subprocess.CompletedProcess[str], name: str) -> None:
    assert refused.returncode == 1 and NOT[name][1] in refused.stderr
    assert not (folder / f"{name}-all" / "model.keras").exists()


# First the one that the other test has as well.
@pytest.mark.whole(every=len(SPECS))
@pytest.mark.parametrize("trained", sorted(SPECS, key="norms".__ne__), indirect=True)
def test_losses_are_those_of_one_device(trained: tuple[Path, Path]) -> None:
    one, shared = map(rows, trained)
    assert len(one) == len(shared) >= 3 and one[0].keys() == shared[0].keys()
    for expected, found in zip(one, shared, strict=True):
        assert found == pytest.approx(expected, rel=1e-5, abs=1e-7)


@pytest.mark.whole
@pytest.mark.parametrize("trained", ["norms"], indirect=True)
def test_the_file_tells_nothing_of_devices(trained: tuple[Path, Path]) -> None:
    """A batch norm that saw the whole batch is a plain one in the file, and the run is the same run."""
    for run in trained:
        with zipfile.ZipFile(run / "model.keras") as archive:
            assert '"synchronized": true' not in archive.read("config.json").decode()
    one, shared = [json.loads((run / "manifest.json").read_text()) for run in trained]
    assert one["spec"] == shared["spec"] and one["data"] == shared["data"]
