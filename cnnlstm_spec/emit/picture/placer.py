"""Positions within an area: sized elements onto a canvas."""

from __future__ import annotations

from dataclasses import replace

from .drawing import Box, DrawnFrame, Flow, LaneSplit, list_copies
from .layout import SizedElement, SizedSequence, Sizer, describe_rounds, find_main_port, place_lane_ports, shorten_heading
from .shapes import Canvas, FrameShape, Line
from .way import GAP, Way


class Placer:
    """Puts sized elements on a canvas."""

    def __init__(self, canvas: Canvas, way: Way, tone: str) -> None:
        self.canvas, self.way, self.tone = canvas, way, tone
        self.sizer = Sizer(way, tone)

    def place_column(self, column: SizedSequence, port: float, y: float) -> float:
        """A sequence with its port at an x; the y of its end."""
        for index, item in enumerate(column.items):
            if index:
                flow = column.items[index - 1].element.gives
                gap = self.way.measure_gap(flow)
                self.place_line(((port, y), (port, y + gap)), flow)
                self.place_flow(flow, port, y, gap)
                y += gap
            y = self.place_element(item, port, y)
        return y

    def place_line(self, points: tuple[tuple[float, float], ...], flow: Flow | None, arrow: bool = True) -> None:
        """A line; dashed where it is not known what flows there."""
        known = flow is None or flow.known
        self.canvas.add(Line(points, arrow, "flow" if known else "dim"))

    def place_flow(self, flow: Flow, x: float, y: float, length: float = GAP) -> None:
        """The label of a line that begins there: the shape, and the mask where there is one."""
        self.canvas.add(*self.way.make_labels(flow, x, y, length))

    def place_element(self, sized: SizedElement, port: float, y: float) -> float:
        """An element with its port at an x; the y of its end."""
        element = sized.element
        if isinstance(element, Box):
            return self.place_box(sized, port, y)
        x = port - sized.port
        tip = tuple(line for box in element.unseen for line in box.told) if isinstance(element, DrawnFrame) else ()
        shape = FrameShape(
            element.look, shorten_heading(element), describe_rounds(element), self.tone, x, y, sized.width, sized.height, tip
        )
        self.canvas.add(shape)
        if isinstance(element, LaneSplit):
            self.split(element, sized, port, y)
            return y + sized.height
        _, (lead, _), *_ = self.way.measure_frame(0, 0)
        self.place_line(((port, y), (port, y + lead)), None)
        end = self.place_column(sized.parts[0], port, y + lead)
        self.place_line(((port, end), (port, y + sized.height)), element.items[-1].gives, arrow=False)
        for id in (id for ids in list_copies(element) for id in ids):
            self.canvas.add_exit(id, x + sized.width, y + sized.height / 2, sized.height / 2)
        return y + sized.height

    def place_box(self, sized: SizedElement, port: float, y: float) -> float:
        """A box with its middle at an x."""
        assert sized.shape is not None
        shape = replace(sized.shape, x=port - sized.width / 2, y=y, width=sized.width)
        self.canvas.add(shape)
        for id in (id for ids in list_copies(shape.box) for id in ids):
            self.canvas.add_exit(id, port + sized.width / 2, y + shape.height / 2, shape.height / 2)
        return y + sized.height

    def split(self, split: LaneSplit, sized: SizedElement, port: float, y: float) -> None:
        """The lanes of a split and the box where they meet."""
        ports, _ = place_lane_ports(sized.parts)
        start = port - find_main_port(split, ports)
        fork, begin = self.way.measure_fork([lane.title for lane in split.lanes])
        top = y + begin
        below = top + max(lane.height for lane in sized.parts) + self.sizer.measure_meeting(split)
        for lane, column, offset in zip(split.lanes, sized.parts, ports, strict=True):
            x = start + offset
            ways = ((port, y), (port, top)) if x == port else ((port, y), (port, y + fork), (x, y + fork), (x, top))
            self.place_line(ways, None, bool(lane.items))
            end = self.place_column(column, x, top)
            gives = lane.items[-1].gives if lane.items else None
            self.place_lane_title(lane.title, x, top)
            if gives is not None:
                self.place_flow(gives, x, end, 28)
            low = below - 14
            back = ((x, end), (x, below)) if x == port else ((x, end), (x, low), (port, low), (port, below))
            self.place_line(back, gives)
        after = self.place_box(self.sizer.measure_box(split.merge), port, below)
        self.place_line(((port, after), (port, y + sized.height)), split.gives, arrow=False)

    def place_lane_title(self, title: str, x: float, top: float) -> None:
        """The name of a lane beside its beginning."""
        if title:
            self.canvas.add(self.way.make_lane_title(title, x, top))
