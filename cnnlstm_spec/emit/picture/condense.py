"""What is drawn once, or as one box: equal rounds, parts that share weights, and what is too much for a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from .drawing import (
    Area,
    Box,
    DrawnFrame,
    Element,
    Flow,
    Lane,
    LaneSplit,
    State,
    iterate_all_boxes,
    iterate_boxes,
    iterate_elements,
    iterate_outputs,
    list_copies,
)
from .labels import count
from .rounds import ROUNDS, make_drawing_key, repeat_rounds

COLUMN, PAGE = 36, 90
"""More boxes than these in an area, or in all, are folded."""
LEAST_COLUMN = 12
"""Fewer boxes than these in an area never are."""
PERIOD = 12
"""The longest pattern that is looked for in a sequence without structure."""

Owner = Callable[[str], str | None]


def summarize(items: tuple[Element, ...], title: str, look: str = "folded", note: str = "", name: str = "") -> Box:
    """One box for several elements."""
    held = tuple(iterate_all_boxes(items))
    classes = tuple(each for box in held for each in box.classes)
    state: State = "dim" if any(box.state == "dim" for box in held) else "ok"
    each = tuple(map(sum, zip(*(item.each for item in items), strict=True)))
    every = tuple(_copy(items, index, len(each)) for index in range(len(each)))
    return Box(
        look,  # type: ignore[arg-type]
        title,
        items[-1].gives if items else Flow("?"),
        detail=_describe_kinds(classes)
        if title.endswith("layers")
        else f"{count(len(classes), 'layers')}: {_describe_kinds(classes)}",
        name=name,
        params=sum(box.params for box in held),
        each=each,
        note=note,
        state=state,
        ids=every[0] if every else tuple(iterate_outputs(items)),
        copies=every,
        tip=tuple(line for box in held for line in box.told),
        held=items,
    )


def _copy(items: tuple[Element, ...], index: int, of: int) -> tuple[str, ...]:
    """The nodes of one of several copies of what is folded."""
    found: list[str] = []
    for item in iterate_elements(items):
        every = list_copies(item)
        many = len(every) // of
        found += (id for ids in every[index * many : (index + 1) * many] for id in ids)
    return tuple(found)


def _describe_kinds(classes: tuple[str, ...]) -> str:
    """How many there are of each class, the commonest first."""
    return ", ".join(f"{number}\u00a0{title}" for title, number in Counter(classes).most_common())


def fold_shared(items: tuple[Element, ...], owner: Owner, title: str) -> tuple[Element, ...]:
    """A branch whose first layers are those of another branch, as one box for them."""
    end = start = 1 if items and isinstance(items[0], Box) and items[0].look == "input" else 0
    while end < len(items) and _is_shared(items[end], owner):
        end += 1
    if end - start < 2:
        return items
    first = next((name for box in iterate_all_boxes(items[start:end]) for id in box.ids if (name := owner(id))), "")
    last = [name for box in iterate_all_boxes(items[start:end]) for id in box.ids if (name := owner(id))][-1]
    box = summarize(items[start:end], title, "shared", "shared", f"= {first} … {last}")
    return (*items[:start], box, *items[end:])


def draw_shared_frame(frame: DrawnFrame, owner: Owner) -> Element:
    """A block that shares all its weights with an earlier one, as one box."""
    if not _is_shared(frame, owner) or not any(box.note == "shared" for box in iterate_all_boxes(frame.items)):
        return frame
    first = next((name for box in iterate_all_boxes(frame.items) for id in box.ids if (name := owner(id))), "")
    return summarize(frame.items, frame.heading, "shared", "shared", f"= {first} …")


def _is_shared(item: Element, owner: Owner) -> bool:
    held = tuple(iterate_all_boxes((item,)))
    if isinstance(item, Box) and item.look == "input":
        return False
    return all(box.state != "failed" and box.ids and all(owner(id) is not None for id in box.ids) for box in held)


def fold(areas: tuple[Area, ...]) -> tuple[Area, ...]:
    """The areas, those too long for a page folded; where there are many, sooner."""
    total = sum(_count(area.items) for area in areas)
    room = COLUMN if total <= PAGE else max(LEAST_COLUMN, COLUMN * PAGE // total)
    return tuple(replace(area, items=fold_long(area.items, room)) for area in areas)


def fold_long(items: tuple[Element, ...], room: int) -> tuple[Element, ...]:
    """A sequence with about as many boxes as there is room for: patterns once, then frames, then the middle left out.

    What fails is never folded."""
    if _count(items) <= room:
        return items
    items = _merge_repeated(_find_patterns(items))
    if _count(items) > room:
        items = tuple(_shrink(item, max(room // 2, 4)) for item in items)
    if _count(items) > room:
        items = _find_patterns(tuple(_close_element(item) for item in items))
    return _keep_middle(items, room // 4) if len(items) > room else items


def fold_sequence(items: tuple[Element, ...], room: int) -> tuple[Element, ...]:
    """A sequence of more elements than there is room for: patterns once, then the middle left out."""
    items = _find_patterns(items) if len(items) > room else items
    return _keep_middle(items, room // 4) if len(items) > room else items


def _count(items: tuple[Element, ...]) -> int:
    return sum(1 for _ in iterate_boxes(items))


def _find_patterns(items: tuple[Element, ...]) -> tuple[Element, ...]:
    """Runs of more than three equal parts of up to `PERIOD` elements, each drawn once."""
    keys = [make_drawing_key(item, "all") for item in items]
    found: list[Element] = []
    at = 0
    while at < len(items):
        period, many = _find_best_period(keys, at)
        if many > ROUNDS:
            rounds = tuple(items[start : start + period] for start in range(at, at + period * many, period))
            found.append(repeat_rounds(f"× {many}", rounds))
            at += period * many
        else:
            found.append(items[at])
            at += 1
    return tuple(found)


def _find_best_period(keys: list[tuple[object, ...]], at: int) -> tuple[int, int]:
    """The shortest period of a pattern that begins here and is repeated most, and how often."""
    best = (1, 1)
    for period in range(1, PERIOD + 1):
        pattern = keys[at : at + period]
        times = 1
        while keys[at + times * period : at + (times + 1) * period] == pattern:
            times += 1
        if times > ROUNDS and period * times > best[0] * best[1]:
            best = (period, times)
    return best


def _merge_repeated(items: tuple[Element, ...]) -> tuple[Element, ...]:
    """Each frame or split that looks like an earlier one as one box."""
    seen: set[tuple[object, ...]] = set()
    found: list[Element] = []
    for item in items:
        key = make_drawing_key(item)
        repeated = not isinstance(item, Box) and key in seen
        seen.add(key)
        found.append(_close_element(item) if repeated else item)
    return tuple(found)


def _shrink(item: Element, room: int) -> Element:
    """A frame or split whose sequences are folded."""
    if isinstance(item, DrawnFrame):
        return replace(item, items=fold_long(item.items, room))
    if isinstance(item, LaneSplit):
        return replace(item, lanes=tuple(Lane(lane.title, fold_long(lane.items, room)) for lane in item.lanes))
    return item


def _close_element(item: Element) -> Element:
    """A frame or split as one box, unless something in it fails."""
    if isinstance(item, Box) or any(box.state == "failed" for box in iterate_all_boxes((item,))):
        return item
    if isinstance(item, DrawnFrame) and item.look == "repeat" and _count(item.items) <= LEAST_COLUMN:
        return item
    return as_box(item)


def as_box(item: DrawnFrame | LaneSplit) -> Box:
    """A structure as one box: a fold of it, or its only layer, which says more."""
    if isinstance(item, DrawnFrame) and item.look == "block" and len(item.items) == 1 and isinstance(item.items[0], Box):
        return item.items[0]
    return summarize((item,), item.title if item.title != "per step" else "TimeDistributed", name=item.name)


def _describe_more(run: list[Element]) -> str:
    return count(sum(len(box.classes) for box in iterate_all_boxes(tuple(run))), "more layers")


def _keep_middle(items: tuple[Element, ...], ends: int) -> tuple[Element, ...]:
    """The ends of a sequence, and each failing element with its neighbours; one box for what lies between."""
    last = len(items) - 1
    kept = {index for index in range(len(items)) if index < ends or index > last - ends}
    for index, item in enumerate(items):
        if any(box.state == "failed" for box in iterate_all_boxes((item,))):
            kept |= {index - 1, index, index + 1}
    found: list[Element] = []
    run: list[Element] = []
    for index, item in enumerate(items):
        if index not in kept:
            run.append(item)
            continue
        if run:
            found.append(summarize(tuple(run), _describe_more(run)) if len(run) > 1 else run[0])
            run = []
        found.append(item)
    return tuple(found)
