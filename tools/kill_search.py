"""`python tools/kill_search.py N`: `search`, killed N times at random, to the values and bytes of one that nobody stopped.

Half of the times it is killed a moment after something in its folder has changed, which is when it writes what it goes on from. A
search that ends meanwhile is held against the reference, and another one is begun.
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
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SPEC = """version: 1
name: small
seed: 3
vars: {width: 4}
branches:
  rows: {input: {kind: vector, shape: [2]}, layers: [{Dense: {units: $width, activation: relu}}, {Dropout: {rate: 0.1}}]}
head: [{Dense: {units: 1}}]
compile: {optimizer: {Adam: {learning_rate: 0.01}}, loss: mse}
budget: {params: 60}
data:
  train: train.csv
  validation: {fraction: 0.25}
  inputs: {rows: {columns: [a, b]}}
  targets: {head: {column: y}}
fit: {epochs: 4, batch_size: 16}
search:
  minimize: val_loss
  space:
    vars.width: {int: [2, 32]}
    compile.optimizer.learning_rate: {float: [1e-4, 1e-1], log: true}
    branches.rows.layers[0].activation: [relu, tanh]
  trials: 6
  pruner: hyperband
  seed: 1
"""
SAME = ("trials.csv", "trials.json", "best/model.keras", "best/history.csv")
CHANGES = 12
"""After so many changes of its folder at most it is killed."""


def make_data(folder: Path) -> Path:
    """The spec, beside its data."""
    draw = random.Random(0)
    with (folder / "train.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["a", "b", "y"])
        for _ in range(64):
            a, b = draw.gauss(0, 1), draw.gauss(0, 1)
            writer.writerow([round(a, 3), round(b, 3), round(a - b, 3)])
    (folder / "spec.yaml").write_text(SPEC)
    return folder / "spec.yaml"


def start(spec: Path, output: Path) -> subprocess.Popen[bytes]:
    """The search, with one job."""
    line = [sys.executable, "-m", "cnnlstm_spec", "search", str(spec), "-o", str(output)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    return subprocess.Popen(line, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)


def wait_for_changes(process: subprocess.Popen[bytes], folder: Path, times: int) -> None:
    """Until the files of a folder have changed so often, or the process has ended."""
    before, seen = stamp(folder), 0
    while process.poll() is None and seen <= times:
        now = stamp(folder)
        seen += now != before
        before = now
        time.sleep(0.002)


def stamp(folder: Path) -> dict[str, int]:
    """When each file was written."""
    found: dict[str, int] = {}
    for path in (*folder.glob("*"), *folder.glob("trial-*/*"), *folder.glob("trial-*/state/*")):
        with suppress(OSError):
            found[str(path)] = path.stat().st_mtime_ns
    return found


def kill_once(spec: Path, output: Path, rng: random.Random, whole: float) -> bool:
    """Starts or goes on with a search and kills it; whether it was alive then."""
    process = start(spec, output)
    if rng.random() < 0.5:
        wait_for_changes(process, output, rng.randint(0, CHANGES))
        time.sleep(rng.uniform(0, 0.05))
    else:
        with suppress(subprocess.TimeoutExpired):
            process.wait(rng.uniform(0, whole))
    alive = process.poll() is None
    if alive:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    return alive


def finish(spec: Path, output: Path, reference: Path | None) -> str | None:
    """Goes on to the end; what is amiss."""
    process = start(spec, output)
    _, said = process.communicate()
    if process.returncode != 0:
        return f"status {process.returncode}: {said.decode(errors='replace')[-300:]}"
    wrong = [name for name in SAME if reference and (output / name).read_bytes() != (reference / name).read_bytes()]
    return f"{', '.join(wrong)} differ" if wrong else None


def main() -> int:
    """0 where every search came to the same."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    rng = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    amiss = kills = searches = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        spec, began = make_data(folder), time.monotonic()
        if (told := finish(spec, folder / "reference", None)) is not None:
            print(f"AMISS: {told}")
            return 1
        whole = time.monotonic() - began
        while kills < count and not amiss:
            output = folder / f"search-{searches}"
            before = kills
            while kills < count and kill_once(spec, output, rng, whole):
                kills += 1
                print(f"kill {kills}: {len(list(output.glob('trial-*')))} folders of trials", flush=True)
            told = finish(spec, output, folder / "reference")
            amiss, searches = amiss + (told is not None), searches + 1
            print(f"search {searches}, killed {kills - before} times: {told or 'the same trials, values and bytes'}", flush=True)
    print(f"{kills} kills of {searches} searches, {amiss} amiss")
    return 1 if amiss else 0


if __name__ == "__main__":
    sys.exit(main())
