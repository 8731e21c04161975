"""`python tools/kill_processes.py N [SEED]`: trainings by two processes with JAX, one of which is killed, N times.

It runs where JAX is installed. Each time the other has to end within 30 s, with status 4 and one line that names the lost one;
for one killed before it came it waits, as for one that is slow. A training is killed once, twice or three times, and gone
on with: by two processes to the bytes of one that nobody killed; by one or three to its losses.
"""

from __future__ import annotations

import csv
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SPEC = """version: 1
name: shared
seed: 5
branches:
  series: {input: {kind: sequence, shape: [8, 2]}, layers: [{DROPOUT}{LSTM: {units: 4}}, BatchNormalization]}
head: [{Dense: {units: 3, activation: softmax}}]
compile: {optimizer: {Adam: {learning_rate: 0.01}}, loss: sparse_categorical_crossentropy, metrics: [accuracy]}
data: {train: train, validation: validation, inputs: {series: {}}, targets: {head: {}}}
fit: {epochs: 60, batch_size: 7, class_weight: balanced}
"""
REFUSED, LOST = 2, 4
WITHIN = 30.0
"""Seconds in which each other process ends."""


def make_data(folder: Path) -> None:
    """Two parts, and two specs: losses of other numbers of processes are the same without random layers alone."""
    import numpy

    rng = numpy.random.default_rng(0)
    for name, count in (("train", 44), ("validation", 12)):
        labels = rng.integers(0, 3, count)
        (folder / name).mkdir()
        numpy.save(folder / name / "series.npy", rng.normal(labels[:, None, None], 1, (count, 8, 2)).astype("float32"))
        numpy.save(folder / name / "head.npy", labels)
    (folder / "same.yaml").write_text(SPEC.replace("{DROPOUT}", "{Dropout: {rate: 0.2}}, "))
    (folder / "other.yaml").write_text(SPEC.replace("{DROPOUT}", ""))


def gather(folder: Path, spec: str, output: str, count: int) -> list[subprocess.Popen[str]]:
    """As many processes, which train together."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "KERAS_BACKEND": "jax"}
    line = [sys.executable, "-m", "cnnlstm_spec", "train", f"{spec}.yaml", "-o", output, "--resume"]
    more = [
        ["--coordinator", f"127.0.0.1:{port}", "--process", f"{number}/{count}"] if count > 1 else [] for number in range(count)
    ]
    pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return [subprocess.Popen([*line, *each], cwd=folder, env=environment, text=True, **pipe) for each in more]  # type: ignore[call-overload]


def finish(processes: list[subprocess.Popen[str]]) -> str | None:
    """Waits for all; what is amiss."""
    ended = [(process.communicate()[0], process.returncode) for process in reversed(processes)]
    return next((f"status {status}: {said[-300:]}" for said, status in ended if status != 0), None)


def kill_once(processes: list[subprocess.Popen[str]], rng: random.Random, whole: float) -> tuple[str | None, bool]:
    """Kills one of them; what is amiss with how the others end, and whether it was alive."""
    lost = rng.randrange(len(processes))
    with suppress(subprocess.TimeoutExpired):
        processes[lost].wait(rng.uniform(0, whole))
    alive = processes[lost].poll() is None
    processes[lost].kill()
    began = time.monotonic()
    others = [each for number, each in enumerate(processes) if number != lost]
    said = [each.communicate()[0] for each in others]
    took = time.monotonic() - began
    processes[lost].communicate()
    if not alive or all(each.returncode == 0 for each in others):
        # It had trained to its end, and another may be writing still.
        return None, False
    for each, text in zip(others, said, strict=True):
        if not names_lost(each.returncode, text, lost, len(processes)):
            return f"process {lost} was killed, another ended with {each.returncode}: {text[-300:]}", True
    # It was killed before it came, and may as well have been slow: the others have waited for it.
    has_come = all(each.returncode == LOST for each in others) and not any("has not come" in text for text in said)
    return (f"another ended after {took:.0f} s" if has_come and took > WITHIN else None), True


def names_lost(status: int, text: str, lost: int, count: int) -> bool:
    """Whether a process says in one line which of so many was lost, or has not come."""
    told = [line for line in text.splitlines() if "Error" in line]
    if status == REFUSED:
        return ("have not come" in text and text.rstrip().endswith(f" {lost}")) or (lost == 0 and "nobody listens" in text)
    return status == LOST and len(told) == 1 and f"process {lost} of {count} is lost" in told[0]


def compare(output: Path, reference: Path, is_same: bool) -> str | None:
    """What is amiss with a training that was gone on with."""
    if is_same:
        return None if (output / "model.keras").read_bytes() == (reference / "model.keras").read_bytes() else "other weights"
    histories = [list(csv.DictReader((each / "history.csv").read_text().splitlines())) for each in (output, reference)]
    for one, other in zip(*histories, strict=True):
        found, wanted = float(one["loss"]), float(other["loss"])
        if abs(found - wanted) > 1e-5 * abs(wanted):
            return f"loss {found} for {wanted} in epoch {one['epoch']}"
    return None


def main() -> int:
    """0 where nothing was amiss."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    rng = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    kills = trainings = amiss = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_data(folder)
        whole = 0.0
        for spec in ("same", "other"):
            began = time.monotonic()
            if (told := finish(gather(folder, spec, f"{spec}-whole", 2))) is not None:
                print(f"AMISS: {told}")
                return 1
            whole = time.monotonic() - began
        while kills < count and not amiss:
            is_same, output, before = trainings % 2 == 0, f"run-{trainings}", kills
            spec, told, wanted = "same" if is_same else "other", None, min(count, kills + rng.randint(1, 3))
            alive = True
            while kills < wanted and alive and told is None:
                told, alive = kill_once(gather(folder, spec, output, 2 if is_same else rng.choice((2, 3))), rng, whole)
                kills += alive
            told = told or finish(gather(folder, spec, output, 2 if is_same else rng.choice((1, 3))))
            told = told or compare(folder / output, folder / f"{spec}-whole", is_same)
            trainings, amiss = trainings + 1, amiss + (told is not None)
            wanted_words = "weights" if is_same else "losses, by other numbers of processes"
            print(f"training {trainings}, killed {kills - before} times: {told or f'the same {wanted_words}'}", flush=True)
    print(f"{kills} kills of {trainings} trainings, {amiss} amiss")
    return 1 if amiss else 0


if __name__ == "__main__":
    sys.exit(main())
