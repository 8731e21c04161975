"""`python tools/kill_train.py N`: N runs of `train`, killed and resumed, to the bytes of one that nobody stopped.

The spec has what a state could forget: dropout, layers that draw in training, changes of samples, callbacks that count, phases
that freeze and thaw, means of weights. A run is killed once, twice or three times at random, half of the times around the moment
at which it writes what it goes on from. Before that two runs are held against each other.
"""

from __future__ import annotations

import csv
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SPEC = """version: 1
name: killed
seed: 5
branches:
  picture:
    input: {kind: image, shape: [6, 6, 1]}
    layers:
      - RandomTranslation: {height_factor: 0.2, width_factor: 0.2}
      - Conv2D: {filters: 4, kernel_size: 3, activation: relu, name: look}
      - BatchNormalization
      - Flatten
  series:
    input: {kind: sequence, shape: [steps, 2], mask_input: real}
    layers: [GaussianNoise: {stddev: 0.1}, LSTM: {units: 4, dropout: 0.2}]
fusion: {strategy: concat}
head: [{Dropout: {rate: 0.4}}, {Dense: {units: 3, activation: softmax}}]
compile: {optimizer: {Adam: {use_ema: true}}, loss: sparse_categorical_crossentropy, metrics: [accuracy]}
data:
  train: train.csv
  validation: {fraction: 0.25, stratify: kind}
  inputs:
    picture: {column: picture}
    series: {column: series, augment: [{time_mask: {max: 2}}, {speed: [0.8, 1.2]}]}
  targets: {head: {column: kind}}
fit:
  batch_size: 8
  class_weight: balanced
  phases:
    - {name: head, epochs: 5, freeze: [branches.picture.look]}
    - name: all
      epochs: 6
      unfreeze: [branches.picture.look]
      optimizer: {SGD: {learning_rate: 0.05, momentum: 0.9, use_ema: true}}
  callbacks:
    - EarlyStopping: {monitor: val_loss, patience: 4, restore_best_weights: true}
    - ReduceLROnPlateau: {factor: 0.5, patience: 1, monitor: loss}
    - SwapEMAWeights: {swap_on_epoch: true}
"""
SAMPLES = 48
SAME = ("model.keras", "history.csv")
LAST = "last.npz"


def make_data(folder: Path) -> None:
    """A table, with an array for each picture and each series."""
    import numpy
    from PIL import Image

    rng = numpy.random.default_rng(0)
    (folder / "spec.yaml").write_text(SPEC)
    with (folder / "train.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["picture", "series", "kind"])
        for number in range(SAMPLES):
            Image.fromarray(rng.integers(0, 256, (6, 6), "uint8")).save(folder / f"{number}.png")
            numpy.save(folder / f"{number}.npy", rng.normal(number % 3, 1, (int(rng.integers(3, 8)), 2)).astype("float32"))
            writer.writerow([f"{number}.png", f"{number}.npy", "abc"[number % 3]])


def start(folder: Path, output: Path, *options: str) -> subprocess.Popen[bytes]:
    """A run of `train`."""
    line = [sys.executable, "-m", "cnnlstm_spec", "train", str(folder / "spec.yaml"), "-o", str(output), *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    return subprocess.Popen(line, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)


def finish(process: subprocess.Popen[bytes]) -> str | None:
    """Waits for its end; what it says where that is no good one."""
    _, said = process.communicate()
    return None if process.returncode == 0 else f"status {process.returncode}: {said.decode(errors='replace')[-300:]}"


def differences(output: Path, reference: Path) -> list[str]:
    """The files that are not those of the reference."""
    return [name for name in SAME if (output / name).read_bytes() != (reference / name).read_bytes()]


def kill_once(number: int, folder: Path, reference: Path, whole: float) -> str:
    """A run, killed at random moments and resumed; what became of it."""
    rng, output = random.Random(number), folder / f"run-{number}"
    for _ in range(rng.randint(1, 3)):
        process = start(folder, output, "--resume")
        if rng.random() < 0.5:
            wait_for_saves(process, output / "state" / LAST, rng.randint(0, 6))
            time.sleep(rng.uniform(0, 0.05))
        else:
            with suppress(subprocess.TimeoutExpired):
                process.wait(rng.uniform(0, whole))
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    stood, ended = (output / "state" / LAST).exists(), (output / "model.keras").exists()
    left = "after an epoch" if stood else "at the end" if ended else "early"
    if (told := finish(start(folder, output, "--resume"))) is not None:
        return f"AMISS: killed {left}, resumed with {told}"
    wrong = differences(output, reference)
    return f"AMISS: killed {left}, {' and '.join(wrong)} differ" if wrong else f"the same bytes, killed {left}"


def wait_for_saves(process: subprocess.Popen[bytes], path: Path, times: int) -> None:
    """Until a file was put in place so often, its folder is there where that is never, or the process has ended."""
    seen: set[int] = set()
    while process.poll() is None:
        with suppress(OSError):
            seen.add(path.stat().st_mtime_ns)
        if len(seen) > times or (times == 0 and path.parent.exists()):
            return
        time.sleep(0.002)


def main() -> int:
    """0 where every run came to the same bytes."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_data(folder)
        began = time.monotonic()
        outcomes: Counter[str] = Counter()
        for output in ("reference", "again"):
            if (told := finish(start(folder, folder / output))) is not None:
                print(f"AMISS: {told}")
                return 1
        whole = (time.monotonic() - began) / 2
        wrong = differences(folder / "again", folder / "reference")
        outcomes["AMISS: two runs differ" if wrong else "two runs have the same bytes"] += 1
        for number in range(first, first + count):
            outcome = kill_once(number, folder, folder / "reference", whole)
            outcomes[outcome] += 1
            print(f"{number}: {outcome}", flush=True)
    for outcome, times in sorted(outcomes.items()):
        print(f"{times:>4}  {outcome}")
    return 1 if any(outcome.startswith("AMISS") for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
