"""Inputs of a fusion that are drawn as one: alike, and read from the rounds of one repetition or out of one fold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from .drawing import Area, Box, Element, Frame, Join, Lane, outputs
from .rounds import ROUNDS, alike, times


def bundled(areas: tuple[Area, ...]) -> tuple[Area, ...]:
    """The areas, with one lane for more than three alike that come out of what is drawn once."""
    home = {id: first for area in areas for ids in _once(area.items) for id, first in ids.items()}
    return tuple(area if area.join is None else replace(area, join=_bundled(area.join, home)) for area in areas)


def _once(items: tuple[Element, ...]) -> Iterator[dict[str, str]]:
    """Of each part that is drawn once for several, its outputs, each with the one that comes first."""
    for item in items:
        if isinstance(item, Box) or (isinstance(item, Frame) and item.unseen):
            ids = tuple(outputs((item,)))
            yield dict.fromkeys(ids, ids[0]) if len(ids) > 1 else {}
        elif isinstance(item, Frame):
            yield from _once(item.items)
        else:
            for lane in item.lanes:
                yield from _once(lane.items)


def _bundled(join: Join, home: dict[str, str]) -> Join:
    groups: dict[object, list[int]] = {}
    for index, (lane, source) in enumerate(zip(join.lanes, join.sources, strict=True)):
        key = (home[source], tuple(map(alike, lane.items))) if source in home else index
        groups.setdefault(key, []).append(index)
    lanes, sources = [], []
    for group in groups.values():
        for index in group if len(group) <= ROUNDS else group[:1]:
            lanes.append(join.lanes[index] if len(group) <= ROUNDS else _as_one([join.lanes[each] for each in group]))
            sources.append(join.sources[index])
    return replace(join, lanes=tuple(lanes), sources=tuple(sources))


def _as_one(lanes: list[Lane]) -> Lane:
    title = f"× {len(lanes)}"
    return Lane("", (times(title, tuple(lane.items for lane in lanes)),)) if lanes[0].items else Lane(title, ())
