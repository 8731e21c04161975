"""The losses of a run are those of `fit` by hand: padded series with a mask, several heads with class weights, phases; windows."""

from __future__ import annotations

import csv
import json
import random
import zipfile
from pathlib import Path
from typing import Any

import pytest

from cnnlstm_spec import load
from cnnlstm_spec.cli.main import run

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")]

HEADS = """
version: 1
name: heads
branches:
  clip: {input: {kind: sequence, shape: [frames, 2], mask_input: real}, layers: [{LSTM: {units: 6, name: lstm}}]}
  side: {input: {kind: vector, shape: [1]}, layers: [{Dense: {units: 4}}]}
fusion: {strategy: concat}
heads:
  kind: [{Dense: {units: 3, activation: softmax}}]
  price: [{Dense: {units: 1}}]
  free: [{Dense: {units: 2}}]
compile:
  optimizer: {Adam: {learning_rate: 0.01}}
  loss: {kind: categorical_crossentropy, price: mse, free: null}
  metrics: {price: [mae]}
data:
  train: t.jsonl
  validation: t.jsonl
  inputs: {clip: {column: clip}, side: {column: x}}
  targets: {price: {scale: standard}}
fit:
  batch_size: 10
  monitor: loss
  class_weight: {kind: balanced}
  phases:
    - {name: first, epochs: 3, freeze: [branches.clip]}
    - {name: second, epochs: 2, unfreeze: [branches.clip], optimizer: {SGD: {learning_rate: 0.1}}}
"""


def write_clips(folder: Path) -> list[dict[str, Any]]:
    draw = random.Random(0)
    rows = []
    for number in range(40):
        clip = [[round(draw.gauss(0, 1), 3) for _ in range(2)] for _ in range(draw.randint(2, 6))]
        kind = "abc"[0 if number % 5 else 1 + number % 2]
        rows.append({"clip": clip, "x": clip[0][0], "kind": kind, "price": 100 + 20 * clip[0][1]})
    (folder / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return rows


def history_of(output: Path) -> list[dict[str, str]]:
    with (output / "history.csv").open() as stream:
        return list(csv.DictReader(stream))


@pytest.mark.whole
def test_several_heads_with_class_weights_masks_and_phases(tmp_path: Path) -> None:
    import keras
    import numpy

    rows = write_clips(tmp_path)
    (tmp_path / "spec.yaml").write_text(HEADS)
    assert run(["train", str(tmp_path / "spec.yaml"), "-o", str(tmp_path / "run")]) == 0
    ours = history_of(tmp_path / "run")
    assert [row["phase"] for row in ours] == ["first"] * 3 + ["second"] * 2

    keras.utils.clear_session()
    model = load(tmp_path / "spec.yaml").to_keras()
    kinds = numpy.array(["abc".index(row["kind"]) for row in rows])
    prices = numpy.array([row["price"] for row in rows])
    scaled = ((prices - prices.mean()) / prices.std()).astype("float32")
    weights = (40 / (3 * numpy.bincount(kinds)))[kinds].astype("float32")
    lstm, initial = model.get_layer("lstm"), [each.copy() for each in model.get_layer("lstm").get_weights()]
    losses = {"kind": "categorical_crossentropy", "price": "mse", "free": None}

    def epoch(number: int) -> float:
        order = numpy.random.default_rng([0, number]).permutation(40)
        total = []
        for first in range(0, 40, 10):
            at = order[first : first + 10]
            steps = max(len(rows[place]["clip"]) for place in at)
            clips, real = numpy.zeros((10, steps, 2), "float32"), numpy.zeros((10, steps), bool)
            for row, place in enumerate(at):
                clip = rows[place]["clip"]
                clips[row, : len(clip)], real[row, : len(clip)] = clip, True
            x = {"clip": clips, "real": real, "side": numpy.array([[rows[place]["x"]] for place in at], "float32")}
            y = {"kind": numpy.eye(3, dtype="float32")[kinds[at]], "price": scaled[at], "free": numpy.zeros((10, 1))}
            w = {"kind": weights[at], "price": numpy.ones(10), "free": numpy.ones(10)}
            model.reset_metrics()
            total.append(float(model.train_on_batch(x, y, sample_weight=w, return_dict=True)["loss"]))
        return sum(total) / 4

    lstm.trainable = False
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss=losses, run_eagerly=True)
    kept, theirs = [], []
    for number in range(3):
        theirs.append(epoch(number))
        kept.append(model.get_weights())
    assert all((a == b).all() for a, b in zip(initial, lstm.get_weights(), strict=True))
    model.set_weights(kept[theirs.index(min(theirs))])
    lstm.trainable = True
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss=losses, run_eagerly=True)
    theirs += [epoch(3), epoch(4)]
    assert [float(row["loss"]) for row in ours] == pytest.approx(theirs, rel=1e-5)
    # The file is Keras's alone, whatever it was trained and measured with.
    with zipfile.ZipFile(tmp_path / "run" / "model.keras") as file:
        assert "cnnlstm_spec" not in file.read("config.json").decode()
    assert keras.models.load_model(tmp_path / "run" / "model.keras").loss == losses
    # The metric sees the column's own numbers, of which one is far from 1.
    assert float(ours[0]["price_mae"]) > 5


WINDOWS = """
version: 1
name: windows
branches: {prices: {input: {kind: sequence, shape: [6, 2]}, layers: [{LSTM: {units: 6}}]}}
head: [{Dense: {units: 1}}]
compile: {optimizer: adam, loss: mse}
data:
  train: p.csv
  window: {sequence_length: 6, delay: 2, order: day}
  inputs: {prices: {columns: [a, b]}}
  targets: {head: {column: a}}
fit: {epochs: 3, batch_size: 8}
"""


@pytest.mark.whole
def test_windows(tmp_path: Path) -> None:
    import keras
    import numpy

    draw = random.Random(1)
    values = [(draw.gauss(0, 1), draw.gauss(0, 1)) for _ in range(60)]
    with (tmp_path / "p.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["day", "a", "b"])
        writer.writerows([number, *pair] for number, pair in reversed(list(enumerate(values))))
    (tmp_path / "spec.yaml").write_text(WINDOWS)
    assert run(["train", str(tmp_path / "spec.yaml"), "-o", str(tmp_path / "run")]) == 0
    ours = [float(row["loss"]) for row in history_of(tmp_path / "run")]

    keras.utils.clear_session()
    model = load(tmp_path / "spec.yaml").to_keras()
    model.run_eagerly = True
    table = numpy.array(values, "float32")
    x = numpy.stack([table[first : first + 6] for first in range(60 - 6 - 1)])
    y = table[7:, 0]
    assert len(x) == len(y)
    theirs = []
    for epoch in range(3):
        at = numpy.random.default_rng([0, epoch]).permutation(len(x))
        theirs.append(model.fit(x[at], y[at], batch_size=8, shuffle=False, verbose=0).history["loss"][0])
    assert ours == pytest.approx(theirs, rel=1e-5)


STEPS = """
version: 1
name: steps
branches: {s: {input: {kind: sequence, shape: [steps, 2], mask_input: real}, layers: [{GRU: {units: 4, return_sequences: true}}]}}
heads: {out: [{Dense: {units: 2, activation: softmax}}], number: [{Dense: {units: 1}}]}
compile: {loss: {out: sparse_categorical_crossentropy, number: mse}}
data: {train: t.jsonl, validation: {fraction: 0.3}, inputs: {s: {column: s}}}
fit: {epochs: 1, batch_size: 8, class_weight: {out: balanced}}
"""


@pytest.mark.whole(every=1)
def test_heads_with_steps_count_real_steps_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    draw = random.Random(0)
    lengths = [draw.randint(2, 6) for _ in range(30)]
    with (tmp_path / "t.jsonl").open("w") as stream:
        for length in lengths:
            series = [[draw.gauss(0, 1), draw.gauss(0, 1)] for _ in range(length)]
            row = {"s": series, "out": [int(a > 0.5) for a, _ in series], "number": [b for _, b in series]}
            stream.write(json.dumps(row) + "\n")
    (tmp_path / "spec.yaml").write_text(STEPS)
    assert run(["train", str(tmp_path / "spec.yaml"), "-o", str(tmp_path / "run")]) == 0
    capsys.readouterr()
    assert run(["evaluate", str(tmp_path / "run"), str(tmp_path / "t.jsonl"), "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert sum(map(sum, found["heads"]["out"]["confusion"])) == sum(lengths)
