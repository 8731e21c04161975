"""Which layers a runtime has no operation for: every layer by itself, in every format; `validate --for` reads what is found.

    python tools/runtimes.py --cache FOLDER [--layers NAME ...] [--write]

A layer counts as one that a runtime lacks where each of its examples fails there, with a batch of 1 and fixed sizes; of several
inputs it stands in a fusion. Layers of texts are left out, since no such file has them. Each layer is kept in FOLDER, so that
what was stopped goes on. `--write` writes `cnnlstm_spec/language/data/runtimes.json`, where layers not asked for stay.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "cnnlstm_spec" / "language" / "data" / "runtimes.json"
FORMATS = ("litert", "onnx", "openvino")
PACKAGES = ("ai-edge-litert", "keras", "onnx", "onnxruntime", "openvino", "tensorflow", "tf2onnx")
BOUND = 1e-2
"""A difference above it, relative to the output's spread, counts as a failure too."""
WITHOUT_A_WORD = "the process that converts or runs it ends without a word"


def main() -> int:
    """Runs what is not in the cache, and writes what was found."""
    from cnnlstm_spec.ops import list_ops

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument(
        "--layers", nargs="*", default=[each.__name__ for each in list_ops()], help="those in the cache, if none is named"
    )
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    asked.cache.mkdir(parents=True, exist_ok=True)
    if asked.here:
        for layer in asked.layers:
            if not (path := asked.cache / f"{layer}.json").exists():
                path.write_text(json.dumps(dict.fromkeys(FORMATS, WITHOUT_A_WORD)), "utf-8")
                path.write_text(json.dumps(try_layer(layer)), "utf-8")
        return 0
    if not asked.layers:
        asked.layers = sorted(path.stem for path in asked.cache.glob("*.json"))
    while any(not (asked.cache / f"{layer}.json").exists() for layer in asked.layers):
        given = ["--here", "--cache", str(asked.cache), "--layers", *asked.layers]
        subprocess.run([sys.executable, __file__, *given], check=False)
    cells = {layer: json.loads((asked.cache / f"{layer}.json").read_text("utf-8")) for layer in asked.layers}
    tried = sorted(layer for layer, cell in cells.items() if cell)
    lacking = {
        format: {layer: cell[format] for layer, cell in sorted(cells.items()) if cell.get(format) is not None}
        for format in FORMATS
    }
    # What was not asked for stays as it was found.
    held = json.loads(DATA.read_text("utf-8"))
    tried = sorted({*(each for each in held["tried"] if each not in cells), *tried})
    for format, found in lacking.items():
        found |= {layer: said for layer, said in held["lacking"][format].items() if layer not in cells}
        lacking[format] = dict(sorted(found.items()))
    text = (
        json.dumps({"versions": {name: version(name) for name in PACKAGES}, "tried": tried, "lacking": lacking}, indent=1) + "\n"
    )
    print(text)
    if asked.write:
        DATA.write_text(text, "utf-8")
    return 0


def try_layer(layer: str) -> dict[str, str | None]:
    """By format what the runtime says of a layer; None where it has it, and nothing where that cannot be tried."""
    found: dict[str, str | None] = {}
    waiting = list(FORMATS)
    for text in write_specs(layer):
        with tempfile.TemporaryDirectory() as scratch:
            said = try_spec(text, waiting, Path(scratch))
        found |= said
        waiting = [format for format in waiting if found.get(format, "") is not None]
        if not waiting:
            break
    print(f"{layer}: {found}", file=sys.stderr, flush=True)
    return found


def write_specs(layer: str, texts: bool = False) -> Iterator[str]:
    """A spec of each example of a layer, of several inputs as a fusion; with `texts` of those too that read text."""
    from cnnlstm_spec.ops import find_op

    op = find_op(layer)
    assert op is not None
    for each in op.examples:
        if each.dtype == "string" and not texts:
            continue
        branches = {f"x{number}" if number else "x": write_input(shape, each.dtype) for number, shape in enumerate(each.shapes)}
        entry = {layer: dict(each.arguments)} if each.arguments else layer
        spec: dict[str, object] = {"version": 1, "name": "one", "branches": {name: {"input": x} for name, x in branches.items()}}
        if len(branches) > 1:
            spec["fusion"] = {"layer": entry, "inputs": [*branches]}
        else:
            spec["branches"] = {"x": {"input": branches["x"], "layers": [entry]}}
        yield json.dumps({**spec, "head": ["Identity"]}, default=list)


def write_input(shape: tuple[int | None, ...], dtype: str) -> dict[str, object]:
    """The input of a shape, whose open sizes are fixed."""
    if dtype == "string":
        return {"kind": "text"}
    fixed = [size or 5 for size in shape]
    axes = [f"a{place}" for place in range(len(fixed))]
    return {"kind": "tensor", "axes": axes, "shape": fixed, "dtype": dtype, "time_axis": next(iter(axes), None)}


def try_spec(text: str, formats: list[str], scratch: Path) -> dict[str, str | None]:
    """What each runtime says of a spec; empty where it is none that Keras builds."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras
    from deploy import Here

    from cnnlstm_spec import load
    from cnnlstm_spec.compiler.deploy import deploy
    from cnnlstm_spec.ir.program import Unbuildable
    from cnnlstm_spec.runs.export.comparison import ask_keras, compare_outputs
    from cnnlstm_spec.runs.export.samples import draw_samples
    from cnnlstm_spec.runs.export.serving import call, write_saved_model
    from cnnlstm_spec.runs.export.sizes import find_inputs

    keras.utils.clear_session()
    compilation = load(f"\n{text}")
    if not compilation.ok:
        print(f"  {compilation.diagnostics[0].message}", file=sys.stderr)
        return {}
    # As it is exported: a layer that does nothing outside of training is no part of it.
    deployment = deploy(compilation)
    typed = deployment.inference.typed
    assert typed is not None
    try:
        _, model = deployment.make_models()
        inputs = find_inputs(typed)
        wanted = ask_keras(draw_samples(typed, inputs, {}, 2), 1, lambda arrays: call(model, ("head",), arrays))
        for format in formats:
            write_saved_model(model, ("head",), inputs, 1, {}, scratch / format, in_planes=format == "litert")
    except (Unbuildable, ValueError, TypeError) as error:
        print(f"  {error}"[:300], file=sys.stderr)
        return {}
    found: dict[str, str | None] = {}
    for format in formats:
        target = scratch / f"model-{format}.xml"
        try:
            with Here(0, 0) as child:
                child.ask("convert", format=format, source=str(scratch / format), target=str(target))
                child.ask("open", format=format, path=str(target))
                difference = compare_outputs(wanted, lambda arrays: child.ask("run", arrays, batch=1)[1])["head"]
            found[format] = None if difference <= BOUND else "it gives other numbers than Keras"
        except Exception as error:
            found[format] = str(error)[:300]
    return found


if __name__ == "__main__":
    sys.exit(main())
