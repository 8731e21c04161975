"""Heads that read heads: the order in which they can be computed, and circles among them."""

from __future__ import annotations

from collections.abc import Sequence

from ..spec.model_spec import Head
from ..text.diagnostic import Code, Diagnostic, Label, Origin
from ..text.frozen import dataclass
from .order import find_circled, sort_by_reading

HEAD_CIRCLE = Code(
    "head-circle",
    "error",
    "the head `{name}` is computed from itself",
    help="let one of the heads read what none of them gives",
)
LABELS = 8
"""So many of the other heads of a circle are shown."""


@dataclass(frozen=True)
class HeadReads:
    """A head by its name, with the heads that it reads."""

    id: str
    inputs: tuple[str, ...]


def find_head(ref: str) -> str | None:
    """The head that a reference names, or names a layer of; None where it is none of a head."""
    steps = ref.split(".")
    return steps[1] if len(steps) > 1 and steps[0] == "heads" else None


def list_references(head: Head) -> tuple[tuple[str, Origin], ...]:
    """What a head reads, where it says so."""
    if head.fusion is not None:
        return head.fusion.inputs or ()
    return (head.source,) if head.source is not None else ()


def order_heads(heads: Sequence[Head], found: list[Diagnostic]) -> tuple[list[Head], set[str]]:
    """The heads, each after those that it reads, else as they are written; and those on circles, which is reported."""
    by_name = {head.name: head for head in heads}
    readings = [
        HeadReads(name, tuple(read for ref, _ in list_references(head) if (read := find_head(ref)) in by_name))
        for name, head in by_name.items()
    ]
    order = sort_by_reading(readings)
    circled: set[str] = set()
    if len(order) < len(readings):
        circled = find_circled(readings, {each.id for each in order})
        _report_circles([by_name[each.id] for each in readings if each.id in circled], circled, found)
        cut = [HeadReads(each.id, ()) if each.id in circled else each for each in readings]
        order = sort_by_reading(cut)
    return [by_name[each.id] for each in order], circled


def _report_circles(heads: list[Head], circled: set[str], found: list[Diagnostic]) -> None:
    """One finding for each circle, at what its first head reads."""
    following = {head.name: next(each for each in list_references(head) if find_head(each[0]) in circled) for head in heads}
    seen: set[str] = set()
    for head in heads:
        way: list[str] = []
        name = head.name
        while name not in seen:
            seen.add(name)
            way.append(name)
            name = find_head(following[name][0]) or ""
        if name not in way:
            continue
        first, *others = way[way.index(name) :]
        labels = tuple(Label(following[each][1].place, f"`{each}` reads it here") for each in others[:LABELS])
        origin = following[first][1]
        found.append(Diagnostic(HEAD_CIRCLE, origin.place, {"name": first}, labels=(*labels, *origin.uses)))
