"""The known word that a misspelt one is most like. Imports the table of synonyms alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from functools import wraps
from itertools import islice
from typing import ParamSpec, TypeVar

from .synonyms import SYNONYMS, folded

WORDS = 300
"""Misspelt words of one reading that are looked up; more take longer than all the rest, and nobody reads them."""
KNOWN = 600
"""Known words that are looked at for each."""
ALIKE = 0.65
"""How alike words are, of 1, where one may be the other misspelt."""
PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+[A-Z]?")
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
    """The known word that a misspelt one stands for; None too where a reading has had its share of them.

    That is another library's word for it, else the one most like it, if that is no far-fetched guess.
    """
    left = _LEFT.get()
    if left is not None:
        if not left[0]:
            return None
        left[0] -= 1
    from difflib import get_close_matches

    by_folded: dict[str, str] = {}
    for each in islice(known, KNOWN):
        by_folded.setdefault(folded(each), each)
    plain = folded(word)
    for meant in SYNONYMS.get(plain, ()):
        if meant in by_folded:
            return by_folded[meant]
    # Letters in another order are the likeliest slip, which difflib counts as two.
    swapped = [each for each in by_folded if len(each) == len(plain) and sorted(each) == sorted(plain)]
    close = swapped or [each for each in get_close_matches(plain, by_folded, n=1, cutoff=0.6) if _is_alike(word, by_folded[each])]
    close = close or sorted(w for w in by_folded if plain and w.startswith(plain))
    return by_folded[close[0]] if close else None


def _is_alike(word: str, other: str) -> bool:
    """Whether words are alike in what they do not have in common: `WeightNormalization` is no `UnitNormalization`."""
    from difflib import SequenceMatcher

    ours, theirs = _parts(word), _parts(other)
    while ours and theirs and ours[-1] == theirs[-1]:
        ours, theirs = ours[:-1], theirs[:-1]
    while ours and theirs and ours[0] == theirs[0]:
        ours, theirs = ours[1:], theirs[1:]
    first, second = "".join(ours), "".join(theirs)
    return not first or not second or SequenceMatcher(None, first, second).ratio() >= ALIKE


def _parts(word: str) -> list[str]:
    return [part.lower() for part in PART.findall(word)]
