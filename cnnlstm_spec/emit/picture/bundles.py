"""Branches that are drawn as one, and inputs of a fusion that are: alike, and read from what is drawn once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from .drawing import Area, Box, Element, Flow, Join, Lane, iterate_elements, list_copies
from .labels import count
from .rounds import ROUNDS, count_params, make_drawing_key, repeat_rounds


def bundle_branches(areas: tuple[Area, ...]) -> tuple[Area, ...]:
    """The areas, with one for more than three branches that are alike but for their names, and go to the same."""
    readers: dict[str, set[str]] = {}
    for area in areas:
        for id in area.join.sources if area.join is not None else (area.source,):
            readers.setdefault(id[0] if id else "", set()).add(area.address)
    alike: dict[object, list[Area]] = {}
    for area in areas:
        first, *rest = area.items or (None,)
        is_branch = isinstance(first, Box) and first.look == "input" and area.join is None and not (area.source or area.sides)
        named = replace(first, title="") if isinstance(first, Box) else first
        items = tuple(make_drawing_key(item, "all") for item in (named, *rest) if item is not None)
        key = (area.tone, items, frozenset(readers.get(area.last, ())))
        alike.setdefault(key if is_branch else area.address, []).append(area)
    return tuple(each for group in alike.values() for each in ((_as_one_area(group),) if len(group) > ROUNDS else group))


def _as_one_area(areas: list[Area]) -> Area:
    whole = replace(areas[0], members=tuple(areas))
    items = repeat_rounds("", tuple(area.items for area in areas)).items
    head = items[0]
    total = sum(count_params(item) for area in areas for item in area.items)
    detail = f"{head.detail} · {count(total, 'params')}" if isinstance(head, Box) else ""
    named = replace(head, title=whole.title, detail=detail) if isinstance(head, Box) else head
    return replace(whole, items=(named, *items[1:]))


def bundle_lanes(areas: tuple[Area, ...], flows: Mapping[str, Flow]) -> tuple[Area, ...]:
    """The areas, with one lane for more than three alike that come out of what is drawn once."""
    home = {id: place for area in areas for id, place in _map_places(area.items)}
    return tuple(area if area.join is None else replace(area, join=_bundle_join(area.join, home, flows)) for area in areas)


def _map_places(items: tuple[Element, ...]) -> Iterator[tuple[str, str]]:
    """Each output of what is drawn once for several, with one that stands for all that leave at the same place."""
    for item in iterate_elements(items):
        every = list_copies(item)
        if isinstance(item, Box) and item.held:
            yield from ((id, item.ids[0]) for ids in every for id in ids)
        elif len(every) > 1:
            yield from ((id, first) for ids in every for id, first in zip(ids, every[0], strict=True))


def _bundle_join(join: Join, home: dict[str, str], flows: Mapping[str, Flow]) -> Join:
    groups: dict[object, list[int]] = {}
    for index, (lane, source) in enumerate(zip(join.lanes, join.sources, strict=True)):
        key = (
            (home[source[0]], flows[source[0]], *(make_drawing_key(item, "all") for item in lane.items))
            if source[0] in home
            else index
        )
        groups.setdefault(key, []).append(index)
    lanes, sources = [], []
    for group in groups.values():
        if len(group) <= ROUNDS:
            lanes += [join.lanes[index] for index in group]
            sources += [join.sources[index] for index in group]
        else:
            lanes.append(_as_one([join.lanes[index] for index in group]))
            sources.append(tuple(id for index in group for id in join.sources[index]))
    return replace(join, lanes=tuple(lanes), sources=tuple(sources))


def _as_one(lanes: list[Lane]) -> Lane:
    title = f"× {len(lanes)}"
    return Lane("", (repeat_rounds(title, tuple(lane.items for lane in lanes)),)) if lanes[0].items else Lane(title, ())


def describe_copies(numbers: list[int], of: int) -> str:
    """Which of several copies: `copy 3 of 6`, `copies 1 to 4, 6 of 8`, `each of 40`."""
    if len(numbers) == of:
        return f"each of {of}"
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    told = ", ".join(f"{run[0]} to {run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)
    return f"{'copy' if len(numbers) == 1 else 'copies'} {told} of {of}"
