"""Rounds of a repetition: what makes two of them equal, and drawing many of them once."""

from __future__ import annotations

from dataclasses import replace

from .drawing import Box, Element, Flow, Frame, Lane, Split, all_boxes

ROUNDS = 3
"""More equal rounds than these are drawn once."""


def alike(item: Element, sizes: bool = False) -> tuple[object, ...]:
    """What is equal in two elements that are drawn alike: names do not count.

    With `sizes` the shapes count and the arguments do not, as in rounds that differ in a rate of dilation."""
    if isinstance(item, Box):
        # A failing box is like no other: it must be seen.
        own = item.ids if item.state == "failed" else ()
        shown = item.gives.shape if sizes else item.detail
        return (item.look if item.look != "plain" else "layer", item.title, shown, item.state, item.note, own)
    if isinstance(item, Frame):
        title = "" if " of " in item.title and item.look == "block" else item.title
        return (item.look, title, *(alike(each, sizes) for each in item.items), len(item.unseen))
    lanes = ((lane.title, *(alike(each, sizes) for each in lane.items)) for lane in item.lanes)
    return (item.look, item.title, *lanes, alike(item.merge, sizes))


def repetition(title: str, rounds: tuple[Element, ...], gives: Flow) -> Frame:
    """The rounds of a repetition in a frame: a run of more than three equal ones is drawn once."""
    for sizes in (False, True):
        if len(rounds) > ROUNDS and len({alike(each, sizes) for each in rounds}) == 1:
            return times(title, tuple(_unwrapped(each) for each in rounds))
    folded: list[Element] = []
    at = 0
    while at < len(rounds):
        end = at + 1
        while end < len(rounds) and alike(rounds[end]) == alike(rounds[at]):
            end += 1
        run = rounds[at:end]
        if len(run) > ROUNDS:
            folded.append(times(f"× {len(run)}", tuple(_unwrapped(each) for each in run)))
        else:
            for each in run:
                folded += _unwrapped(each) if isinstance(each, Frame) and len(each.items) == 1 else (each,)
        at = end
    return Frame("repeat", title, tuple(folded), gives)


def times(title: str, rounds: tuple[tuple[Element, ...], ...]) -> Frame:
    """Rounds drawn once, the rest of them held unseen."""
    shown = tuple(_merged(each) for each in zip(*rounds, strict=True))
    unseen = tuple(box for each in rounds[1:] for box in all_boxes(each))
    return Frame("repeat", title, shown, rounds[-1][-1].gives, unseen=unseen)


def _unwrapped(item: Element) -> tuple[Element, ...]:
    return item.items if isinstance(item, Frame) and item.look == "block" else (item,)


def _merged(same: tuple[Element, ...]) -> Element:
    """The first of elements that are drawn alike, with arguments that tell how they differ."""
    first = same[0]
    if isinstance(first, Box):
        return replace(first, detail=_varying([each.detail for each in same if isinstance(each, Box)]))
    if isinstance(first, Frame):
        inner = zip(*(each.items for each in same if isinstance(each, Frame)), strict=True)
        return replace(first, items=tuple(_merged(each) for each in inner))
    splits = [each for each in same if isinstance(each, Split)]
    lanes = []
    for columns in zip(*(split.lanes for split in splits), strict=True):
        items = zip(*(lane.items for lane in columns), strict=True)
        lanes.append(Lane(columns[0].title, tuple(_merged(each) for each in items)))
    merge = _merged(tuple(split.merge for split in splits))
    assert isinstance(merge, Box)
    return replace(first, lanes=tuple(lanes), merge=merge)


def _varying(details: list[str]) -> str:
    """Arguments of several layers: `dilation 1 … 512` where they are not the same in all."""
    if len(set(details)) == 1:
        return details[0]
    parts = [detail.split(", ") for detail in details]
    if len({len(each) for each in parts}) > 1:
        return f"{details[0]} … {details[-1]}"
    words = []
    for values in zip(*parts, strict=True):
        label = values[0].rpartition(" ")[0]
        last = values[-1].removeprefix(label + " ") if label else values[-1]
        words.append(values[0] if len(set(values)) == 1 else f"{values[0]} … {last}")
    return ", ".join(words)
