"""Which layers a backend of Keras other than TensorFlow does not have, of runs of every layer by itself; `train` reads it.

    KERAS_BACKEND=jax python tools/backends.py [--layers NAME ...] [--jobs N] [--write]

It runs where TensorFlow is not installed. A layer counts as one that the backend lacks where each of its examples fails to be
built, to predict or, if it has weights, to be trained a step. `--write` writes what was
found of this backend into `cnnlstm_spec/language/data/backends.json`, beside what is there of the others.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "cnnlstm_spec" / "language" / "data" / "backends.json"


def main() -> int:
    """Tries the layers, and writes what was found."""
    from cnnlstm_spec.ops import list_ops

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layers", nargs="*", default=[each.__name__ for each in list_ops()])
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    backend = os.environ["KERAS_BACKEND"]
    # A process of its own each few layers: compiled steps are never given back.
    with ProcessPoolExecutor(asked.jobs, mp_context=get_context("spawn"), max_tasks_per_child=10) as pool:
        said = dict(zip(asked.layers, pool.map(try_layer, asked.layers), strict=True))
    for layer, found in said.items():
        print(f"{layer}: {found}", file=sys.stderr)
    tried = sorted(layer for layer, found in said.items() if found != "")
    lacking = {layer: found for layer, found in sorted(said.items()) if found}
    held = json.loads(DATA.read_text("utf-8")) if DATA.exists() else {}
    document = {
        "versions": {**held.get("versions", {}), **{name: version(name) for name in ("keras", backend)}},
        "tried": {**held.get("tried", {}), backend: tried},
        "lacking": {**held.get("lacking", {}), backend: lacking},
    }
    text = json.dumps(document, indent=1, sort_keys=True) + "\n"
    print(text)
    if asked.write:
        DATA.write_text(text, "utf-8")
    return 0


def try_layer(layer: str) -> str | None:
    """What the backend says of a layer; None where it has it, and an empty text where no example of it is a spec."""
    from runtimes import write_specs

    found = ""
    for text in write_specs(layer, texts=True):
        said = try_spec(text)
        if said is None:
            return None
        found = said or found
    return found


def try_spec(text: str) -> str | None:
    """What the backend says of a spec, None where it builds, runs and trains it; empty where it is none."""
    import keras
    import numpy

    from cnnlstm_spec import load
    from cnnlstm_spec.emit.keras.run import run

    compilation = load(f"\n{text}")
    if not compilation.ok:
        return ""
    keras.utils.clear_session()
    try:
        model = run(compilation.program)
        fed = {each.name: numpy.ones((2, *(each.shape[1:])), each.dtype) for each in model.inputs}
        x = fed if len(fed) > 1 else next(iter(fed.values()))
        given = model.predict_on_batch(x)
        if model.trainable_weights and str(given.dtype).startswith(("float", "bfloat")):
            model.compile(loss="mse")
            model.train_on_batch(x, numpy.zeros_like(given))
    except Exception as error:
        return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
    return None


if __name__ == "__main__":
    sys.exit(main())
