"""The known word that a misspelt one is most like. Imports nothing of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextvars import ContextVar
from functools import wraps
from itertools import islice
from typing import ParamSpec, TypeVar

SYNONYMS = {"lr": "learningrate", "neurons": "units", "size": "kernelsize"}
"""What people write, to what is meant, folded."""


WORDS = 300
"""Misspelt words of one reading that are looked up; more take longer than all the rest, and nobody reads them."""
KNOWN = 600
"""Known words that are looked at for each."""
Given = ParamSpec("Given")
Result = TypeVar("Result")
_LEFT: ContextVar[list[int] | None] = ContextVar("left", default=None)
"""How many words the reading under way may still look up; None outside of any. Other threads have their own."""


def limits_lookups(reading: Callable[Given, Result]) -> Callable[Given, Result]:
    """A reading of a spec in which `WORDS` misspelt words are looked up; when it ends, all is as it was before."""

    @wraps(reading)
    def limited(*args: Given.args, **named: Given.kwargs) -> Result:
        before = _LEFT.set([WORDS])
        try:
            return reading(*args, **named)
        finally:
            _LEFT.reset(before)

    return limited


def did_you_mean(word: str, known: Iterable[str]) -> tuple[str, ...]:
    """A help line with the nearest known word, or none."""
    near = nearest(word, known)
    return (f"did you mean `{near}`?",) if near else ()


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word most like a misspelt one; None too where a reading has had its share of them."""
    left = _LEFT.get()
    if left is not None:
        if not left[0]:
            return None
        left[0] -= 1
    from difflib import get_close_matches

    by_folded: dict[str, str] = {}
    for each in islice(known, KNOWN):
        by_folded.setdefault(each.lower().replace("_", ""), each)
    folded = word.lower().replace("_", "").replace("-", "")
    if SYNONYMS.get(folded) in by_folded:
        return by_folded[SYNONYMS[folded]]
    # Letters in another order are the likeliest slip, which difflib counts as two.
    swapped = [each for each in by_folded if len(each) == len(folded) and sorted(each) == sorted(folded)]
    close = (
        swapped or get_close_matches(folded, by_folded, n=1, cutoff=0.6) or sorted(w for w in by_folded if w.startswith(folded))
    )
    return by_folded[close[0]] if close else None
