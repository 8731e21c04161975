"""Loads the artifacts of specs in earlier versions of Keras and on other backends, and compares what they predict.

    python tools/versions.py [PLACE ...] [--specs SPEC ...] [--cache FOLDER]
    python tools/versions.py [PLACE ...] --count N      so many of the specs, from the first to the last

A place is a version of Keras, which is installed beside, without what it depends on, or `jax` or `torch`, in the environment
that `make test-backends` makes. oneDNN is off, so that equal models predict equal numbers. Weights are fresh: those of `imagenet`
are not downloaded. With a cache, what was stopped goes on, and `tools/deploy.py` has the cells for its table. It ends with 1
where an artifact does not load, or predicts something else, in a place that has all that it uses.
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

from deploy import count_multiply_adds, find_commit, load_spec
from deploy_table import Held, cell_path, list_specs, make_table, read_cell

ROOT = Path(__file__).resolve().parent.parent
VERSIONS = ("3.8.0", "3.10.0", "3.12.4", "3.14.1")
BACKENDS = ("jax", "torch")
SAMPLES = 2
GROUP = 9
"""Specs that are built before they are loaded: those of fewest multiply-adds come first."""
BOUNDS = {False: 1e-6, True: 1e-4}
"""Of the spread of what is predicted: in versions of Keras, and on backends."""


class Made(NamedTuple):
    """A spec with its artifact, beside which lie inputs and predictions, and the first Keras that has all that it uses."""

    spec: Path
    file: Path
    least: str | None
    """None for the oldest."""


LOADS = """
import json, sys
from pathlib import Path
import keras, numpy
for path in map(Path, sys.argv[1:]):
    print("BEGAN", path.stem, flush=True)
    keras.utils.clear_session()
    try:
        model = keras.models.load_model(path)
        kept = numpy.load(path.with_suffix(".npz"))
        given = [kept[name] for name in kept.files if name.startswith("x")]
        outputs = model.predict(given if len(given) > 1 else given[0], verbose=0)
        # By name: backends give them in orders of their own.
        outputs = outputs if isinstance(outputs, dict) else {"": outputs}
        pairs = [(each, kept[f"y{name}"]) for name, each in outputs.items()]
        found = {"difference": max(float(abs(a - b).max() / max(1.0, numpy.ptp(b))) for a, b in pairs)}
    except Exception as error:
        found = {"failed": f"{type(error).__name__}: {(str(error).strip().splitlines() or [''])[0][:160]}"}
    print("FOUND" + json.dumps(found), flush=True)
"""


def main() -> int:
    """Prints the table; 0 where all that should be equal is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("places", nargs="*", default=VERSIONS)
    parser.add_argument("--specs", nargs="*", type=Path, default=list_specs())
    parser.add_argument("--count", type=int, metavar="N", help="so many of the specs, from the first to the last (default: all)")
    parser.add_argument("--cache", type=Path, help="keeps artifacts and cells")
    asked = parser.parse_args()
    specs = asked.specs[:: max(1, len(asked.specs) // asked.count)][: asked.count] if asked.count else asked.specs
    os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
    with tempfile.TemporaryDirectory() as scratch:
        cache = asked.cache or Path(scratch)
        cache.mkdir(parents=True, exist_ok=True)
        programs = {place: prepare(place, Path(scratch)) for place in asked.places}
        made: list[Made] = []
        ordered = sorted(specs, key=count_multiply_adds)
        for first in range(0, len(ordered), GROUP):
            made += (found := [make(spec, cache) for spec in ordered[first : first + GROUP]])
            for place, program in programs.items():
                load_in(place, program, found, cache)
        kinds = [name_kind(place) for place in asked.places]
        table, notes = make_table(specs, kinds, cache, Held({}, {}, {}))
        print("\n".join([table, "", *notes]))
        missed = [
            f"{each.spec.stem} in {place}"
            for place in asked.places
            for each in made
            if (place in BACKENDS or each.least is None or numbers(each.least) <= numbers(place))
            and "difference" not in (read_cell(cell_path(cache, each.spec, name_kind(place))) or {})
        ]
    print(f"differ in a place that has all that they use: {', '.join(missed) or 'none'}")
    return 1 if missed else 0


def name_kind(place: str) -> str:
    """What a column is called."""
    return place if place in BACKENDS else f"keras {place}"


def make(spec: Path, folder: Path) -> Made:
    """The artifact of a spec, unless it is there, and beside it seeded inputs and what the model predicts of them."""
    path, facts = folder / f"{spec.stem}.keras", folder / f"{spec.stem}.least.json"
    if not facts.exists():
        facts.write_text(json.dumps(write_artifact(spec, path)), "utf-8")
    return Made(spec, path, json.loads(facts.read_text("utf-8")))


def write_artifact(spec: Path, path: Path) -> str | None:
    """Gives the first Keras that has all that the artifact uses."""
    import keras
    import numpy

    from cnnlstm_spec.compiler.artifact.saved import make_portable
    from cnnlstm_spec.compiler.artifact.since import find_least, find_since
    from cnnlstm_spec.runs.export.samples import draw_samples
    from cnnlstm_spec.runs.export.sizes import find_inputs

    keras.utils.clear_session()
    compilation = load_spec(spec)
    assert compilation.typed is not None
    model = compilation.to_keras()
    model.save(path)
    path.write_bytes(make_portable(path.read_bytes()))
    inputs = find_inputs(compilation.typed)
    drawn = draw_samples(compilation.typed, inputs, {}, SAMPLES).samples
    given = [numpy.concatenate([each[fed.name] for each in drawn]) for fed in inputs]
    outputs = model.predict(given if len(given) > 1 else given[0], verbose=0)
    outputs = outputs if isinstance(outputs, dict) else {"": outputs}
    arrays: dict[str, Any] = {f"x{number:03}": each for number, each in enumerate(given)}
    numpy.savez(path.with_suffix(".npz"), **arrays, **{f"y{name}": each for name, each in outputs.items()})
    return find_least(find_since(compilation.program))


def load_in(place: str, program: Interpreter, made: list[Made], cache: Path) -> None:
    """Fills the cells of a place that are not there: the greatest difference of predictions, or what Keras says."""
    while waiting := [each for each in made if not cell_path(cache, each.spec, name_kind(place)).exists()]:
        files = map(str, (each.file for each in waiting))
        environment = {**os.environ, **program.variables, "TF_CPP_MIN_LOG_LEVEL": "3"}
        process = subprocess.Popen(
            [program.python, "-c", LOADS, *files], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        began = None
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("BEGAN"):
                began = next(each for each in waiting if each.file.stem == line.split()[1])
                print(f"{place}: {began.spec.stem}", file=sys.stderr, flush=True)
            elif line.startswith("FOUND") and began is not None:
                settle(place, began, cache, json.loads(line.removeprefix("FOUND")))
                began = None
        if process.wait() and began is None:
            raise SystemExit(f"Keras does not run in {place}")
        if began is not None:
            settle(place, began, cache, {"failed": "the process ends without a word"})


class Interpreter(NamedTuple):
    """A Python and what its environment has besides."""

    python: str
    variables: dict[str, str]


def prepare(place: str, scratch: Path) -> Interpreter:
    """What runs Keras in a place; a version is installed for it."""
    if place in BACKENDS:
        return Interpreter(str(ROOT / f".venv-{place}" / "bin" / "python"), {"KERAS_BACKEND": place})
    target = scratch / place
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target), f"keras=={place}"]
    subprocess.run(pip, check=True, stdout=sys.stderr)
    return Interpreter(sys.executable, {"PYTHONPATH": str(target)})


def settle(place: str, made: Made, cache: Path, found: dict[str, Any]) -> None:
    """Writes a cell; predictions that differ too much are none."""
    kind = name_kind(place)
    if "failed" in found:
        found = {"failed": f"{kind}: {found['failed']}"}
    elif not found["difference"] <= BOUNDS[place in BACKENDS]:
        found = {"failed": f"{kind}: its predictions differ by {found['difference']:.0e}"}
    cell_path(cache, made.spec, kind).write_text(json.dumps({**found, "commit": find_commit()}), "utf-8")


def numbers(version: str) -> tuple[int, ...]:
    """A version as numbers, which can be compared."""
    return tuple(map(int, version.split(".")))


if __name__ == "__main__":
    sys.exit(main())
