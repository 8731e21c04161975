"""Specs and data whose training is shared by devices or processes, which must come to what one comes to."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import pytest

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


def write_folder(folder: Path) -> Path:
    """The specs with their data."""
    numpy = pytest.importorskip("numpy")
    draw = random.Random(0)
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
    return folder


def rows(folder: Path) -> list[dict[str, float]]:
    """The history of a run."""
    with (folder / "history.csv").open() as stream:
        return [{name: float(each) for name, each in row.items() if name != "phase"} for row in csv.DictReader(stream)]
