"""`python -m fuzz.mends N`: so many mistakes of each code, mended with all fixes; a table of those that end in silence."""

from __future__ import annotations

import sys
from collections import Counter
from typing import Any

import yaml

from cnnlstm_spec.compiler.fixes import Clock, mend
from cnnlstm_spec.compiler.variants import sweep
from cnnlstm_spec.text.diagnostic import Diagnostic
from cnnlstm_spec.text.source import Source
from fuzz.mistakes import PLANTS, Mistake, draw

RESTORED = (
    "wrong-type",
    "unknown-key",
    "unknown-layer",
    "unknown-name",
    "unknown-choice",
    "unknown-reference",
    "unknown-branch",
    "unknown-head",
    "unknown-address",
    "unknown-variable",
    "not-a-mapping",
    "shared-alone",
)
"""Misspellings, types and references: mended, they are what was there before."""
WITHOUT_EFFECT = ("no-effect", "metric-twice", "value-twice", "phase-changes-nothing")
"""What a person wrote and nothing rests on, which alone is mended by leaving it out."""


def found_in(text: str) -> list[Diagnostic]:
    """What is found in a spec, advice left out."""
    return [each for each in sweep(Source("spec.yaml", text)).compile_plain().diagnostics if each.severity != "advice"]


def outcome(mistake: Mistake) -> str | None:
    """How a mistake fares: `restored`, `silent`, `left`, `brought` or `removed`; None where it is none of its code alone."""
    if found_in(mistake.before) or {each.code.name for each in found_in(mistake.text)} != {mistake.code}:
        return None
    mended = mend(sweep(Source("spec.yaml", mistake.text)), True, Clock(lambda: 0.0))
    after = next((text for _, text in mended.changed), mistake.text)
    if mended.found:
        return "left" if len(mended.found) <= len(found_in(mistake.text)) else "brought"
    if found_in(after):
        return "brought"
    if mistake.code not in WITHOUT_EFFECT and removes(mistake.text, after):
        return "removed"
    return "restored" if yaml.safe_load(after) == yaml.safe_load(mistake.before) else "silent"


def removes(before: str, after: str) -> bool:
    """Whether fewer keys and values are written than before."""
    try:
        return _count(yaml.safe_load(after)) < _count(yaml.safe_load(before))
    except yaml.YAMLError:
        return len(after) < len(before)


def _count(value: Any) -> int:
    """Keys and values."""
    if isinstance(value, dict):
        return sum(1 + _count(each) for each in value.values())
    return sum(map(_count, value)) if isinstance(value, list) else int(value is not None)


def tally(count: int, codes: tuple[str, ...] = tuple(PLANTS)) -> dict[str, Counter[str]]:
    """By code, the outcomes of so many mistakes of each; of one with no place for them, of those that there are."""
    found: dict[str, Counter[str]] = {}
    for code in codes:
        outcomes = found[code] = Counter()
        for seed in range(4 * count):
            mistake = draw(code, seed)
            result = outcome(mistake) if mistake is not None else None
            if result is not None:
                outcomes[result] += 1
            if outcomes.total() == count:
                break
    return found


def mended(outcomes: Counter[str]) -> int:
    """How many ended in silence."""
    return outcomes["restored"] + outcomes["silent"]


def main() -> int:
    """0 where of each code 8 in 10, of all 9 in 10 are mended, and of what is restored 9 in 10 is what was there before."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    table = tally(count)
    for code, outcomes in table.items():
        print(f"{code:<28} {mended(outcomes):>5} of {outcomes.total():<5} {dict(outcomes)}")
    return 0 if holds(table) else 1


def holds(table: dict[str, Counter[str]]) -> bool:
    """Whether enough is mended."""
    every, back = sum(table.values(), Counter()), sum((table[code] for code in RESTORED if code in table), Counter())
    each = all(outcomes.total() and 10 * mended(outcomes) >= 8 * outcomes.total() for outcomes in table.values())
    none = not every["brought"] and not every["removed"]
    return each and none and 10 * mended(every) >= 9 * every.total() and 10 * back["restored"] >= 9 * back.total()


if __name__ == "__main__":
    sys.exit(main())
