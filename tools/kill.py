"""`python tools/kill.py N`: `compile` killed at N random moments; what is left must be the old artifact, the new one, or nothing.

Half of the runs find no folder, half an older artifact. Every tenth is followed by a run that ends, which must take what was
left for ours. The moments lie between the start of a run and the time that a whole one takes, half of them in its last
fifth, where it writes.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parent.parent
SPEC = """version: 1
name: killed
branches: {a: {input: {kind: vector, shape: [4]}, layers: [{Dense: {units: 4}}]}}
head: [{Dense: {units: 1}}]
compile: {loss: mse}
"""
WRITING = 0.8
"""The part of a run after which it writes."""


def start(spec: Path, folder: Path, seed: int) -> subprocess.Popen[bytes]:
    """A run of `compile`."""
    line = [sys.executable, "-m", "cnnlstm_spec", "compile", str(spec), "-o", str(folder), "--set", f"seed={seed}"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    return subprocess.Popen(line, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)


def left(folder: Path) -> str:
    """What lies in a folder: `nothing`, `seed 1`, `seed 2`, or what is amiss."""
    if not folder.exists():
        return "nothing"
    manifest = json.loads((folder / "manifest.json").read_bytes())
    for name, facts in manifest["files"].items():
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != facts["sha256"]:
            waiting = list(folder.glob(".manifest.json.*.tmp"))
            return f"a mix: `{name}` is not as the manifest says; {len(waiting)} manifests wait"
    return f"seed {manifest['seed']}"


def kill_once(number: int, scratch: Path, old: Path, whole: float) -> str:
    """One run, killed; what was left, and whether that may be."""
    rng = random.Random(number)
    moment = whole * (rng.uniform(WRITING, 1.1) if number % 4 > 1 else rng.random())
    home = scratch / str(number)
    home.mkdir()
    spec, folder = home / "spec.yaml", home / "out"
    spec.write_text(SPEC)
    if number % 2:
        subprocess.run(["cp", "-r", str(old), str(folder)], check=True)
    process = start(spec, folder, 2)
    time.sleep(moment)
    os.killpg(process.pid, signal.SIGKILL) if process.poll() is None else None
    process.wait()
    found = left(folder)
    may = ("seed 1", "seed 2") if number % 2 else ("nothing", "seed 2")
    if found in may and number % 10 == 0:
        again = start(spec, folder, 2)
        if again.wait() != 0 or left(folder) != "seed 2":
            return f"AMISS: what was left ({found}) is not taken for ours"
    return found if found in may else f"AMISS: {found}"


def main() -> int:
    """0 where every run left what it may."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        (scratch / "spec.yaml").write_text(SPEC)
        started = time.monotonic()
        assert start(scratch / "spec.yaml", scratch / "old", 1).wait() == 0
        whole = time.monotonic() - started
        outcomes: Counter[str] = Counter()
        with ThreadPoolExecutor(2) as pool:
            jobs = pool.map(lambda number: kill_once(number, scratch, scratch / "old", whole), range(first, first + count))
            for outcome in jobs:
                outcomes[outcome] += 1
                if outcome.startswith("AMISS"):
                    print(outcome, flush=True)
    for outcome, number in sorted(outcomes.items()):
        print(f"{number:>4}  {outcome}")
    return 1 if any(outcome.startswith("AMISS") for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
