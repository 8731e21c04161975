"""Sizes and positions within an area: boxes in sequence, frames around them, lanes side by side.

Everything has a port: the x, from its left, at which a line comes in at the top and goes out at the bottom.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from . import text
from .drawing import Box, Element, Flow, Frame, Split, all_boxes
from .labels import count
from .shapes import BoxShape, Canvas, FrameShape, Line, Text

TITLE, DETAIL, NAME, SHAPE, MESSAGE = 13.0, 11.0, 10.0, 11.0, 11.0
"""Sizes of type."""
PAD = 14
NARROWEST, WIDEST = 148, 264
GAP = 36
"""Between two elements of a sequence: a line with its label."""
FRAME_TOP, FRAME_PAD = 32, 16
LONGEST_HEADING = 190
"""Of a frame: it stands left of the line that comes in, and pushes that aside."""
SPLIT_TOP, MERGE_TOP = 34, 44
LANE_GAP = 26
KINK = 16
EMPTY_LANE = 44
STACKED = ("folded", "backbone")
STACK = 6
"""Of a box that stands for many, how far the lowest of the cards below it looks out."""


@dataclass(frozen=True)
class Sized:
    """An element with its size and port."""

    element: Element
    width: float
    height: float
    port: float
    parts: tuple[Column, ...] = ()
    shape: BoxShape | None = None


@dataclass(frozen=True)
class Column:
    """A sequence with its size and port."""

    items: tuple[Sized, ...]
    width: float
    height: float
    port: float
    title: str = ""


def size_box(box: Box, tone: str) -> Sized:
    """A box as wide as its text asks for, within limits."""
    note = box.note or (count(box.params, "params") if box.params else "")
    inner = WIDEST - 2 * PAD
    title = text.cut_end(box.title, TITLE, inner, bold=True)
    if note and text.width(title, TITLE, True) + text.width(note, NAME) + 14 > inner:
        title = text.cut_end(title, TITLE, inner - text.width(note, NAME) - 14, bold=True)
    detail = text.wrap(box.detail, DETAIL, inner, 4 if box.folded else 2)
    name = text.cut(box.name, NAME, inner)
    message = text.wrap(box.message, MESSAGE, inner, 4)
    beside = text.width(note, NAME) + 18 if note else 0
    head = text.width(title, TITLE, True) + (2 * beside if box.solid else beside)
    lines = (text.width(line, DETAIL) for line in (*detail, *message))
    width = max(NARROWEST, min(WIDEST, 2 * PAD + max(head, text.width(name, NAME), *lines, 0)))
    height = 2 * 9 + 17 + 15 * len(detail) + 15 * len(message) + (14 if name else 0) + (2 if message else 0)
    shape = BoxShape(box, tone, 0, 0, width, height, title, note, detail, name, message)
    return Sized(box, round(width), height + (STACK if box.look in STACKED else 0), round(width) / 2, shape=shape)


def size(element: Element, tone: str) -> Sized:
    """The size of an element."""
    if isinstance(element, Box):
        return size_box(element, tone)
    if isinstance(element, Frame):
        inner = column(element.items, tone)
        port = max(inner.port + FRAME_PAD, text.width(_heading(element), NAME, True) + 30)
        right = max(inner.width - inner.port + FRAME_PAD, text.width(_frame_note(element), NAME) + 30)
        return Sized(element, port + right, inner.height + FRAME_TOP + FRAME_PAD, port, (inner,))
    return _size_split(element, tone)


def _heading(element: Frame | Split) -> str:
    return text.cut_end(element.heading, NAME, LONGEST_HEADING, bold=True)


def _frame_note(frame: Frame) -> str:
    if not frame.unseen:
        return ""
    total = sum(box.params for box in (*all_boxes(frame.items), *frame.unseen))
    return count(total, "params") if total else ""


def column(items: tuple[Element, ...], tone: str, title: str = "") -> Column:
    """A sequence: its boxes of one width, its ports in a line."""
    sized = [size(item, tone) for item in items]
    widest = max((each.width for each in sized if each.shape is not None), default=0.0)
    sized = [replace(each, width=widest, port=widest / 2) if each.shape is not None else each for each in sized]
    left = max((each.port for each in sized), default=EMPTY_LANE / 2)
    right = max((each.width - each.port for each in sized), default=EMPTY_LANE / 2)
    stacks = [each.width - each.port + STACK for each in sized if each.shape is not None and each.shape.box.look in STACKED]
    right = max(
        [
            right,
            *stacks,
            *(flow_width(each.element.gives) + 12 for each in sized),
            6 + text.width(title, NAME) + 6 if title else 0,
        ]
    )
    height = sum(each.height for each in sized) + GAP * max(0, len(sized) - 1)
    return Column(tuple(sized), left + right, height, left, title)


def flow_width(flow: Flow) -> float:
    """The width of what stands beside a line."""
    mask = text.width(flow.mask, NAME) + 18 if flow.mask else 0
    return text.width(flow.shape, SHAPE) + mask


def _size_split(split: Split, tone: str) -> Sized:
    lanes = tuple(column(lane.items, tone, lane.title) for lane in split.lanes)
    merge = size_box(split.merge, tone)
    ports, width = lane_ports(lanes)
    middle = _middle(split, ports)
    port = max(middle + FRAME_PAD, text.width(_heading(split), NAME, True) + 30, merge.port + FRAME_PAD)
    start = port - middle
    right = max(start + width + FRAME_PAD, port + merge.width / 2 + FRAME_PAD, port + flow_width(split.gives) + 16) - port
    height = FRAME_TOP + SPLIT_TOP + max(lane.height for lane in lanes) + MERGE_TOP + merge.height + FRAME_PAD
    return Sized(split, port + right, height, port, lanes)


def _middle(split: Split, ports: list[float]) -> float:
    """Where lines come in and go out: at the main lane, or amid all; at a lane where one is near."""
    if split.look == "residual":
        return ports[0]
    middle = (ports[0] + ports[-1]) / 2
    near = min(ports, key=lambda port: abs(port - middle))
    return near if abs(near - middle) < KINK else middle


def lane_ports(lanes: tuple[Column, ...]) -> tuple[list[float], float]:
    """The ports of lanes side by side, from the left of the first, and the width of all."""
    ports, x = [], 0.0
    for lane in lanes:
        ports.append(x + lane.port)
        x += lane.width + LANE_GAP
    return ports, x - LANE_GAP


class Placer:
    """Puts sized elements on a canvas."""

    def __init__(self, canvas: Canvas, tone: str) -> None:
        self.canvas, self.tone = canvas, tone

    def column(self, column: Column, port: float, y: float) -> float:
        """A sequence with its port at an x; the y of its bottom."""
        for index, item in enumerate(column.items):
            if index:
                flow = column.items[index - 1].element.gives
                self.line(((port, y), (port, y + GAP)), flow)
                self.flow(flow, port, y + GAP / 2 + 2)
                y += GAP
            y = self.element(item, port, y)
        return y

    def line(self, points: tuple[tuple[float, float], ...], flow: Flow | None, arrow: bool = True) -> None:
        look = "flow" if flow is None or flow.known else "dim"
        self.canvas.lines.append(Line(points, arrow, look))

    def flow(self, flow: Flow, x: float, y: float) -> None:
        """What a line carries, to the right of it; `y` is the baseline."""
        wide = text.width(flow.shape, SHAPE)
        self.canvas.texts.append(Text(x + 9, y, flow.shape, "shape" if flow.known else "unknown", wide))
        if flow.mask:
            look = "lost" if flow.mask == "mask lost" else "mask"
            self.canvas.texts.append(Text(x + 9 + wide + 12, y, flow.mask, look, text.width(flow.mask, NAME)))

    def element(self, sized: Sized, port: float, y: float) -> float:
        """An element with its port at an x; the y of its bottom."""
        element = sized.element
        if isinstance(element, Box):
            return self.box(sized, port, y)
        x = port - sized.port
        tip = tuple(line for box in element.unseen for line in box.told) if isinstance(element, Frame) else ()
        note = _frame_note(element) if isinstance(element, Frame) else ""
        shape = FrameShape(element.look, _heading(element), note, self.tone, x, y, sized.width, sized.height, tip)
        self.canvas.frames.append(shape)
        if isinstance(element, Split):
            self.split(element, sized, port, y)
        else:
            self.line(((port, y), (port, y + FRAME_TOP)), None)
            end = self.column(sized.parts[0], port, y + FRAME_TOP)
            self.line(((port, end), (port, y + sized.height)), element.items[-1].gives, arrow=False)
            for id in (*element.ids, *(id for box in element.unseen for id in box.ids)):
                self.canvas.exits[id] = (x + sized.width, y + sized.height / 2, None)
        return y + sized.height

    def box(self, sized: Sized, port: float, y: float, width: float | None = None) -> float:
        """A box with its middle at an x."""
        assert sized.shape is not None
        width = width if width is not None else sized.width
        self.canvas.boxes.append(replace(sized.shape, x=port - width / 2, y=y, width=width))
        for id in sized.shape.box.ids:
            self.canvas.exits[id] = (port + width / 2, y + sized.shape.height / 2, sized.shape.box)
        return y + sized.height

    def split(self, split: Split, sized: Sized, port: float, y: float) -> None:
        ports, _ = lane_ports(sized.parts)
        start = port - _middle(split, ports)
        top = y + FRAME_TOP - 8
        lanes_top = y + FRAME_TOP + SPLIT_TOP
        bottom = lanes_top + max(lane.height for lane in sized.parts)
        merge_top = bottom + MERGE_TOP
        merge = size_box(split.merge, self.tone)
        for lane, column, offset in zip(split.lanes, sized.parts, ports, strict=True):
            x = start + offset
            self.line(
                ((port, y), (port, top), (x, top), (x, lanes_top)) if x != port else ((port, y), (port, lanes_top)),
                None,
                bool(lane.items),
            )
            end = self.column(column, x, lanes_top)
            gives = lane.items[-1].gives if lane.items else None
            self.lane_title(lane.title, x, lanes_top)
            if gives is not None:
                self.flow(gives, x, end + 16)
            low = merge_top - 14
            if x == port:
                self.line(((x, end), (x, merge_top)), gives)
            else:
                self.line(((x, end), (x, low), (port, low), (port, merge_top)), gives)
        self.box(merge, port, merge_top)
        after = merge_top + merge.height
        self.line(((port, after), (port, y + sized.height)), split.gives, arrow=False)

    def lane_title(self, title: str, x: float, top: float) -> None:
        """The name of a lane beside its beginning."""
        if title:
            self.canvas.texts.append(Text(x + 8, top - 9, title, "lane", text.width(title, NAME)))
