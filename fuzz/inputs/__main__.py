"""`python -m fuzz.inputs N`: that many hostile inputs; a table of how far they come, and every finding."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from time import monotonic

from .draw import KINDS, draw
from .look import STAGES
from .pool import look_at


def main() -> int:
    """0 where nothing is found, and at least half of the inputs come past the reader, else 1."""
    parser = argparse.ArgumentParser(prog="fuzz.inputs", description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=2000, help="how many inputs (default: 2000)")
    parser.add_argument("--first", type=int, default=0, help="the first seed (default: 0)")
    parser.add_argument("--processes", type=int, default=2, help="how many processes (default: 2)")
    parser.add_argument("--show", type=int, metavar="SEED", help="print the input of a seed, and nothing else")
    options = parser.parse_args()
    if options.show is not None:
        print(draw(options.show))
        return 0
    started, found, slowest = monotonic(), 0, 0.0
    reached: Counter[tuple[str, str]] = Counter()
    for each in look_at(range(options.first, options.first + options.count), options.processes):
        kind = each.kind or KINDS[each.seed % len(KINDS)]
        reached[kind, "inputs"] += 1
        last = STAGES.index(each.stage) if each.stage is not None else -1
        reached.update((kind, stage) for stage in STAGES[: last + 1])
        slowest = max(slowest, each.seconds)
        if each.wrong is not None:
            found += 1
            print(f"seed {each.seed} ({kind}): {each.wrong}", flush=True)
    past = sum(reached[kind, "spec"] for kind in KINDS)
    print(table(reached))
    print(f"{found} findings; {past} of {options.count} past the reader; slowest {slowest:.1f} s; {monotonic() - started:.0f} s")
    return 1 if found or 2 * past < options.count else 0


def table(reached: Counter[tuple[str, str]]) -> str:
    """How many inputs of each kind reach each stage."""
    columns = ("inputs", *STAGES)
    rows = [("kind", *columns), *((kind, *(f"{reached[kind, each]:,}" for each in columns)) for kind in KINDS)]
    rows.append(("all", *(f"{sum(reached[kind, each] for kind in KINDS):,}" for each in columns)))
    return "\n".join("  ".join([f"{row[0]:<7}", *(f"{cell:>8}" for cell in row[1:])]) for row in rows)


if __name__ == "__main__":
    sys.exit(main())
