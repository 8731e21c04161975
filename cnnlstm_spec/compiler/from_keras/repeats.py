"""Runs of layers that come again, as `Repeat`."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

from .structure import Item, Items, WrittenLayer, WrittenStructure

LONGEST = 64
"""Items that come again together."""


def fold_repeats(items: Items) -> Items:
    """The items with each run that comes again at once written once, where that saves two items or more."""
    items = tuple(map(_fold_within, items))
    keys = [_make_key(item) for item in items]
    found: list[Item] = []
    at = 0
    while at < len(items):
        length, times = _find_longest(keys, at)
        if length * (times - 1) < 2:
            found.append(items[at])
            at += 1
            continue
        copies = tuple(items[at + length * time : at + length * (time + 1)] for time in range(times))
        found.append(WrittenStructure("Repeat", copies=copies))
        at += length * times
    return tuple(found)


def _find_longest(keys: list[Hashable], at: int) -> tuple[int, int]:
    """The length of the run that begins there and comes again most, and how often it stands there."""
    best, saved = (1, 1), 0
    for length in range(1, min(LONGEST, (len(keys) - at) // 2) + 1):
        times = 1
        while keys[at + length * times : at + length * (times + 1)] == keys[at : at + length]:
            times += 1
        if length * (times - 1) > saved:
            best, saved = (length, times), length * (times - 1)
    return best


def _fold_within(item: Item) -> Item:
    if isinstance(item, WrittenLayer):
        return item
    lists = {key: fold_repeats(each) for key, each in item.lists.items()}
    return replace(item, lists=lists, paths=tuple(map(fold_repeats, item.paths)))


def _make_key(item: Item) -> Hashable:
    """What two items have in common that are written alike; layers that share weights are not repeated."""
    if isinstance(item, WrittenLayer):
        return (item.name, repr(item.arguments)) if "share" not in item.arguments else id(item)
    lists = tuple((key, tuple(map(_make_key, each))) for key, each in item.lists.items())
    paths = tuple(tuple(map(_make_key, path)) for path in (*item.paths, *item.copies[:1]))
    return (item.name, lists, paths, len(item.copies), _make_key(item.merge) if item.merge is not None else None)
