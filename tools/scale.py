"""How much of a training is spent waiting for data, by a simulation of how batches are read beside the steps.

    python tools/scale.py [--write]

A training reads so many batches ahead of the step that runs, each in a thread of its own. The times of reading vary from batch to
batch (log-normal). `--write` puts the table between the marks in docs/scale.md.
"""

from __future__ import annotations

import argparse
import heapq
import math
import random
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "scale.md"
BEGIN, END = "<!-- made by tools/scale.py -->", "<!-- end of what tools/scale.py made -->"
AHEAD, STEPS, SPREAD = 4, 5000, 0.5
"""Batches that are read ahead, as in `runs/train/feed.py`; steps that are simulated; the spread of the logarithm of a time."""
RATIOS, THREADS = (0.5, 1.0, 2.0, 3.0, 4.0, 8.0), (1, 2, 4)


def simulate(reading: float, step: float, threads: int, spread: float = SPREAD, ahead: int = AHEAD, steps: int = STEPS) -> float:
    """The share of the time in which a step waits for its batch; `reading` is the mean time of one batch, in one thread."""
    draw, shift = random.Random(0), -spread * spread / 2
    free = [0.0] * threads
    ready: list[float] = []
    taken: list[float] = []
    now = 0.0
    for number in range(steps):
        # Read as soon as a thread is free and the one so many before it is read; and so many that are read wait for their steps.
        asked = ready[number - ahead] if number >= ahead else 0.0
        end = max(heapq.heappop(free), asked) + reading * math.exp(draw.gauss(shift, spread))
        heapq.heappush(free, end)
        ready.append(max(end, ready[-1] if ready else 0.0, taken[number - ahead] if number >= ahead else 0.0))
        taken.append(max(now, ready[-1]))
        now = taken[-1] + step
    return 1 - steps * step / now


def make_table() -> str:
    """A row for each ratio of the time to read a batch to that of a step."""
    lines = [f"| reading a batch : a step | {' | '.join(f'{each} threads' if each > 1 else '1 thread' for each in THREADS)} |"]
    lines.append(f"| --- | {' | '.join('---' for _ in THREADS)} |")
    for ratio in RATIOS:
        cells = " | ".join(f"{simulate(ratio, 1.0, each):.0%}" for each in THREADS)
        lines.append(f"| {ratio:g} : 1 | {cells} |")
    return "\n".join(lines)


def main() -> None:
    """Prints the table, or writes it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    table = make_table()
    if not parser.parse_args().write:
        print(table)
        return
    text = PAGE.read_text()
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    PAGE.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}")


if __name__ == "__main__":
    main()
