"""Sizes within an area: boxes in sequence, frames around them, lanes side by side.

Everything has a port: how far across, from its near side, a line comes in at its beginning and goes out at its end.
Widths are across the way of the picture, heights along it (`way.py`).
"""

from __future__ import annotations

from dataclasses import replace

from ...text.frozen import dataclass
from . import text
from .drawing import Box, DrawnFrame, Element, LaneSplit
from .labels import count
from .rounds import count_params
from .shapes import BoxShape
from .way import NAME, Way

TITLE, DETAIL, MESSAGE = 13.0, 11.0, 11.0
"""Sizes of type."""
PAD = 14
NARROWEST, WIDEST = 148, 264
LONGEST_HEADING = 190
"""Of a frame."""
LANE_GAP = 26
KINK = 16
EMPTY_LANE = 44
STACKED = ("folded", "backbone")
STACK = 6
"""Of a box that stands for many, how far the lowest of the cards below it looks out."""


@dataclass(frozen=True)
class SizedElement:
    """An element with its size and port."""

    element: Element
    width: float
    height: float
    port: float
    parts: tuple[SizedSequence, ...] = ()
    shape: BoxShape | None = None


@dataclass(frozen=True)
class SizedSequence:
    """A sequence with its size and port."""

    items: tuple[SizedElement, ...]
    width: float
    height: float
    port: float
    title: str = ""


def describe_params(number: int, each: tuple[int, ...]) -> str:
    """The parameters of an element; of one that is drawn once for several copies, those of each."""
    if not each:
        return count(number, "params") if number else ""
    low, high = min(each), max(each)
    if low == high:
        return f"{count(low, 'params')} each" if low else ""
    return f"{low:,} to {count(high, 'params')} each"


def describe_rounds(frame: Element) -> str:
    """What stands at the top of a frame whose rounds are drawn once: the parameters of all of them."""
    if not isinstance(frame, DrawnFrame) or not frame.unseen:
        return ""
    return describe_params(count_params(frame), frame.each)


def shorten_heading(element: DrawnFrame | LaneSplit) -> str:
    """The title of a frame, as much of it as there is room for."""
    return text.cut_end(element.heading, NAME, LONGEST_HEADING, bold=True)


class Sizer:
    """The sizes of elements in a picture that goes some way."""

    def __init__(self, way: Way, tone: str) -> None:
        self.way, self.tone = way, tone

    def measure_box(self, box: Box) -> SizedElement:
        """A box as wide as its text asks for, within limits."""
        note = box.note or describe_params(box.params, box.each)
        inner = WIDEST - 2 * PAD
        title = text.cut_end(box.title, TITLE, inner, bold=True)
        if note and text.measure_width(title, TITLE, True) + text.measure_width(note, NAME) + 14 > inner:
            title = text.cut_end(title, TITLE, inner - text.measure_width(note, NAME) - 14, bold=True)
        detail = tuple(
            line for each in box.detail.split("\n") for line in text.wrap(each, DETAIL, inner, 4 if box.held else 2) if line
        )
        first, more, _ = box.name.partition(" … ")
        name = box.name if text.measure_width(box.name, NAME) <= inner or not more else f"{text.cut(first, NAME, inner - 12)} …"
        name = text.cut(name, NAME, inner)
        message = text.wrap(box.message, MESSAGE, inner, 4)
        beside = text.measure_width(note, NAME) + 18 if note else 0
        head = text.measure_width(title, TITLE, True) + (2 * beside if box.solid else beside)
        lines = (text.measure_width(line, DETAIL) for line in (*detail, *message))
        wide = max(NARROWEST, min(WIDEST, 2 * PAD + max(head, text.measure_width(name, NAME), *lines, 0)))
        height = 2 * 9 + 17 + 15 * len(detail) + 15 * len(message) + (14 if name else 0) + (2 if message else 0)
        width, length = self.way.turn_sides(round(wide), height)
        shape = BoxShape(box, self.tone, 0, 0, width, length, title, note, detail, name, message)
        return SizedElement(box, width, length + (STACK if box.look in STACKED else 0), width / 2, shape=shape)

    def measure_element(self, element: Element) -> SizedElement:
        """The size of an element."""
        if isinstance(element, Box):
            return self.measure_box(element)
        if isinstance(element, LaneSplit):
            return self._split(element)
        inner = self.measure_column(element.items)
        (near, far), (lead, tail), least, rest, length = self._measure_frame(element)
        port = max(inner.port + near, least)
        beyond = max(inner.width - inner.port + far, rest)
        return SizedElement(element, port + beyond, max(inner.height + lead + tail, length), port, (inner,))

    def _measure_frame(
        self, element: DrawnFrame | LaneSplit
    ) -> tuple[tuple[float, float], tuple[float, float], float, float, float]:
        return self.way.measure_frame(
            text.measure_width(shorten_heading(element), NAME, True), text.measure_width(describe_rounds(element), NAME)
        )

    def measure_column(self, items: tuple[Element, ...], title: str = "") -> SizedSequence:
        """A sequence: its boxes of one width where it goes down, its ports in a line."""
        sized = [self.measure_element(item) for item in items]
        if not self.way.right:
            widest = max((each.width for each in sized if each.shape is not None), default=0.0)
            sized = [replace(each, width=widest, port=widest / 2) if each.shape is not None else each for each in sized]
        beside = [self.way.measure_beside(each.element.gives) for each in sized]
        stacks = [each.width - each.port + STACK for each in sized if each.shape is not None and each.shape.box.look in STACKED]
        titled = 12 + text.measure_width(title, NAME) if title and not self.way.right else 0
        left = max([*(each.port for each in sized), *(before for before, _ in beside)], default=EMPTY_LANE / 2)
        rights = [each.width - each.port for each in sized] or [EMPTY_LANE / 2]
        right = max([*rights, *stacks, *(beyond for _, beyond in beside), titled])
        gaps = sum(self.way.measure_gap(each.element.gives) for each in sized[:-1])
        return SizedSequence(tuple(sized), left + right, sum(each.height for each in sized) + gaps, left, title)

    def _split(self, split: LaneSplit) -> SizedElement:
        lanes = tuple(self.measure_column(lane.items, lane.title) for lane in split.lanes)
        merge = self.measure_box(split.merge)
        ports, width = place_lane_ports(lanes)
        middle = find_main_port(split, ports)
        (near, far), (_, tail), least, _, length = self._measure_frame(split)
        port = max(middle + near, least, merge.port + near)
        start = port - middle
        after = self.way.measure_beside(split.gives)[1]
        right = max(start + width + far, port + merge.width / 2 + far, port + after + 4) - port
        _, fork = self.way.measure_fork([lane.title for lane in split.lanes])
        height = fork + max(lane.height for lane in lanes) + self.measure_meeting(split) + merge.height + tail
        return SizedElement(split, port + right, max(height, length), port, lanes)

    def measure_meeting(self, split: LaneSplit) -> float:
        """Between the longest lane of a split and the box where all meet."""
        return self.way.measure_meeting([lane.items[-1].gives for lane in split.lanes if lane.items])


def find_main_port(split: LaneSplit, ports: list[float]) -> float:
    """Where lines come in and go out: at the main lane, or amid all; at a lane where one is near."""
    if split.look == "residual":
        return ports[0]
    middle = (ports[0] + ports[-1]) / 2
    near = min(ports, key=lambda port: abs(port - middle))
    return near if abs(near - middle) < KINK else middle


def place_lane_ports(lanes: tuple[SizedSequence, ...]) -> tuple[list[float], float]:
    """The ports of lanes side by side, from the near side of the first, and the width of all."""
    ports, x = [], 0.0
    for lane in lanes:
        ports.append(x + lane.port)
        x += lane.width + LANE_GAP
    return ports, x - LANE_GAP
