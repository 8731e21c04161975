"""`python -m bench [--quick] [ROW ...]`: prints the rows with their bars, all of them or those that are named.

With `--smoke` every row runs at the smallest sizes, each program once: whether it does is held by a test, the numbers are none.
"""

from __future__ import annotations

import compileall
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

if "--smoke" in sys.argv:
    os.environ["BENCH_SMOKE"] = "1"

import cnnlstm_spec
from bench import editor, runs, training, validate
from bench.backends import backends
from bench.mending import mending
from bench.networks import SMOKE
from bench.pairs import machine
from bench.search import searching

Lines = Callable[[], list[str]]


class Row(NamedTuple):
    """How a row is measured; how within `--quick`, None where that takes longer than all of it may; and how it is only run."""

    whole: Lines
    quick: Lines | None
    smoke: Lines


ROWS = {
    "cold": Row(lambda: validate.cold(25), lambda: validate.cold(5), lambda: validate.cold(1)),
    "growth": Row(validate.growth, lambda: validate.growth(1000), lambda: validate.growth(100)),
    "many": Row(validate.many, validate.many, lambda: validate.many(3, 1)),
    "variants": Row(validate.variants, validate.variants, lambda: validate.variants(2, 1)),
    "sweep": Row(
        lambda: validate.many_variants(50, 50, 40),
        lambda: validate.many_variants(20, 20, 10),
        lambda: validate.many_variants(2, 2, 2),
    ),
    "mending": Row(mending, lambda: mending(runs=1), lambda: mending(100, 1)),
    "keystroke": Row(editor.keystroke, lambda: editor.keystroke(runs=5), lambda: editor.keystroke(100, 1)),
    "initialize": Row(editor.initialize, lambda: editor.initialize(3), lambda: editor.initialize(1)),
    "mistake": Row(lambda: training.mistake(5), lambda: training.mistake(1), lambda: training.mistake(1)),
    "clips": Row(training.clips, training.clips, training.clips),
    "frames": Row(lambda: training.frames(3, 8), lambda: training.frames(1, 6), lambda: training.frames(1, 1)),
    "fault": Row(lambda: training.fault(3, 40), lambda: training.fault(1, 20), lambda: training.fault(1, 1)),
    "own": Row(lambda: training.own(3), lambda: training.own(1), lambda: training.own(1)),
    "passes": Row(lambda: training.passes(8), None, lambda: training.passes(1)),
    "epochs": Row(lambda: runs.epochs(3), lambda: runs.epochs(1), lambda: runs.epochs(1)),
    "first": Row(lambda: runs.first_steps(5), lambda: runs.first_steps(1), lambda: runs.first_steps(1)),
    "reading": Row(lambda: runs.reading(3), lambda: runs.reading(1), lambda: runs.reading(1)),
    "flat": Row(runs.flat, runs.flat, runs.flat),
    "rows": Row(lambda: runs.many_rows(10_000_000), None, lambda: runs.many_rows(2_000)),
    "search": Row(lambda: searching(60), lambda: searching(20), lambda: searching(1)),
    "backends": Row(lambda: backends(3, 10), None, lambda: backends(1, 1)),
    "mobilenet": Row(lambda: training.mobilenet(2, 8), None, lambda: training.mobilenet(1, 1)),
}


def main() -> None:
    quick = "--quick" in sys.argv
    named = [name for name in sys.argv[1:] if name not in ("--quick", "--smoke")]
    if unknown := sorted({*named} - {*ROWS}):
        sys.exit(f"there is no row {', '.join(unknown)}; rows: {', '.join(ROWS)}")
    # As pip does on installation: Keras and pydantic have their bytecode too, and this may run where none is written.
    compileall.compile_dir(Path(cnnlstm_spec.__file__).parent, quiet=1)
    start = time.perf_counter()
    print(machine())
    for name in named or ROWS:
        row = ROWS[name]
        measure = row.smoke if SMOKE else row.quick if quick else row.whole
        lines = measure() if measure is not None else [f"{name}: left out by --quick"]
        print("\n" + "\n".join(lines), flush=True)
    print(f"\n{time.perf_counter() - start:.0f} s in all")


if __name__ == "__main__":
    main()
