"""A training step of the articles' networks on each backend, in environments that `make test-backends` makes.

KERAS_BACKEND=jax .venv-jax/bin/python -m bench.backends NETWORK STEPS      one measurement, in milliseconds
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from statistics import median

from bench.networks import HERE, NETWORKS, SMOKE
from bench.run_tasks import Clock

PYTHONS = {name: HERE.parent / f".venv-{name}" / "bin" / "python" for name in ("jax", "torch")}
EPOCHS = 3
"""Beside the first, which compiles."""


def backends(rounds: int, steps: int) -> list[str]:
    """Each network on each backend, in turn; a backend without an environment is left out."""
    programs = {"tensorflow": Path(sys.executable), **{name: each for name, each in PYTHONS.items() if each.exists()}}
    lines = [f"a training step in milliseconds, {rounds} processes each, as `fit` runs it on arrays in memory"]
    if SMOKE:
        return [*lines, *(f"  {name}: {measure(name, 1):.1f}" for name in NETWORKS)]
    for name in NETWORKS:
        found: dict[str, list[float]] = {backend: [] for backend in programs}
        for _ in range(rounds):
            for backend, python in programs.items():
                found[backend].append(_once(backend, python, name, steps))
        cells = "   ".join(f"{backend} {median(times):8.1f}" for backend, times in found.items())
        lines.append(f"  {name:16s} {cells}")
    return lines + [f"  {name}: left out, there is no {python}" for name, python in PYTHONS.items() if not python.exists()]


def _once(backend: str, python: Path, name: str, steps: int) -> float:
    variables = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(HERE.parent)}
    command = [str(python), "-m", "bench.backends", name, str(steps)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=HERE.parent, env=variables)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[1:])}\n{done.stderr[-2000:]}")
    return float(done.stdout.splitlines()[-1])


def measure(name: str, steps: int) -> float:
    """Milliseconds of a step, the median of epochs of so many, on the backend of this process."""
    import keras
    import numpy

    from bench import networks

    model = networks.build(name, "compiled")
    x, y = networks.data(name, "compiled")
    inputs = [numpy.concatenate([each] * steps) for each in (x if isinstance(x, list) else [x])]
    targets = numpy.concatenate([y] * steps)
    clock = Clock()
    ticking = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_, **__: clock())
    batch = NETWORKS[name].batch
    model.fit(inputs, targets, batch_size=batch, epochs=1 + EPOCHS, shuffle=False, verbose=0, callbacks=[ticking])
    return clock.medians()["seconds"] / steps * 1000


if __name__ == "__main__":
    print(measure(sys.argv[1], int(sys.argv[2])))
