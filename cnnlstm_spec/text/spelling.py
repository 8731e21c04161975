"""The known word that a misspelt one is most like. Imports the table of synonyms and `fix`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from functools import lru_cache, wraps
from itertools import islice
from typing import NamedTuple, ParamSpec, TypeVar

from .fix import Fix, write
from .source import Span
from .synonyms import SYNONYMS, fold_word

WORDS = 300
"""Misspelt words of one reading that are looked up; more take longer than all the rest, and nobody reads them."""
KNOWN = 600
"""Known words that are looked at for each."""
FIRST = ("branches", "fusion", "heads")
"""What addresses begin with, but for those of inputs."""
ALIKE = 0.65
"""How alike words are, of 1, where one may be the other misspelt."""
PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+[A-Z]?")
Given = ParamSpec("Given")
Result = TypeVar("Result")
_LEFT: ContextVar[list[int] | None] = ContextVar("left", default=None)
"""How many words the reading under way may still look up; None outside of any. Other threads have their own."""


def limit_lookups(reading: Callable[Given, Result]) -> Callable[Given, Result]:
    """A reading of a spec in which `WORDS` misspelt words are looked up; when it ends, all is as it was before."""

    @wraps(reading)
    def run_limited(*args: Given.args, **named: Given.kwargs) -> Result:
        before = _LEFT.set([WORDS])
        try:
            return reading(*args, **named)
        finally:
            _LEFT.reset(before)

    return run_limited


class Guess(NamedTuple):
    """What is said of a misspelt word, and the fix that writes the known one; both are empty where none is near."""

    help: tuple[str, ...] = ()
    fixes: tuple[Fix, ...] = ()


def guess(word: str, known: Iterable[str], span: Span) -> Guess:
    """The known word nearest to one that is written at a span."""
    known = list(islice(known, KNOWN))
    near = find_nearest(word, known)
    return Guess((f"did you mean `{near}`?",), (fix_spelling(word, near, known, span),)) if near else Guess()


def guess_address(address: str, known: Iterable[str], span: Span) -> Guess:
    """As `guess`, but an address without its first word, or with one where that is left out, is plainly the only such one."""
    known = list(islice(known, KNOWN))
    first, _, rest = address.partition(".")
    whole = [each for each in known if each.partition(".")[2] == address or (each == rest and first in FIRST)]
    if len(whole) == 1:
        return Guess((f"did you mean `{whole[0]}`?",), (write(span, whole[0], "safe"),))
    return guess(address, known, span)


def sort_by_likeness(name: str, known: Iterable[str]) -> list[str]:
    """Known words, those first that begin as one does: there may be more than are looked at."""
    return sorted(known, key=lambda each: -_count_common(each, name))


def _count_common(name: str, other: str) -> int:
    """How many characters two names begin alike with."""
    return next((at for at, (a, b) in enumerate(zip(name, other, strict=False)) if a != b), min(len(name), len(other)))


def fix_spelling(word: str, near: str, known: Iterable[str], span: Span) -> Fix:
    """The fix that writes a known word; safe where no other is as near, and it is one slip away."""
    slips = [each for each in islice(known, KNOWN) if each != word and is_one_slip(word, each)]
    return write(span, near, "safe" if slips == [near] else "unsafe")


def is_one_slip(word: str, other: str) -> bool:
    """Whether one letter is left out, put in, or another one, or two are swapped; letters in another case are alike."""
    word, other = word.lower(), other.lower()
    if abs(len(word) - len(other)) > 1:
        return False
    start = next((at for at, (a, b) in enumerate(zip(word, other, strict=False)) if a != b), min(len(word), len(other)))
    rest, left = word[start:], other[start:]
    return rest[1:] == left[1:] or rest[1:] == left or rest == left[1:] or (rest[:2] == left[1::-1] and rest[2:] == left[2:])


def suggest_word(word: str, known: Iterable[str]) -> tuple[str, ...]:
    """A help line with the nearest known word, or none."""
    near = find_nearest(word, known)
    return (f"did you mean `{near}`?",) if near else ()


def find_nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that a misspelt one stands for; None too where a reading has had its share of them.

    That is another library's word for it, else the one most like it, if that is no far-fetched guess.
    """
    left = _LEFT.get()
    if left is not None:
        if not left[0]:
            return None
        left[0] -= 1
    return _find_nearest(word, tuple(islice(known, KNOWN)))


@lru_cache(64)
def _find_nearest(word: str, known: tuple[str, ...]) -> str | None:
    """The same of words that were looked at before, as those of each variant are."""
    from difflib import get_close_matches

    by_folded: dict[str, str] = {}
    for each in known:
        by_folded.setdefault(fold_word(each), each)
    plain = fold_word(word)
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

    ours, theirs = _split_parts(word), _split_parts(other)
    while ours and theirs and ours[-1] == theirs[-1]:
        ours, theirs = ours[:-1], theirs[:-1]
    while ours and theirs and ours[0] == theirs[0]:
        ours, theirs = ours[1:], theirs[1:]
    first, second = "".join(ours), "".join(theirs)
    return not first or not second or SequenceMatcher(None, first, second).ratio() >= ALIKE


def _split_parts(word: str) -> list[str]:
    return [part.lower() for part in PART.findall(word)]
