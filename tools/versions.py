"""Loads the artifacts of specs in earlier versions of Keras, and compares what they predict; a table in Markdown comes of it.

    python tools/versions.py [VERSION ...] [--specs SPEC ...]
    python tools/versions.py [VERSION ...] --count N      so many of the specs, from the first to the last

Each version is installed beside, without what it depends on; oneDNN is off, so that equal models predict equal numbers.
It ends with 1 where an artifact does not load, or predicts something else, in a version that has all that it uses.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parent.parent
VERSIONS = ("3.8.0", "3.10.0", "3.12.4", "3.14.1")
SIZES = (2, 5, 64, 64, 64)
"""What sizes known only at run time are, batch first."""
BOUND = 1e-6
"""Of the spread of what is predicted."""


class Made(NamedTuple):
    """An artifact, with inputs and predictions beside it, and the first Keras that has all that it uses; None for the oldest."""

    file: Path
    least: str | None


LOADS = """
import json, sys
from pathlib import Path
import keras, numpy
found = {}
for path in map(Path, sys.argv[1:]):
    try:
        model = keras.models.load_model(path)
        kept = numpy.load(path.with_suffix(".npz"))
        given = [kept[name] for name in kept.files if name.startswith("x")]
        outputs = model.predict(given if len(given) > 1 else given[0], verbose=0)
        outputs = list(outputs.values()) if isinstance(outputs, dict) else [outputs]
        pairs = [(each, kept[f"y{number}"]) for number, each in enumerate(outputs)]
        found[path.stem] = max(float(abs(a - b).max() / max(1.0, numpy.ptp(b))) for a, b in pairs)
    except Exception as error:
        found[path.stem] = f"{type(error).__name__}: {str(error).splitlines()[0][:120]}"
print("FOUND" + json.dumps(found))
"""


def main() -> int:
    """Prints the table; 0 where all that should be equal is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("versions", nargs="*", default=VERSIONS)
    specs = sorted(ROOT.glob("specs/*.yaml")) + sorted(ROOT.glob("specs/published/*.yaml"))
    parser.add_argument("--specs", nargs="*", type=Path, default=[each for each in specs if not each.name.startswith("_")])
    parser.add_argument("--count", type=int, metavar="N", help="so many of the specs, from the first to the last (default: all)")
    asked = parser.parse_args()
    specs = asked.specs[:: max(1, len(asked.specs) // asked.count)][: asked.count] if asked.count else asked.specs
    os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        made = [make(spec, folder) for spec in specs]
        columns = {version: load_in(version, [each.file for each in made], folder) for version in asked.versions}
    print(f"| spec | {' | '.join(columns)} |\n| --- |{' --- |' * len(columns)}")
    for name in [each.file.stem for each in made]:
        print(f"| {name} | {' | '.join(cell(found[name]) for found in columns.values())} |")
    counts = [sum(works(each) for each in found.values()) for found in columns.values()]
    print(f"| **of {len(made)}** | {' | '.join(f'**{count}**' for count in counts)} |")
    missed = [
        f"{each.file.stem} in {version}"
        for version, found in columns.items()
        for each in made
        if (each.least is None or numbers(each.least) <= numbers(version)) and not works(found[each.file.stem])
    ]
    print(f"differ in a version that has all that they use: {', '.join(missed) or 'none'}")
    return 1 if missed else 0


def make(spec: Path, folder: Path) -> Made:
    """The artifact of a spec, and beside it inputs and what the model predicts of them."""
    import keras
    import numpy

    import cnnlstm_spec
    from cnnlstm_spec.compiler.artifact.saved import make_portable
    from cnnlstm_spec.compiler.artifact.since import find_least, find_since

    keras.utils.clear_session()
    compilation = cnnlstm_spec.load(spec)
    model = compilation.to_keras()
    path = folder / f"{spec.stem}.keras"
    model.save(path)
    path.write_bytes(make_portable(path.read_bytes()))
    rng = numpy.random.default_rng(0)
    given = []
    for tensor in model.inputs:
        shape = [size or other for size, other in zip(tensor.shape, SIZES, strict=False)]
        whole = "int" in tensor.dtype or tensor.dtype == "bool"
        given.append(rng.integers(0, 2, shape).astype(tensor.dtype) if whole else rng.normal(size=shape).astype("float32"))
    outputs = model.predict(given if len(given) > 1 else given[0], verbose=0)
    outputs = list(outputs.values()) if isinstance(outputs, dict) else [outputs]
    arrays: dict[str, Any] = {f"x{number:03}": each for number, each in enumerate(given)}
    numpy.savez(path.with_suffix(".npz"), **arrays, **{f"y{number}": each for number, each in enumerate(outputs)})
    return Made(path, find_least(find_since(compilation.program)))


def load_in(version: str, files: list[Path], folder: Path) -> dict[str, Any]:
    """By spec, the greatest difference of predictions, or what that version of Keras says."""
    target = folder / version
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target), f"keras=={version}"]
    subprocess.run(pip, check=True, stdout=sys.stderr)
    environment = {**os.environ, "PYTHONPATH": str(target), "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [sys.executable, "-c", LOADS, *map(str, files)], env=environment, capture_output=True, text=True, check=False
    )
    line = next((each for each in done.stdout.splitlines() if each.startswith("FOUND")), None)
    if line is None:
        raise SystemExit(f"Keras {version} does not run: {done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(line.removeprefix("FOUND"))
    return found


def numbers(version: str) -> tuple[int, ...]:
    """A version as numbers, which can be compared."""
    return tuple(map(int, version.split(".")))


def works(found: float | str) -> bool:
    """Whether the artifact loads and predicts the same."""
    return not isinstance(found, str) and found <= BOUND


def cell(found: float | str) -> str:
    """What the table says."""
    if isinstance(found, str):
        return found.replace("|", "\\|")
    return ("equal" if found == 0 else f"{found:.0e}") if works(found) else f"differs by {found:.0e}"


if __name__ == "__main__":
    sys.exit(main())
