"""One seed's work: its spec judged, mistakes planted into it, and what disagrees made small."""

from __future__ import annotations

from random import Random
from time import monotonic
from typing import Any

from fuzz.generate import generate
from fuzz.judge import judge
from fuzz.layers import load
from fuzz.plant import complaint, complaint_of_two, plant, plant_two
from fuzz.report import Report
from fuzz.shapes import runs
from fuzz.shrink import shrink
from fuzz.sizes import chain, untrue

PLANTS = 3
"""Mistakes that are planted into each sound spec, one at a time."""
CHARACTERS = 60
COMPILED = 4
"""One chain in so many is compiled with its sizes written, too; what Keras gives is asked of each."""


def work(seed: int, small: bool = True) -> Report:
    """Everything about a seed; `small` asks for disagreements to be shrunk."""
    started = monotonic()
    report = Report(seed)
    spec = generate(seed)
    outcome = judge(spec, seed)
    report.counts[outcome.verdict] += 1
    if outcome.disagreement is not None:
        kind, alike = outcome.disagreement, outcome.message[:CHARACTERS]

        def disagrees(smaller: dict[str, Any]) -> bool:
            other = judge(smaller, seed)
            return other.disagreement == kind and other.message[:CHARACTERS] == alike

        report.found.append((kind, outcome.message, shrink(spec, disagrees) if small else spec))
    if load(spec).ok:
        _plant(spec, Random(seed), report)
    report.counts["chains over a size"] += 1
    if (wrong := untrue(seed, runs) or (untrue(seed) if seed // 2 % COMPILED == 0 else None)) is not None:
        report.found.append(("not so of a size", wrong, chain(seed)))
    report.seconds = monotonic() - started
    return report


def _plant(spec: dict[str, Any], rng: Random, report: Report) -> None:
    for _ in range(PLANTS):
        planted = plant(spec, rng)
        if planted is None:
            continue
        report.counts["planted"] += 1
        wrong = complaint(planted)
        if wrong is not None:
            report.found.append(("not one error on the planted line", wrong, planted.spec))
    two = plant_two(spec, rng)
    if two is not None:
        report.counts["planted two"] += 1
        wrong = complaint_of_two(two)
        if wrong is not None:
            report.found.append(("not one error for each of two planted mistakes", wrong, two[0].spec))
