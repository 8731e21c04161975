"""`train`: the losses of a `fit` by hand, and the same bytes whatever happened on the way."""

from __future__ import annotations

import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from json_schemas import read_document
from places import ROOT
from signals import heed

from cnnlstm_spec.cli.main import run

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

SPEC = """
version: 1
name: small
seed: 3
branches:
  rows: {input: {kind: vector, shape: [3]}, layers: [{Dense: {units: 16, activation: relu}}, {Dropout: {rate: 0.3}}]}
  other: {input: {kind: vector, shape: [2]}, layers: [{Dense: {units: 4}}, BatchNormalization]}
fusion: {strategy: concat}
head: [{Dense: {units: 3, activation: softmax}}]
compile: {optimizer: adam, loss: sparse_categorical_crossentropy, metrics: [accuracy]}
data:
  train: train.csv
  validation: {fraction: 0.2}
  inputs: {rows: {columns: [a, b, c]}, other: {columns: [d, e]}}
  targets: {head: {column: kind}}
fit:
  epochs: 6
  batch_size: 16
  class_weight: balanced
  callbacks:
    - EarlyStopping: {monitor: val_loss, patience: 4, restore_best_weights: true, min_delta: 0.001}
    - ReduceLROnPlateau: {factor: 0.5, patience: 1, monitor: loss}
"""
KINDS = ("blue", "green", "red")


def write_data(folder: Path, rows: int = 120) -> None:
    draw = random.Random(0)
    with (folder / "train.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["a", "b", "c", "d", "e", "kind"])
        for _ in range(rows):
            values = [round(draw.gauss(0, 1), 4) for _ in range(5)]
            writer.writerow([*values, KINDS[(values[0] + values[3] > 0) + (values[1] > 0.5)]])


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a spec, its data, and a run of it."""
    folder = tmp_path_factory.mktemp("train")
    (folder / "spec.yaml").write_text(SPEC)
    write_data(folder)
    assert run(["train", str(folder / "spec.yaml"), "-o", str(folder / "run")]) == 0
    return folder


def test_what_a_run_leaves(finished: Path) -> None:
    files = {path.name for path in (finished / "run").iterdir()}
    assert {"model.keras", "history.csv", "manifest.json"} <= files and "state" not in files
    with (finished / "run" / "history.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [int(row["epoch"]) for row in rows] == list(range(1, len(rows) + 1))
    manifest = read_document("train", (finished / "run" / "manifest.json").read_text())
    losses = [float(row["val_loss"]) for row in rows]
    assert manifest["best"]["epoch"] == losses.index(min(losses)) + 1
    assert manifest["data"]["samples"] == {"train": 96, "validation": 24}
    assert str(finished) not in json.dumps(manifest)


LINES = [
    "evaluate run train.csv",
    "predict run train.csv -o out.csv",
    "compare run",
    "train spec.yaml -o longer --resume --epochs 7 --set fit.callbacks=[]",
    "train spec.yaml -o further --epochs 1 --set fit.callbacks=[] --set fit.start_from=run",
    "train spec.yaml -o both --epochs 1 --set fit.callbacks=[] --seeds 1,2 --jobs 2",
    "compile spec.yaml -o compiled --for inference --weights run/model.keras",
    "export run -o exported --format saved_model",
    "import run/model.keras -o imported.yaml",
]


@pytest.mark.whole(every=len(LINES))
@pytest.mark.parametrize("line", LINES)
def test_what_tensorflow_logs_is_not_shown(finished: Path, line: str) -> None:
    if "--resume" in line:
        assert run(["train", str(finished / "spec.yaml"), "-o", str(finished / "longer"), "--set", "fit.callbacks=[]"]) == 0
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_")} | {"PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-m", "cnnlstm_spec", *line.split()]
    done = subprocess.run(words, cwd=finished, env=environment, capture_output=True, text=True)
    assert done.returncode == 0 and "I0000" not in done.stderr and "E0000" not in done.stderr and "Warning" not in done.stderr


def test_what_lies_there_is_left_alone_or_refused(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec, there = str(finished / "spec.yaml"), str(finished / "run")
    before = (finished / "run" / "model.keras").stat().st_mtime_ns
    assert run(["train", spec, "-o", there]) == 0
    assert "up to date" in capsys.readouterr().out
    assert run(["train", spec, "-o", there, "--set", "seed=4"]) == 2
    assert run(["train", spec, "-o", there, "--set", "seed=4", "--resume"]) == 2
    assert "holds another run" in capsys.readouterr().err
    assert run(["train", spec, "-o", there, "--epochs", "9"]) == 2
    assert "holds this run with other epochs: `--resume` adds some, `--force` starts anew" in capsys.readouterr().err
    foreign = finished / "foreign"
    foreign.mkdir()
    (foreign / "model.keras").write_text("mine")
    assert run(["train", spec, "-o", str(foreign)]) == 2
    assert (foreign / "model.keras").read_text() == "mine"
    assert (finished / "run" / "model.keras").stat().st_mtime_ns == before


def test_a_model_with_its_spec_predicts_as_the_run_does(finished: Path, tmp_path: Path) -> None:
    source, spec = str(finished / "train.csv"), str(finished / "spec.yaml")
    assert run(["predict", str(finished / "run"), source, "-o", str(tmp_path / "run.csv")]) == 0
    assert run(["predict", str(finished / "run" / "model.keras"), source, "--spec", spec, "-o", str(tmp_path / "model.csv")]) == 0
    with (tmp_path / "run.csv").open() as stream:
        assert {row["head.prediction"] for row in csv.DictReader(stream)} <= set(KINDS)
    assert (tmp_path / "run.csv").read_bytes() == (tmp_path / "model.csv").read_bytes()


def read_by_hand(folder: Path) -> tuple[Any, Any, Any]:
    import numpy

    with (folder / "train.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    first = numpy.array([[row[name] for name in "abc"] for row in rows], "float32")
    second = numpy.array([[row[name] for name in "de"] for row in rows], "float32")
    return first, second, numpy.array([KINDS.index(row["kind"]) for row in rows])


def test_losses_are_those_of_fit_by_hand(tmp_path: Path) -> None:
    import keras
    import numpy

    write_data(tmp_path, 50)
    text = SPEC.partition("  callbacks")[0].replace("  validation: {fraction: 0.2}\n", "").replace("epochs: 6", "epochs: 5")
    (tmp_path / "spec.yaml").write_text(text)
    assert run(["train", str(tmp_path / "spec.yaml"), "-o", str(tmp_path / "run")]) == 0
    with (tmp_path / "run" / "history.csv").open() as stream:
        ours = [float(row["loss"]) for row in csv.DictReader(stream)]
    keras.utils.clear_session()
    keras.utils.set_random_seed(3)
    a = keras.Input((3,), name="rows")
    x = keras.layers.Dense(16, activation="relu")(a)
    x = keras.layers.Dropout(0.3)(x)
    b = keras.Input((2,), name="other")
    y = keras.layers.Dense(4)(b)
    y = keras.layers.BatchNormalization()(y)
    model = keras.Model([a, b], keras.layers.Dense(3, activation="softmax")(keras.layers.Concatenate()([x, y])))
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    first, second, kinds = read_by_hand(tmp_path)
    weights = (len(kinds) / (3 * numpy.bincount(kinds)))[kinds]
    theirs = []
    for epoch in range(5):
        at = numpy.random.default_rng([3, epoch]).permutation(len(kinds))
        given = {"rows": first[at], "other": second[at]}
        history = model.fit(given, kinds[at], batch_size=16, sample_weight=weights[at], shuffle=False, verbose=0)
        theirs.append(history.history["loss"][0])
    assert ours == pytest.approx(theirs, rel=1e-5)


def start(folder: Path, output: Path, *options: str) -> subprocess.Popen[str]:
    line = [sys.executable, "-m", "cnnlstm_spec", "train", str(folder / "spec.yaml"), "-o", str(output), *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    pipe = subprocess.PIPE
    return subprocess.Popen(line, env=environment, stdout=pipe, stderr=pipe, text=True, preexec_fn=heed)


def wait_for(process: subprocess.Popen[str], path: Path, times: int) -> None:
    """Until a file has been replaced so often, or the process has ended."""
    seen: set[int] = set()
    while len(seen) < times and process.poll() is None:
        if path.exists():
            seen.add(path.stat().st_mtime_ns)
        time.sleep(0.002)


@pytest.mark.parametrize("how", [pytest.param(signal.SIGKILL, marks=pytest.mark.whole), signal.SIGINT])
def test_one_that_is_stopped_and_resumed_has_the_same_bytes(how: int, finished: Path, tmp_path: Path) -> None:
    output = tmp_path / "run"
    process = start(finished, output)
    wait_for(process, output / "state" / "last.npz", 2)
    process.send_signal(how)
    _, err = process.communicate(timeout=120)
    assert (output / "state").exists()
    if how == signal.SIGINT:
        assert process.returncode == 130 and "--resume" in err
    assert run(["train", str(finished / "spec.yaml"), "-o", str(output)]) == 2
    assert run(["train", str(finished / "spec.yaml"), "-o", str(output), "--resume"]) == 0
    for name in ("model.keras", "history.csv"):
        assert (output / name).read_bytes() == (finished / "run" / name).read_bytes()


@pytest.mark.whole
def test_runs_at_a_time_are_those_one_after_another(finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", str(finished / "spec.yaml"), "-o", str(tmp_path / "runs"), "--seeds", "3,4", "--jobs", "2"]) == 0
    for name in ("model.keras", "history.csv"):
        assert (tmp_path / "runs" / "seed-3" / name).read_bytes() == (finished / "run" / name).read_bytes()
        assert (tmp_path / "runs" / "seed-4" / name).read_bytes() != (finished / "run" / name).read_bytes()
    with (tmp_path / "runs" / "runs.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [row["run"] for row in rows] == ["seed-3", "seed-4", "mean", "spread"]
    assert "seed-4: the best epoch is" in capsys.readouterr().out


@pytest.mark.whole(every=0)
def test_folds_and_variants_at_a_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_data(tmp_path, 60)
    text = SPEC.replace("validation: {fraction: 0.2}", "validation: {folds: 2}").replace("epochs: 6", "epochs: 2")
    (tmp_path / "spec.yaml").write_text(text.partition("  callbacks")[0] + "matrix: {fit.batch_size: [8, 16]}\n")
    for jobs in ("1", "2"):
        assert run(["train", str(tmp_path / "spec.yaml"), "-o", str(tmp_path / jobs), "--jobs", jobs]) == 0
    said = capsys.readouterr().out
    found = sorted(path.relative_to(tmp_path / "2") for path in (tmp_path / "2").glob("*/*/model.keras"))
    assert len(found) == 4 and {path.parts[0] for path in found} == {"fold-0", "fold-1"}
    assert all((tmp_path / "1" / path).read_bytes() == (tmp_path / "2" / path).read_bytes() for path in found)
    assert (tmp_path / "1" / "runs.csv").read_bytes() == (tmp_path / "2" / "runs.csv").read_bytes()
    assert said.count("ms/sample") == 2


@pytest.mark.whole(every=0)
def test_runs_at_a_time_end_with_control_c_and_go_on(finished: Path, tmp_path: Path) -> None:
    # So many epochs that it does not end by itself before it is stopped.
    long = ("--epochs", "80", "--set", "fit.callbacks=[]")
    options = ("--seeds", "3,4", "--jobs", "2", *long)
    output, alone = tmp_path / "runs", tmp_path / "alone"
    process = start(finished, output, *options)
    wait_for(process, output / "seed-3" / "state" / "last.npz", 1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130 and "--seeds 3,4" in err and "--resume" in err
    assert run(["train", str(finished / "spec.yaml"), "-o", str(output), *options, "--resume"]) == 0
    assert run(["train", str(finished / "spec.yaml"), "-o", str(alone), *long]) == 0
    assert (output / "seed-3" / "model.keras").read_bytes() == (alone / "model.keras").read_bytes()
