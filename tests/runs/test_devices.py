"""`train --devices all`: what two devices come to is what one does. A process of its own makes two devices of its CPU."""

from __future__ import annotations

import csv
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from places import ROOT

numpy = pytest.importorskip("numpy")
pytestmark = [pytest.mark.keras, pytest.mark.whole]

HEAD = """
version: 1
name: shared
seed: 4
"""
ROWS = "rows: {input: {kind: vector, shape: [2]}, layers: [{Dense: {units: 8, activation: tanh}}%s]}"
DATA = """
data:
  train: train.csv
  inputs: {rows: {columns: [a, b]}}
  targets: {head: {column: kind}}
"""
NORM = ", BatchNormalization: {momentum: 0.9}, Dense: {units: 4}".replace(", B", ", {B").replace("}, D", "}}, {D") + "}"
CLASSES = """
head: [{Dense: {units: 3, activation: softmax, kernel_regularizer: l2}}]
compile: {optimizer: {Adam: {learning_rate: 0.05}}, loss: sparse_categorical_crossentropy, metrics: [accuracy]}
"""
STEPS = """
branches:
  steps:
    input: {kind: sequence, shape: [6, 2], padding_value: 0.0}
    layers: [{LSTM: {units: 4, return_sequences: true}}]
heads:
  each: {inputs: [steps], layers: [{Dense: {units: 1}}]}
  whole: {inputs: [steps], layers: [{GlobalAveragePooling1D: {}}, {Dense: {units: 1}}]}
compile: {optimizer: {SGD: {learning_rate: 0.05}}, loss: {each: mse, whole: mae}, loss_weights: {each: 2.0, whole: 1.0}}
data: {train: arrays.npz}
"""
SPECS = {
    "20 steps": f"{HEAD}branches:\n  {ROWS % ''}\n{CLASSES}{DATA}fit: {{epochs: 20, steps_per_epoch: 1, batch_size: 9, class_weight: balanced}}\n",
    "uneven": f"{HEAD}branches:\n  {ROWS % ''}\n{CLASSES}{DATA}  validation: {{last: 0.2, order: n}}\nfit: {{epochs: 3, batch_size: 15}}\n",
    "norms": f"{HEAD}branches:\n  {ROWS % NORM}\n{CLASSES}{DATA}fit: {{epochs: 20, steps_per_epoch: 1, batch_size: 15}}\n",
    "masks": f"{HEAD}{STEPS}fit: {{epochs: 20, steps_per_epoch: 1, batch_size: 8}}\n",
    "phases": f"{HEAD}branches:\n  {ROWS % ''}\n{CLASSES}{DATA}fit:\n  batch_size: 16\n"
    "  phases: [{name: head, epochs: 2, freeze: [branches.rows]}, {name: all, epochs: 2, unfreeze: [branches.rows]}]\n",
}

SCRIPT = """
import sys, tensorflow
cpu = tensorflow.config.list_physical_devices("CPU")[0]
tensorflow.config.set_logical_device_configuration(cpu, [tensorflow.config.LogicalDeviceConfiguration()] * 2)
from cnnlstm_spec.cli.main import run
for name in sys.argv[1:]:
    for devices in ("one", "all"):
        assert run(["train", f"{name}.yaml", "-o", f"{name}-{devices}", "--devices", devices]) == 0
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, draw = tmp_path_factory.mktemp("devices"), random.Random(0)
    with (folder / "train.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["n", "a", "b", "kind"])
        for number in range(60):
            a, b = draw.gauss(0, 1), draw.gauss(0, 1)
            writer.writerow([number, round(a, 3), round(b, 3), "low" if a + b < -1 else "high" if a > b else "same"])
    numbers = numpy.random.default_rng(0)
    steps = numbers.normal(size=(24, 6, 2)).astype("float32")
    for sample, length in enumerate(numbers.integers(1, 7, 24)):
        steps[sample, length:] = 0.0
    numpy.savez(folder / "arrays.npz", steps=steps, each=steps.sum(-1, keepdims=True), whole=steps.sum((1, 2))[:, None])
    for name, text in SPECS.items():
        (folder / f"{name}.yaml").write_text(text)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    line = [sys.executable, "-c", SCRIPT, *SPECS]
    done = subprocess.run(line, cwd=folder, env=environment, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count("2 devices share each batch") == len(SPECS)
    return folder


def rows(folder: Path) -> list[dict[str, float]]:
    with (folder / "history.csv").open() as stream:
        return [{name: float(each) for name, each in row.items() if name not in ("phase",)} for row in csv.DictReader(stream)]


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
