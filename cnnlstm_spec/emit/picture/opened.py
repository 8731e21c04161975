"""Structure opened so deep as a person asks: deeper, a structure is one box; at depth 0 a branch, a fusion or a head is.

And single folds opened, each by its name."""

from __future__ import annotations

from dataclasses import replace

from .condense import as_box, fold_sequence, summarize
from .drawing import Area, Box, DrawnFrame, Element, Join, Lane, LaneSplit, iterate_all_boxes

Opened = frozenset[str]
"""The folds that are opened, by name; `ALL` is every one."""
ALL = "*"
LONGEST = 120
"""More elements than these in one sequence are folded at any depth: patterns once, then the middle left out."""


def open_areas(areas: tuple[Area, ...], depth: int) -> tuple[Area, ...]:
    """The areas with their structure opened so deep."""
    return tuple(
        _as_one_box(area) if depth == 0 else replace(area, items=_open_elements(area.items, depth - 1)) for area in areas
    )


def name_fold(box: Box) -> str:
    """What a fold is called as long as it stands for the same layers; nothing for what is none."""
    return f"{len(box.ids)} {box.ids[0]} {box.ids[-1]}" if box.look == "folded" and box.held and box.ids else ""


def open_folds(areas: tuple[Area, ...], names: Opened) -> tuple[Area, ...]:
    """The areas with what the folds of those names hold in place of them, in a frame with their title."""
    if not names:
        return areas
    return tuple(replace(area, items=_unfold_items(area.items, names), join=_unfold_join(area.join, names)) for area in areas)


def _unfold_join(join: Join | None, names: Opened) -> Join | None:
    return join and replace(join, lanes=tuple(Lane(lane.title, _unfold_items(lane.items, names)) for lane in join.lanes))


def _unfold_items(items: tuple[Element, ...], names: Opened) -> tuple[Element, ...]:
    return tuple(_unfold(item, names) for item in items)


def _unfold(item: Element, names: Opened) -> Element:
    if isinstance(item, DrawnFrame):
        return replace(item, items=_unfold_items(item.items, names))
    if isinstance(item, LaneSplit):
        return replace(item, lanes=tuple(Lane(lane.title, _unfold_items(lane.items, names)) for lane in item.lanes))
    name = name_fold(item)
    if not name or not (name in names or ALL in names):
        return item
    return DrawnFrame("block", item.title, _unfold_items(item.held, names), item.gives, each=item.each, name=item.name)


def _open_elements(items: tuple[Element, ...], depth: int) -> tuple[Element, ...]:
    """A sequence with the structures in it opened so deep."""
    return fold_sequence(tuple(_open_element(item, depth) for item in items), LONGEST)


def _open_element(item: Element, depth: int) -> Element:
    if isinstance(item, Box):
        return item
    if depth == 0:
        return _mark_failing(as_box(item))
    if isinstance(item, DrawnFrame):
        return replace(item, items=_open_elements(item.items, depth - 1))
    return replace(item, lanes=tuple(Lane(lane.title, _open_elements(lane.items, depth - 1)) for lane in item.lanes))


def _mark_failing(box: Box) -> Box:
    """A fold that shows the first mistake in it."""
    failed = next((each for each in iterate_all_boxes(box.held) if each.state == "failed"), None)
    return replace(box, state="failed", message=failed.message) if failed is not None else box


def _as_one_box(area: Area) -> Area:
    joined: tuple[Element, ...] = ()
    if area.join is not None:
        joined = (*(item for lane in area.join.lanes for item in lane.items), area.join.merge)
    held = (*joined, *area.items)
    if not held:
        return area
    boxes = tuple(iterate_all_boxes(held))
    ends = [box for box in boxes if box.look in ("input", "output")]
    shared = next((box.note for box in boxes if box.note == "shared"), "") if not any(box.params for box in boxes) else ""
    merge = area.join.merge if area.join is not None else None
    whole = summarize(held, area.title, note=shared)
    if merge is not None:
        name = whole.title if area.tone == "head" else merge.name or whole.title
        whole = replace(whole, look="fusion", title=merge.title, name=name)
    read = _describe_input(ends[0]) if ends and ends[0].look == "input" else ""
    given = ends[-1].detail if ends and ends[-1].look == "output" else ""
    words = [read, whole.detail if whole.classes else "", given]
    box = _mark_failing(replace(whole, detail="\n".join(filter(None, words))))
    if area.join is None:
        return replace(area, items=(box,))
    return replace(area, join=Join(tuple(Lane(lane.title, ()) for lane in area.join.lanes), area.join.sources, box), items=())


def _describe_input(box: Box) -> str:
    """The kind of an input and its shape, which stands for the names of its axes here, and what is not as usual."""
    kind, _, *rest = box.detail.split(" · ")
    return " · ".join([kind, box.gives.shape.replace(" ", "\u00a0"), *rest])
