"""`python tools/kill_search.py N [SEED [JOBS]]`: `search`, killed N times at random, to what one comes to that nobody stopped.

Half of the times it is killed a moment after something in its folder has changed, which is when it writes what it goes on from. A
search that ends meanwhile is judged, and another one is begun. With one job values and bytes are the same. With several jobs what
trains is killed too, or left to end by itself; there are as many trials as are wanted, of the same space, none twice, none lost,
and the best is that of the table.
"""

from __future__ import annotations

import csv
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from cnnlstm_spec import load  # noqa: E402
from cnnlstm_spec.text.nodes import to_value  # noqa: E402

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
WIDTHS, RATES, ACTIVATIONS, TRIALS = (2, 32), (1e-4, 1e-1), ("relu", "tanh"), 6
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


def start(spec: Path, output: Path, jobs: int) -> subprocess.Popen[bytes]:
    """The search."""
    line = [sys.executable, "-m", "cnnlstm_spec", "search", str(spec), "-o", str(output), "--jobs", str(jobs)]
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


def kill_once(spec: Path, output: Path, rng: random.Random, whole: float, jobs: int) -> bool:
    """Starts or goes on with a search and kills it; whether it was alive then."""
    process = start(spec, output, jobs)
    if rng.random() < 0.5:
        wait_for_changes(process, output, rng.randint(0, CHANGES))
        time.sleep(rng.uniform(0, 0.05))
    else:
        with suppress(subprocess.TimeoutExpired):
            process.wait(rng.uniform(0, whole))
    alive = process.poll() is None
    if alive:
        kill = os.killpg if jobs == 1 or rng.random() < 0.5 else os.kill
        kill(process.pid, signal.SIGKILL)
    process.communicate()
    return alive


def finish(spec: Path, output: Path, reference: Path | None, jobs: int) -> str | None:
    """Goes on to the end; what is amiss."""
    process = start(spec, output, jobs)
    _, said = process.communicate()
    if process.returncode != 0:
        return f"status {process.returncode}: {said.decode(errors='replace')[-300:]}"
    if jobs > 1:
        return ", ".join(judge(output)) or None
    wrong = [name for name in SAME if reference and (output / name).read_bytes() != (reference / name).read_bytes()]
    return f"{', '.join(wrong)} differ" if wrong else None


def judge(output: Path) -> list[str]:
    """What is amiss with a search whose trials ended in any order."""
    report = json.loads((output / "trials.json").read_text())
    trials: list[dict[str, Any]] = report["trials"]
    values = [tuple(each["values"].values()) for each in trials]
    done = {each["number"]: each for each in trials if each["state"] == "completed"}
    best = min(done.values(), key=lambda each: (each["value"], each["number"]))
    run, drawn = output / f"trial-{best['number']:04d}", read_drawn(output / "best.yaml")
    held = {
        f"{len(trials)} trials": len(trials) == TRIALS,
        "a trial twice": len(set(values)) == len({each["number"] for each in trials}) == len(trials),
        "a trial without an end": all(each["state"] in ("completed", "pruned", "diverged") for each in trials),
        "another space": all(
            WIDTHS[0] <= width <= WIDTHS[1] and RATES[0] <= rate <= RATES[1] and activation in ACTIVATIONS
            for width, rate, activation in values
        ),
        "runs of others": {path.name for path in output.glob("trial-*")} == {each["run"] for each in trials if "run" in each},
        f"trial {report['best']} with {drawn} is the best for {best}": report["best"] == best["number"]
        and drawn == best["values"],
        "the run of another": (output / "best" / "model.keras").read_bytes() == (run / "model.keras").read_bytes(),
        "another table": len((output / "trials.csv").read_text().splitlines()) == 1 + len(trials),
    }
    return [name for name, holds in held.items() if not holds]


def read_drawn(path: Path) -> dict[str, Any]:
    """What a spec has where the space of the search is; it may be what it was before."""
    document = load(path, allow_outside=True).document
    assert document is not None
    held: Any = to_value(document)
    return {
        "vars.width": held["vars"]["width"],
        "compile.optimizer.learning_rate": held["compile"]["optimizer"]["Adam"]["learning_rate"],
        "branches.rows.layers[0].activation": held["branches"]["rows"]["layers"][0]["Dense"]["activation"],
    }


def main() -> int:
    """0 where every search came to the same."""
    count, seed, jobs = (*map(int, sys.argv[1:]), *(20, 0, 1)[len(sys.argv) - 1 :])
    rng = random.Random(seed)
    amiss = kills = searches = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        spec, began = make_data(folder), time.monotonic()
        if (told := finish(spec, folder / "reference", None, jobs)) is not None:
            print(f"AMISS: {told}")
            return 1
        whole = time.monotonic() - began
        while kills < count and not amiss:
            output = folder / f"search-{searches}"
            before = kills
            while kills < count and kill_once(spec, output, rng, whole, jobs):
                kills += 1
                print(f"kill {kills}: {len(list(output.glob('trial-*')))} folders of trials", flush=True)
            told = finish(spec, output, folder / "reference", jobs)
            amiss, searches = amiss + (told is not None), searches + 1
            print(f"search {searches}, killed {kills - before} times: {told or 'nothing amiss'}", flush=True)
    print(f"{kills} kills of {searches} searches, {amiss} amiss")
    return 1 if amiss else 0


if __name__ == "__main__":
    sys.exit(main())
