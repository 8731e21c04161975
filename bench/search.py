"""`search` beside Keras Tuner and an objective of Optuna by hand, on a space of which a third can be used."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.networks import HERE, SMOKE
from bench.search_tasks import write_data

KERAS_TUNER = ("keras-tuner==1.4.8", "tensorboard==2.21.0")
"""It does not say that it needs the second."""
PACKAGES = HERE.parent / "build" / "keras-tuner"
NAMES = {"ours": "search", "optuna": "Optuna by hand", "keras_tuner": "Keras Tuner"}


def searching(seconds: float) -> list[str]:
    """What each has come to after so many seconds, in turn, one process each."""
    said = "a third cannot be built, a third is over a budget of multiply-adds, which the others cannot state"
    lines = [f"{said}; {seconds:.0f} s each, Hyperband, 9 epochs at most"]
    with tempfile.TemporaryDirectory() as name:
        write_data(Path(name))
        for who, title in NAMES.items():
            found = _search(who, name, seconds)
            lines += [f"  {title:15} {found}"] if isinstance(found, str) else _describe(title, found)
    return lines


def _search(who: str, folder: str, seconds: float) -> dict[str, Any] | str:
    """What one has come to, or why there is nothing."""
    if who == "keras_tuner" and not _has_keras_tuner():
        return f"left out: {' and '.join(KERAS_TUNER)} cannot be installed into {PACKAGES.relative_to(HERE.parent)}"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE.parent), str(PACKAGES)])}
    command = [sys.executable, "-m", "bench.search_tasks", who, folder, str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=HERE.parent, env=environment)
    if done.returncode or not done.stdout.strip():
        return f"failed with status {done.returncode}: {done.stderr.strip().splitlines()[-1:]}"
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _has_keras_tuner() -> bool:
    """Whether it is in the folder of what is built; it is installed there the first time, beside what it shares with us."""
    if not PACKAGES.exists() and not SMOKE:
        options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--target", str(PACKAGES)]
        subprocess.run([sys.executable, "-m", "pip", "install", *options, *KERAS_TUNER], check=False, stderr=subprocess.DEVNULL)
    return PACKAGES.exists()


def _describe(title: str, found: dict[str, Any]) -> list[str]:
    best = ", ".join(f"{value:.4f} after {after:.0f} s" for after, value in found["best"][-3:]) or "none"
    share = found["lost"] / found["seconds"]
    return [
        f"  {title:15} {found['completed']:4d} completed  {found['pruned']:4d} pruned  {found['unusable']:4d} not usable,"
        f" which took {found['lost']:6.2f} s ({share:.1%} of {found['seconds']:.0f} s)",
        f"  {'':15} best val_loss: {best}",
    ]
