"""`python tools/examples.py [NAME ...] [--seeds 0..2]`: makes the data of examples, trains them, and prints what they are worth.

A row a run, with the figure on the test part, the ends of its 95 % interval, and the seconds of its epochs; 1 where an example
is below what examples/README.md says of it, or a run takes more than three minutes of processor time, all around it included, so
that two cores need less, whatever else they do meanwhile. Packages with data are installed by pip
into a folder that is thrown away.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LEAST = {
    "japanese-vowels": 0.96,
    "digits-six-views": 0.98,
    "digits-image-and-rows": 0.96,
    "moving-shapes": 0.95,
    "plant": 0.95,
}
"""The mean accuracy over seeds that each reaches at least; of moving-shapes that of its best network."""
MINUTES = 3
PINNED = re.compile(r"pip install --no-deps (\S+==\S+)")


def processor_seconds() -> float:
    """What all processes that have ended have used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def call(environment: dict[str, str], *line: str) -> None:
    """Runs Python with these arguments; ends the tool where that fails."""
    subprocess.run([sys.executable, *line], env=environment, cwd=ROOT, check=True)


def train(name: str, seeds: str, scratch: Path) -> dict[str, list[tuple[str, float]]]:
    """Makes the data, trains every seed, prints a row a run; gives the accuracies by network, with the seed of each."""
    folder, packages = ROOT / "examples" / name, scratch / "packages"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(packages)]), "TF_CPP_MIN_LOG_LEVEL": "3"}
    wheels = PINNED.findall((folder / "make.py").read_text("utf-8"))
    if wheels:
        call(environment, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(packages), *wheels)
    call(environment, str(folder / "make.py"))
    call(environment, "-m", "cnnlstm_spec", "train", str(folder / "run.yaml"), "-o", str(scratch / name), "--seeds", seeds)
    found: dict[str, list[tuple[str, float]]] = {}
    for path in sorted((scratch / name).glob("**/manifest.json")):
        manifest = json.loads(path.read_text("utf-8"))
        parts = path.parent.relative_to(scratch / name).parts
        seed, network = next(each for each in parts if each.startswith("seed-")), parts[-1] if len(parts) > 1 else ""
        held = manifest["evaluation"]["metrics"]
        figure = held.get("accuracy") or next(value for key, value in held.items() if key.endswith("accuracy"))
        told = f"{figure['value']:.4f} [{figure['lower']:.3f}, {figure['upper']:.3f}]"
        print(f"{name:24s} {'/'.join(parts):30s} accuracy {told}  epochs {manifest['seconds']:6.1f} s", flush=True)
        found.setdefault(network, []).append((seed, figure["value"]))
    return found


def main() -> int:
    """0 where every example is worth what is said of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="of a folder in examples/; all of them if left out")
    parser.add_argument("--seeds", default="0..2", help="as of `train`")
    options = parser.parse_args()
    failed = False
    with tempfile.TemporaryDirectory() as scratch:
        for name in options.names or LEAST:
            began = processor_seconds()
            found = train(name, options.seeds, Path(scratch))
            seconds = (processor_seconds() - began) / sum(map(len, found.values()))
            best = max(sum(value for _, value in each) / len(each) for each in found.values())
            holds = best >= LEAST[name] and seconds <= 60 * MINUTES
            failed |= not holds
            told = f"mean {best:.4f} (at least {LEAST[name]}), {seconds:.0f} s of processor a run"
            print(f"{name:24s} {told}: {'holds' if holds else 'DOES NOT HOLD'}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
