"""Mistakes that only an override brings into a spec are told at the override, not at the line that it does not suit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ..text.diagnostic import Diagnostic, Label
from ..text.edits.overrides import Override, set_all
from ..text.nodes import Node
from ..text.source import Place

MOST = 8
"""So many overrides are left out in turn to find the one that is to blame."""

OPTIONS = ("--set", "overrides")
"""What the texts of overrides are called."""
Key = tuple[str, str, int]


def blame(
    found: tuple[Diagnostic, ...],
    document: Node,
    overrides: Sequence[Override],
    compile: Callable[[Node], tuple[Diagnostic, ...]],
) -> tuple[Diagnostic, ...]:
    """The findings, each error that is not there without an override at that override.

    `document` is the spec with nothing set in it, `compile` gives the findings of a document.
    """
    if not overrides or not any(map(_is_elsewhere, found)):
        return found
    written = set(map(_make_key, compile(document)))
    without: list[set[Key]] = []
    for index in range(len(overrides)) if 1 < len(overrides) <= MOST else ():
        others = [*overrides[:index], *overrides[index + 1 :]]
        without.append(set(map(_make_key, compile(set_all(document, others, [])))))
    told = []
    for each in found:
        causes = [one for one, keys in zip(overrides, without, strict=False) if _make_key(each) not in keys]
        cause = overrides[0] if len(overrides) == 1 else causes[0] if causes else None
        if cause is not None and _is_elsewhere(each) and _make_key(each) not in written:
            each = _move_finding(each, cause)
        told.append(each)
    return tuple(told)


def _is_elsewhere(found: Diagnostic) -> bool:
    return found.severity == "error" and found.place.span.source.name not in OPTIONS


def _make_key(found: Diagnostic) -> Key:
    span = found.place.span
    return found.code.name, span.source.name, span.start


def _move_finding(found: Diagnostic, cause: Override) -> Diagnostic:
    """The finding at the override, with the place where it shows."""
    first = cause.written[0].span
    span = first.to(max(cause.value.span.end, cause.written[-1].span.end))
    shows = Label(found.place, found.label or "shows here")
    return replace(found, place=Place(found.place.path, span), label="", labels=(shows, *found.labels))
