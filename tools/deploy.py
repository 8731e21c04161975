"""Exports every spec of the repository to every format, and writes what works, and what does not and why, into docs/deploy.md.

    python tools/deploy.py --cache FOLDER [--specs SPEC ...] [--kinds KIND ...] [--limit SECONDS] [--only-table] [--write]

Each cell is a run, kept in FOLDER with its commit and its seconds of processor time as soon as it is done, so that what was
stopped goes on. Specs of fewer multiply-adds come first. All run in one process, and in another after one that ends it, or that
takes longer than the limit. Weights are fresh: those of `imagenet` are not downloaded. Sizes known only at run time stay open,
and so does the batch, where the format takes it so; else they are 32, and 1. `--write` puts the tables between the marks in
docs/deploy.md; cells of which FOLDER has none stay as they stand there.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deploy_table import FORMATS, QUANTISED, cell_path, list_specs, make_tables, read_cell, read_page, write_page

if TYPE_CHECKING:
    from cnnlstm_spec import Compilation

ROOT = Path(__file__).resolve().parent.parent
SIZE = 32
"""What sizes known only at run time are where they must be fixed."""
WORDLESS = "the process that converts or runs it ends without a word"
TOO_LARGE = "what converts or runs it takes more memory than the machine has"
SAMPLES = 4
KINDS = (*FORMATS, *QUANTISED)


def main() -> int:
    """Runs what is not in the cache, and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--specs", nargs="*", type=Path, default=list_specs())
    parser.add_argument("--kinds", nargs="*", choices=KINDS, default=KINDS, metavar="KIND")
    parser.add_argument("--limit", type=int, default=1800, help="seconds of processor time for a cell")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--only-table", action="store_true", help="run nothing, make the tables of what has been run")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    asked.cache.mkdir(parents=True, exist_ok=True)
    if asked.one:
        for spec in asked.specs:
            run_spec(spec, [kind for each, kind in find_missing([spec], asked.kinds, asked.cache)], asked.cache, asked.limit)
        return 0
    ordered = [] if asked.only_table else sorted(asked.specs, key=count_multiply_adds)
    while not asked.only_table and (missing := find_missing(asked.specs, asked.kinds, asked.cache)):
        print(f"{len(missing)} cells are missing", file=sys.stderr, flush=True)
        given = [f"--cache={asked.cache}", f"--limit={asked.limit}", "--specs", *map(str, ordered), "--kinds", *asked.kinds]
        ended = subprocess.run([sys.executable, __file__, "--one", *given], check=False)
        late = ended.returncode == -signal.SIGXCPU
        why = TOO_LARGE if ended.returncode == -signal.SIGKILL else WORDLESS
        for spec, kind in missing:
            settle(cell_path(asked.cache, spec, kind), {"late": asked.limit} if late else {"failed": f"{kind}: {why}"})
        if ended.returncode and len(find_missing(asked.specs, asked.kinds, asked.cache)) == len(missing):
            return ended.returncode
    tables = make_tables(list_specs(), asked.cache, read_page())
    print(tables)
    if asked.write:
        write_page(tables)
    return 0


def count_multiply_adds(spec: Path) -> int:
    """Those of a sample, with `SIZE` for sizes known only at run time; a spec that has more takes longer, by and large."""
    from cnnlstm_spec.model.costs import count_costs

    typed = load_spec(spec).typed
    found = count_costs(typed).macs if typed is not None else 0
    return found if isinstance(found, int) else int(found.evaluate(dict.fromkeys(found.symbols, SIZE)))


def load_spec(spec: Path) -> Compilation:
    """A sound spec, with fresh weights in place of those of `imagenet`."""
    from cnnlstm_spec import load

    compilation = load(spec.read_text("utf-8").replace("weights: imagenet", "weights: null"))
    if not compilation.ok:
        raise SystemExit(f"{spec}: {compilation.diagnostics[0].message}")
    return compilation


def find_commit() -> str:
    """What is checked out, and whether anything in it was changed."""
    return subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.strip()


def find_missing(specs: list[Path], kinds: list[str], cache: Path) -> list[tuple[Path, str]]:
    """The cells that have not been run."""
    cells = [(spec, kind) for spec in specs for kind in kinds]
    return [cell for cell in cells if "began" in (read_cell(cell_path(cache, *cell)) or {"began": True})]


def settle(path: Path, found: dict[str, Any]) -> None:
    """A cell during which the process ended is told as that, and not tried again."""
    if "began" in (read_cell(path) or {}):
        path.write_text(json.dumps({**found, "commit": find_commit()}), "utf-8")


class Here:
    """Does in this process what a `Child` does in one of its own, which would have to import TensorFlow each time."""

    def __init__(self, seconds: float, memory: int) -> None:
        self.runners: list[Any] = []

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *_: object) -> None:
        self.runners.clear()

    def ask(self, what: str, arrays: Any = None, **more: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """As `Child.ask`."""
        from cnnlstm_spec.runs.export import worker
        from cnnlstm_spec.runs.export.child import Failed
        from cnnlstm_spec.runs.export.said import describe_error, shorten_error

        worker.WARM_UP, worker.LEAST, worker.SECONDS = 1, 3, 0.1
        try:
            return worker.answer(what, more, arrays or {}, self.runners)
        except Exception as error:
            raise Failed(what, shorten_error(error), describe_error(error)) from error


def run_spec(spec: Path, kinds: list[str], cache: Path, limit: int) -> None:
    """The cells of a spec."""
    if not kinds:
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras

    from cnnlstm_spec.compiler.deploy import deploy
    from cnnlstm_spec.runs.export.export import Exporter, Model, Shared
    from cnnlstm_spec.runs.export.formats import Kind
    from cnnlstm_spec.runs.export.sizes import find_open
    from cnnlstm_spec.runs.export.wanted import Wanted
    from cnnlstm_spec.runs.finished import Finished
    from cnnlstm_spec.runs.samples import DataError

    keras.utils.clear_session()
    compilation = load_spec(spec)
    deployment = deploy(compilation)
    model = Model(Finished(compilation, spec, None), deployment, *deployment.make_models(), {})
    sizes = {names[0]: SIZE for names in find_open(model.typed).values()}
    between = tempfile.TemporaryDirectory()
    shared = Shared(Path(between.name))

    def attempt(kind: Kind, batch: int | None, fixed: dict[str, int]) -> dict[str, Any]:
        wanted = Wanted((kind.format,), (kind.quantize,) if kind.quantize else (), fixed, batch, samples=SAMPLES)
        with tempfile.TemporaryDirectory() as scratch:
            given = (model, wanted, Path(scratch), lambda text: None, print, shared)
            exporter = Exporter(*given, start=Here)  # type: ignore[arg-type]
            try:
                return exporter.make(kind).to_data()
            except DataError as error:
                return {"failed": error.problems[0]}

    for name in kinds:
        format, _, quantize = name.partition(" ")
        kind, path = Kind(format, quantize or None), cell_path(cache, spec, name)
        print(f"{spec.stem}: {name}", file=sys.stderr, flush=True)
        began = time.process_time()
        path.write_text(json.dumps({"began": True}), "utf-8")
        # Converters hold Python's lock for minutes: the system keeps the limit.
        resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + limit, resource.RLIM_INFINITY))
        found = attempt(kind, None, sizes if format == "litert" else {})
        if "failed" in found and format != "litert":
            found = {**attempt(kind, 1, sizes), "open": found["failed"]}
        of_run = {"commit": find_commit(), "seconds": round(time.process_time() - began)}
        path.write_text(json.dumps({**found, **of_run}, indent=1), "utf-8")
    between.cleanup()


if __name__ == "__main__":
    sys.exit(main())
