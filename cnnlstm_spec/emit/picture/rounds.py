"""Rounds of a repetition: what makes two of them equal, and drawing many of them once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, TypeVar

from .drawing import Box, DrawnFrame, Element, Flow, Lane, LaneSplit, iterate_all_boxes, list_copies

ROUNDS = 3
"""More equal rounds than these are drawn once."""
NUMBER = r"(?<![\w.])-?\d+(?:,\d{3})*(?:\.\d+)?(?:e[+-]?\d+)?(?![\w.])"
SPAN = re.compile(f"{NUMBER}(?: to {NUMBER})?")

T = TypeVar("T")
Likeness = Literal["all", "arguments", "shapes"]
"""What must be equal beside the structure: everything but names, or only what was written, or only what comes out."""


def make_drawing_key(item: Element, by: Likeness = "arguments") -> tuple[object, ...]:
    """What is equal in two elements that are drawn alike: names do not count, what a fold holds does."""
    if isinstance(item, Box):
        # A failing box is like no other: it must be seen.
        own = item.ids if item.state == "failed" else ()
        shown = {"all": (item.detail, item.gives.shape, item.params), "arguments": item.detail, "shapes": item.gives.shape}[by]
        held = tuple(make_drawing_key(each, by) for each in item.held)
        look = item.look if item.look != "plain" else "layer"
        return (look, item.title, shown if not held else (), item.gives.mask, item.state, item.note, own, held)
    if isinstance(item, DrawnFrame):
        title = "" if " of " in item.title and item.look == "block" else item.title
        return (item.look, title, *(make_drawing_key(each, by) for each in item.items), len(item.unseen))
    lanes = ((lane.title, *(make_drawing_key(each, by) for each in lane.items)) for lane in item.lanes)
    return (item.look, item.title, *lanes, make_drawing_key(item.merge, by))


def draw_repetition(title: str, rounds: tuple[Element, ...], gives: Flow) -> DrawnFrame:
    """The rounds of a repetition in a frame: a run of more than three that differ in numbers alone is drawn once."""
    kinds: tuple[Likeness, ...] = ("arguments", "shapes")
    for by in kinds:
        if len(rounds) > ROUNDS and len({make_drawing_key(each, by) for each in rounds}) == 1:
            return repeat_rounds(title, tuple(_unwrap(each) for each in rounds))
    folded: list[Element] = []
    at = 0
    while at < len(rounds):
        end = at + 1
        while end < len(rounds) and make_drawing_key(rounds[end]) == make_drawing_key(rounds[at]):
            end += 1
        run = rounds[at:end]
        if len(run) > ROUNDS:
            folded.append(repeat_rounds(f"× {len(run)}", tuple(_unwrap(each) for each in run)))
        else:
            for each in run:
                folded += _unwrap(each) if isinstance(each, DrawnFrame) and len(each.items) == 1 else (each,)
        at = end
    return DrawnFrame("repeat", title, tuple(folded), gives)


def repeat_rounds(title: str, rounds: tuple[tuple[Element, ...], ...]) -> DrawnFrame:
    """Rounds drawn once, the rest of them held unseen."""
    of = len(rounds[0][0].each) or 1
    shown = tuple(_merge_elements(each, of) for each in zip(*rounds, strict=True))
    unseen = tuple(box for each in rounds[1:] for box in iterate_all_boxes(each))
    each = tuple(map(sum, zip(*(item.each for each in rounds for item in each), strict=True)))
    return DrawnFrame("repeat", title, shown, rounds[-1][-1].gives, unseen=unseen, each=each)


def _unwrap(item: Element) -> tuple[Element, ...]:
    return item.items if isinstance(item, DrawnFrame) and item.look == "block" else (item,)


def _merge_elements(same: tuple[Element, ...], of: int) -> Element:
    """One for elements that are drawn alike, each itself for so many copies; what differs in them is said of all."""
    first = same[0]
    if isinstance(first, Box):
        return _merge_boxes([item for item in same if isinstance(item, Box)], of)
    name = _join_names([item.name for item in same])
    each = _join_in_turn([item.each or (count_params(item),) for item in same], of)
    if isinstance(first, DrawnFrame):
        frames = [item for item in same if isinstance(item, DrawnFrame)]
        inner = tuple(_merge_elements(items, of) for items in zip(*(frame.items for frame in frames), strict=True))
        gives = _merge_flows([frame.gives for frame in frames])
        ids = _join_in_turn([list_copies(frame) for frame in frames], of) if first.ids else ()
        return replace(first, items=inner, gives=gives, copies=ids, each=each, name=name)
    splits = [item for item in same if isinstance(item, LaneSplit)]
    lanes = []
    for columns in zip(*(split.lanes for split in splits), strict=True):
        rows = zip(*(lane.items for lane in columns), strict=True)
        lanes.append(Lane(columns[0].title, tuple(_merge_elements(items, of) for items in rows)))
    merge = _merge_boxes([split.merge for split in splits], of)
    return replace(first, lanes=tuple(lanes), merge=merge, each=each, name=name)


def _merge_boxes(same: list[Box], of: int) -> Box:
    return replace(
        same[0],
        gives=_merge_flows([box.gives for box in same]),
        detail=merge_texts([box.detail for box in same]),
        name=_join_names([box.name for box in same]),
        each=_join_in_turn([box.each or (box.params,) for box in same], of),
        copies=_join_in_turn([list_copies(box) for box in same], of),
        tip=(),
    )


def _join_in_turn(columns: Sequence[tuple[T, ...]], of: int) -> tuple[T, ...]:
    """What several elements say of so many copies, copy by copy."""
    found: list[T] = []
    for index in range(of):
        for column in columns:
            many = len(column) // of
            found += column[index * many : (index + 1) * many]
    return tuple(found)


def _merge_flows(flows: list[Flow]) -> Flow:
    return replace(flows[0], shape=merge_texts([each.shape for each in flows]), known=all(each.known for each in flows))


def _join_names(names: list[str]) -> str:
    first, last = names[0].partition(" … ")[0], names[-1].rpartition(" … ")[2]
    return first if first == last else f"{first} … {last}"


def count_params(item: Element) -> int:
    """The parameters of all that is in an element, drawn or not."""
    return sum(box.params for box in iterate_all_boxes((item,)))


def merge_texts(texts: list[str]) -> str:
    """One text for several: `dilation 1 to 512` where they differ in numbers alone, and else how many others there are."""
    different = list(dict.fromkeys(texts))
    if len(different) == 1:
        return different[0]
    parts = [each.split(", ") for each in different]
    if len({len(each) for each in parts}) > 1:
        return _describe_some(different)
    return ", ".join(_describe_range(list(dict.fromkeys(values))) for values in zip(*parts, strict=True))


def _describe_range(values: list[str]) -> str:
    if len({SPAN.sub("#", each) for each in values}) > 1:
        return _describe_some(values)
    columns = zip(*(SPAN.findall(each) for each in values), strict=True)
    ends = iter([_describe_ends(list(column)) for column in columns])
    return SPAN.sub(lambda found: next(ends), values[0])


def _describe_ends(spans: list[str]) -> str:
    """The least and the greatest of numbers, or of spans of numbers such as `1 to 512`."""
    numbers = sorted((end for span in spans for end in span.split(" to ")), key=lambda each: float(each.replace(",", "")))
    low, high = numbers[0], numbers[-1]
    return low if low == high else f"{low} to {high}"


def _describe_some(different: list[str]) -> str:
    return " or ".join(different) if len(different) <= ROUNDS else f"{different[0]} or {len(different) - 1} others"
