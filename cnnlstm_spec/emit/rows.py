"""Areas in rows, from the inputs to the outputs, and the lines between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from . import text
from .drawing import Area, Box, Drawing, Element, Flow, Frame, Split, all_boxes, outputs
from .layout import GAP, LANE_GAP, NAME, Column, Placer, Sized, column, flow_width, size_box
from .routing import arrange, tracks
from .shapes import Canvas, Line

AREA_GAP = 44
TRACK = 10
CHANNEL = 34
STUB = 26
"""Below an area: room for the label of what leaves it."""
PORT_GAP = 26
LABEL = 14
"""The least between two lines that leave at the right, each with its label above."""
BAR_MARGIN = 40
"""How far a fusion reaches beyond its outermost inputs, so that it can be seen to hold them."""


@dataclass
class Item:
    """An area in its row, or a line that passes through the row."""

    area: Area | None = None
    column: Column | None = None
    lanes: tuple[Column, ...] = ()
    merge: Sized | None = None
    sources: tuple[str, ...] = ()
    x: float = 0
    width: float = 0
    ports: list[float] = field(default_factory=list)
    """Where the sources come in, from the left of the item, in the order of the sources."""
    port: float = 0
    """Where the output leaves, from the left of the item."""
    bottom: float = 0
    gutters: list[str] = field(default_factory=list)
    """Nodes inside that others read: each leaves by a line of its own at the right."""
    gutter: float = 0


class Rows:
    """The areas of a drawing on a canvas."""

    def __init__(self, drawing: Drawing, top: float) -> None:
        self.canvas = Canvas()
        self.areas = drawing.areas
        self.home = {id: area for area in self.areas for id in _ids(area)}
        self.top = top
        self.height = top
        rows = self._ranked()
        self.reads = {area.address: self._sources(area) for area in self.areas}
        self._place(rows)

    def _sources(self, area: Area) -> tuple[str, ...]:
        wanted = area.join.sources if area.join is not None else (area.source,) if area.source is not None else ()
        return tuple(id for id in wanted if id in self.home)

    def _ranked(self) -> list[list[Area]]:
        rank: dict[str, int] = {}
        for area in self.areas:
            sources = self._sources(area)
            rank[area.address] = 1 + max((rank[self.home[id].address] for id in sources), default=-1)
        heads = [area.address for area in self.areas if area.tone == "head"]
        last = max(1 if heads else 0, *rank.values(), 0)
        for head in heads:
            rank[head] = last
        self.rank = rank
        return [[area for area in self.areas if rank[area.address] == row] for row in range(last + 1)]

    def _place(self, rows: list[list[Area]]) -> None:
        y = self.top
        signals: dict[str, tuple[float, float]] = {}
        """Node to the x and y where its line stands at the bottom of the row above."""
        needed: dict[str, int] = {}
        for area in self.areas:
            for id in self.reads[area.address]:
                needed[id] = max(needed.get(id, 0), self.rank[area.address])
        for index, areas in enumerate(rows):
            passing = [id for id in signals if needed[id] > index]
            items = [self._item(area, signals, alone=len(areas) == 1 and not passing) for area in areas]
            items += [Item(sources=(id,), width=8, ports=[4], port=4) for id in passing]
            _arrange(items, signals)
            y = self._channel(items, signals, y)
            bottom = max((self._draw(item, y) for item in items if item.area is not None), default=y)
            signals = self._exits(items, y, bottom, needed, index)
            y = max([bottom, *(at for _, at in signals.values())])
        self.height = y

    def _item(self, area: Area, signals: dict[str, tuple[float, float]], alone: bool) -> Item:
        body = column(area.items, area.tone)
        item = Item(area, body, sources=self.reads[area.address])
        if area.join is None:
            item.width, item.port, item.ports = body.width, body.port, [body.port] * len(item.sources)
        else:
            self._size_join(item, area, body, signals, alone)
        item.gutters = [id for id in _ids(area) if id != area.last and any(id in ids for ids in self.reads.values())]
        if item.gutters:
            item.gutter = item.width
            item.width += 16 + max(flow_width(self._flow(area, id)) for id in item.gutters) + 14 * len(item.gutters)
        return item

    def _size_join(self, item: Item, area: Area, body: Column, signals: dict[str, tuple[float, float]], alone: bool) -> None:
        assert area.join is not None
        sources = area.join.sources
        order = [i for i, id in enumerate(sources) if id in signals]
        order.sort(key=lambda i: signals[sources[i]][0])
        item.sources = tuple(sources[i] for i in order)
        item.lanes = tuple(column(area.join.lanes[i].items, area.tone, area.join.lanes[i].title) for i in order)
        gap: float = LANE_GAP
        if all(not lane.items for lane in item.lanes):
            item.lanes, gap = tuple(_bare(lane.title) for lane in item.lanes), 0
        ports: list[float] = []
        right = float("-inf")
        for id, lane in zip(item.sources, item.lanes, strict=True):
            least = right + gap + lane.port if ports else lane.port
            ports.append(max(signals[id][0], least) if alone and ports else signals[id][0] if alone else least)
            right = ports[-1] + lane.width - lane.port
        merge = size_box(area.join.merge, "fusion")
        margin = BAR_MARGIN if not gap else 0
        left = ports[0] - item.lanes[0].port - margin if ports else 0.0
        right = right + margin if ports else 0.0
        middle = (left + right) / 2
        bar = max(right - left, merge.width)
        flow = flow_width(area.join.merge.gives) + 12
        left = min(middle - bar / 2, middle - body.port)
        right = max(middle + bar / 2, middle + body.width - body.port, middle + flow)
        item.width, item.port = right - left, middle - left
        item.ports = [port - left for port in ports]
        item.merge = Sized(merge.element, bar, merge.height, bar / 2, (), merge.shape)

    def _flow(self, area: Area, id: str) -> Flow:
        """What leaves a node; nothing is said of one in the middle of a fold."""
        for box in _boxes(area):
            if id in box.ids:
                return box.gives if box.ids[-1] == id else Flow("", known=box.state == "ok")
        return next((frame.gives for frame in _frames(area.items) if id in frame.ids), Flow("", known=False))

    def _channel(self, items: list[Item], signals: dict[str, tuple[float, float]], y: float) -> float:
        """The lines from the row above to the items; the y of the row."""
        targets: dict[str, list[tuple[float, bool]]] = {}
        for item in items:
            for id, port in zip(item.sources, item.ports, strict=True):
                if id in signals:
                    targets.setdefault(id, []).append((item.x + port, item.area is not None))
        if not targets:
            return y if y == self.top else y + CHANNEL
        taken = tracks({id: (signals[id][0], [x for x, _ in ends]) for id, ends in targets.items()})
        count = max(taken.values(), default=-1) + 1
        bottom = y + (CHANNEL + TRACK * (count - 1) if count else 14)
        for id, ends in targets.items():
            x, start = signals[id]
            known = self._flow(self.home[id], id).known
            for end, arrow in ends:
                track = y + 12 + TRACK * taken.get(id, 0)
                straight = abs(end - x) < 0.5
                points = ((x, start), (end, bottom)) if straight else ((x, start), (x, track), (end, track), (end, bottom))
                self.canvas.lines.append(Line(points, arrow, "flow" if known else "dim"))
        return bottom

    def _draw(self, item: Item, y: float) -> float:
        assert item.area is not None and item.column is not None
        placer = Placer(self.canvas, item.area.tone)
        port = item.x + item.port
        if item.merge is not None and item.area.join is not None:
            join = item.area.join
            height = max((lane.height for lane in item.lanes), default=0.0)
            below = y + height + (GAP if height else 0)
            for lane, x in zip(item.lanes, item.ports, strict=True):
                placer.lane_title(lane.title, item.x + x, y)
                end = placer.column(lane, item.x + x, y)
                flow = lane.items[-1].element.gives if lane.items else None
                if height:
                    placer.line(((item.x + x, end), (item.x + x, below)), flow)
                if flow is not None:
                    placer.flow(flow, item.x + x, end + GAP / 2 + 2)
            y = placer.box(item.merge, port, below, item.merge.width)
            if item.column.items:
                placer.line(((port, y), (port, y + GAP)), join.merge.gives)
                placer.flow(join.merge.gives, port, y + GAP / 2 + 2)
                y += GAP
        item.bottom = placer.column(item.column, port, y)
        return item.bottom

    def _exits(
        self, items: list[Item], top: float, bottom: float, needed: dict[str, int], row: int
    ) -> dict[str, tuple[float, float]]:
        """Where the lines that go on stand below a row."""
        found: dict[str, tuple[float, float]] = {}
        low = bottom + STUB
        for item in items:
            if item.area is None:
                (id,) = item.sources
                x = item.x + item.port
                Placer(self.canvas, "").line(((x, top), (x, low)), self._flow(self.home[id], id), arrow=False)
                found[id] = (x, low)
                continue
            placer = Placer(self.canvas, item.area.tone)
            if needed.get(item.area.last, 0) > row:
                x = item.x + item.port
                flow = self._flow(item.area, item.area.last)
                placer.line(((x, item.bottom), (x, low)), flow, arrow=False)
                placer.flow(flow, x, item.bottom + 17)
                found[item.area.last] = (x, low)
            taken: list[float] = []
            for index, id in enumerate(item.gutters):
                flow = self._flow(item.area, id)
                right, y, _ = self.canvas.exits[id]
                while any(abs(y - other) < LABEL for other in taken):
                    y += LABEL
                taken.append(y)
                x = item.x + item.gutter + 16 + max(flow_width(self._flow(item.area, g)) for g in item.gutters) + 14 * index
                placer.line(((right, y), (x, y), (x, low)), flow, arrow=False)
                placer.flow(flow, item.x + item.gutter - 1, y - 6)
                found[id] = (x, low)
        return found


def _bare(title: str) -> Column:
    """A lane without boxes: a line, and beside it what it stands for."""
    return Column((), PORT_GAP + (text.width(title, NAME) if title else 0), 0, PORT_GAP / 2, title)


def _boxes(area: Area) -> list[Box]:
    joined = (
        [area.join.merge, *(box for lane in area.join.lanes for box in all_boxes(lane.items))] if area.join is not None else []
    )
    return [*joined, *all_boxes(area.items)]


def _frames(items: tuple[Element, ...]) -> Iterator[Frame]:
    for item in items:
        if isinstance(item, Frame):
            yield item
            yield from _frames(item.items)
        elif isinstance(item, Split):
            for lane in item.lanes:
                yield from _frames(lane.items)


def _ids(area: Area) -> list[str]:
    """Every node whose output can be read from an area."""
    joined = [id for box in _boxes(replace(area, items=())) for id in box.ids]
    held = [*joined, *outputs(area.items)]
    return held if area.last in held else [*held, area.last]


def _arrange(items: list[Item], signals: dict[str, tuple[float, float]]) -> None:
    """Items side by side, each near what it reads; those that read nothing in the order written."""

    def wanted(item: Item) -> float:
        offsets = [signals[id][0] - port for id, port in zip(item.sources, item.ports, strict=True) if id in signals]
        return sum(offsets) / len(offsets) if offsets else 0.0

    if any(id in signals for item in items for id in item.sources):
        items.sort(key=lambda item: wanted(item) + item.width / 2)
    room = [item.width + (AREA_GAP if item.area is not None else AREA_GAP / 2) for item in items]
    for item, x in zip(items, arrange([wanted(item) for item in items], room), strict=True):
        item.x = x
