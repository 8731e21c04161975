"""`python -m bench [--quick] [ROW ...]`: prints the rows with their bars, all of them or those that are named."""

from __future__ import annotations

import compileall
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cnnlstm_spec
from bench import training, validate
from bench.pairs import machine

ROWS: dict[str, tuple[Callable[[], list[str]], Callable[[], list[str]] | None]] = {
    "cold": (lambda: validate.cold(25), lambda: validate.cold(5)),
    "growth": (validate.growth, lambda: validate.growth(quick=True)),
    "many": (validate.many, validate.many),
    "variants": (validate.variants, validate.variants),
    "mistake": (lambda: training.mistake(5), lambda: training.mistake(1)),
    "clips": (training.clips, training.clips),
    "frames": (lambda: training.frames(3, 8), lambda: training.frames(1, 6)),
    "fault": (lambda: training.fault(3, 40), lambda: training.fault(1, 20)),
    "own": (lambda: training.own(3), lambda: training.own(1)),
    "passes": (lambda: training.passes(8), None),
    "mobilenet": (lambda: training.mobilenet(2, 8), None),
}
"""How each row is measured, and how within `--quick`; None where that takes longer than all of it may."""


def main() -> None:
    quick = "--quick" in sys.argv
    named = [name for name in sys.argv[1:] if name != "--quick"]
    if unknown := sorted({*named} - {*ROWS}):
        sys.exit(f"there is no row {', '.join(unknown)}; rows: {', '.join(ROWS)}")
    # As pip does on installation: Keras and pydantic have their bytecode too, and this may run where none is written.
    compileall.compile_dir(Path(cnnlstm_spec.__file__).parent, quiet=1)
    start = time.perf_counter()
    print(machine())
    for name in named or ROWS:
        whole, short = ROWS[name]
        measure = short if quick else whole
        lines = measure() if measure is not None else [f"{name}: left out by --quick"]
        print("\n" + "\n".join(lines), flush=True)
    print(f"\n{time.perf_counter() - start:.0f} s in all")


if __name__ == "__main__":
    main()
