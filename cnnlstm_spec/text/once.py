"""Findings that say the same of several places, said once with all of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import reduce

from .diagnostic import Diagnostic, Label

NAMES = ("metric", "head", "branch", "what", "layer")
"""Facts that name what a finding is of: two that differ in them alone are one mistake."""


def speak_once(found: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Warnings that say the same of several places joined at the first of them, and errors of several metrics.

    Other errors are mistakes of their own, each at its place.
    """
    same: dict[object, list[Diagnostic]] = {}
    for each in found:
        alone = each.code.severity == "error" and "metric" not in each.facts
        counted = each.code.join is not None
        key: object = each.code.name if counted else id(each) if alone else (each.code.name, *_strip_names(each))
        same.setdefault(key, []).append(each)
    return _join_metrics(map(_join_all, same.values()))


def _join_all(same: Sequence[Diagnostic]) -> Diagnostic:
    """One finding of several that say the same."""
    join = same[0].code.join
    return join(same) if join is not None else reduce(_join, same)


def _join_metrics(found: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Findings of several metrics that one fix mends as one, whatever each of them says: the fault is what they read."""
    told: list[Diagnostic] = []
    for each in found:
        for place, first in enumerate(told if "metric" in each.facts else ()):
            if "metric" in first.facts and (
                fixes := [fix for fix in first.fixes if fix.edits in [one.edits for one in each.fixes]]
            ):
                graver, other = (each, first) if each.severity == "error" != first.severity else (first, each)
                help = tuple(line.removeprefix("or ") for line in graver.help if any(line[3:] in one for one in other.help))
                joined = replace(graver, fixes=(), help=help or graver.help)
                told[place] = replace(_join(joined, other), fixes=tuple(fixes))
                break
        else:
            told.append(each)
    return told


def _strip_names(found: Diagnostic) -> tuple[str, ...]:
    """What is said, whatever that is called which it is said of."""
    # Not its message, which is cut where it is long: two that differ behind the cut say different things.
    said = (found.code.template.format(**found.facts), *found.help)
    for name in filter(found.facts.get, NAMES):
        named = re.compile(rf"`{re.escape(str(found.facts[name]))}(?!\w)")
        said = tuple(named.sub("`", each) for each in said)
    return said


def _join(first: Diagnostic, other: Diagnostic) -> Diagnostic:
    """One finding of two places; what mends the one mends the other with it."""
    # Branches of one `each` stand at one place, whatever they are called.
    if first.place.span == other.place.span:
        return first
    pairs = zip(first.fixes, other.fixes, strict=False)
    fixes = tuple(
        replace(a, title=_name_both(a.title, b.title), edits=tuple(dict.fromkeys((*a.edits, *b.edits))))
        for a, b in pairs
        if a.applicability == b.applicability
    )
    named = next((other.facts[name] for name in NAMES if other.facts.get(name) != first.facts.get(name)), None)
    words = "here too" if named is None else f"`{named}` too"
    return replace(first, labels=(*first.labels, Label(other.place, words)), fixes=fixes)


def _name_both(title: str, other: str) -> str:
    return title if other in title else f"{title} and {other.removeprefix('write ')}"
