"""`python -m fuzz N`: that many random specs against Keras; a table, and the disagreements as specs in `tests/specs/fuzz/`."""

from __future__ import annotations

import argparse
import signal
import sys
from collections import Counter
from time import monotonic

from fuzz import ROOT
from fuzz.pool import run
from fuzz.report import Report
from fuzz.text import text_of

FOLDER = ROOT / "tests" / "specs" / "fuzz"


def main() -> int:
    """0 where all agree, else 1."""
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=300, help="how many specs (default: 300)")
    parser.add_argument("--first", type=int, default=0, help="the first seed (default: 0)")
    parser.add_argument("--processes", type=int, default=2, help="how many processes (default: 2)")
    parser.add_argument("--no-shrink", action="store_true", help="leave disagreements as they were drawn")
    options = parser.parse_args()
    started = monotonic()
    counts: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    seeds = list(range(options.first, options.first + options.count))
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        for report in run(seeds, options.processes, not options.no_shrink):
            counts.update(report.counts)
            counts["specs"] += 1
            for number, (kind, message, _) in enumerate(report.found):
                kinds[kind] += 1
                print(f"seed {report.seed}: {kind}: {' '.join(message.split())[:400]}\n  {_save(report, number)}", flush=True)
            if sys.stderr.isatty():
                print(f"\r{counts['specs']} of {options.count}", end="", file=sys.stderr, flush=True)
            elif counts["specs"] % 250 == 0:
                print(f"{counts['specs']} of {options.count}", file=sys.stderr, flush=True)
    except KeyboardInterrupt:
        print("stopped before the end", flush=True)
        return 130
    finally:
        _table(counts, kinds, monotonic() - started)
    return 1 if kinds else 0


def _save(report: Report, number: int) -> str:
    kind, message, spec = report.found[number]
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"seed-{report.seed}{f'-{number}' if number else ''}.yaml"
    words = "\n".join(f"# {line}" for line in (f"{kind} (seed {report.seed})", *message.strip().splitlines()[:4]))
    words = "".join(each for each in words if each.isprintable() or each == "\n")
    path.write_text(f"{words}\n{text_of(spec)}", "utf-8")
    return str(path.relative_to(ROOT))


def _table(counts: Counter[str], kinds: Counter[str], seconds: float) -> None:
    rows = [("specs tried", counts.pop("specs", 0)), *sorted(counts.items()), ("disagreements", sum(kinds.values()))]
    rows += [(f"  {kind}", number) for kind, number in sorted(kinds.items())]
    rows.append(("seconds", round(seconds)))
    width = max(len(name) for name, _ in rows)
    for name, number in rows:
        print(f"{name:<{width}}  {number:>6,}")


if __name__ == "__main__":
    sys.exit(main())
