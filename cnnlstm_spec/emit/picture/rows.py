"""Areas in rows, from the inputs to the outputs, and the lines between them.

A row is across the way of the picture: x and width are across it, y and height along it (`way.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from ...text.frozen import dataclass
from . import text
from .bundles import describe_copies
from .drawing import Area, Drawing, DrawnFrame, Element, Flow, Join, Source, StateEntry, iterate_elements, list_copies
from .layout import LANE_GAP, SizedElement, SizedSequence, Sizer
from .placer import Placer
from .routing import arrange, assign_tracks
from .shapes import Canvas, Line
from .way import NAME, Way

AREA_GAP = 44
WIDE = 4
"""More areas than these in one row are drawn later where they can be."""
TRACK = 10
CHANNEL = 34
PORT_GAP = 26
LABEL = 20
"""The least between two lines that leave at the side, each with its label above."""
SIDE = 14
"""Between an area and the nearest line that enters it at its side."""
BAR_MARGIN = 40
"""How far a fusion reaches beyond its outermost inputs, so that it can be seen to hold them."""


@dataclass(frozen=True)
class Item:
    """An area in its row, or a line that passes through the row."""

    area: Area | None = None
    column: SizedSequence | None = None
    lanes: tuple[SizedSequence, ...] = ()
    merge: SizedElement | None = None
    sources: tuple[Source, ...] = ()
    x: float = 0
    width: float = 0
    ports: tuple[float, ...] = ()
    """Where the sources come in, from the left of the item, in the order of the sources."""
    port: float = 0
    """Where the output leaves, from the left of the item."""
    bottom: float = 0
    gutters: tuple[Source, ...] = ()
    """What others read of the inside: each leaves by a line of its own at the side."""
    gutter: float = 0
    sides: tuple[tuple[StateEntry, float], ...] = ()
    """What enters boxes at their side, each by a line of its own, and where that stands from the left of the item."""


class DrawnRows:
    """The areas of a drawing on a canvas."""

    def __init__(self, drawing: Drawing, way: Way) -> None:
        self.canvas = Canvas()
        self.way = way
        self.flows, self.names = drawing.flows, drawing.names
        self.home = {id: area for area in drawing.areas for id in _list_ids(area)}
        self.sides: dict[str, tuple[StateEntry, ...]] = {}
        self.areas = self._order_areas(list(drawing.areas))
        self.reads = {
            area.address: (*self._list_sources(area), *(side.source for side in self.sides[area.address])) for area in self.areas
        }
        self.left = _find_leaving(self.areas, self.reads, self.home)
        self.axis: float | None = None
        """Where all stands in one line, its x."""
        self.seams: list[float] = []
        """Where one row ends and another begins."""
        self.height = 0.0
        self._place(self._rank_areas())

    def _list_sources(self, area: Area) -> tuple[Source, ...]:
        wanted = area.join.sources if area.join is not None else (area.source,) if area.source else ()
        return tuple(source for source in wanted if source[0] in self.home)

    def _order_areas(self, left: list[Area]) -> tuple[Area, ...]:
        """The areas, each behind those whose states it begins with; of a circle of areas one goes without their lines."""
        placed: dict[str, Area] = {}
        while left:

            def is_placed(source: Source) -> bool:
                return self.home[source[0]].address in placed

            ready = [area for area in left if all(map(is_placed, self._list_sources(area)))] or left
            drawn = {area.address: tuple(side for side in area.sides if self._can_enter(area, side)) for area in ready}
            first = next((a for a in ready if all(is_placed(side.source) for side in drawn[a.address])), ready[0])
            self.sides[first.address] = tuple(side for side in drawn[first.address] if is_placed(side.source))
            placed[first.address] = first
            left.remove(first)
        return tuple(placed.values())

    def _can_enter(self, area: Area, side: StateEntry) -> bool:
        """Whether the two ends of a state have a place in the picture."""
        return side.source[0] in self.home and self.home.get(side.target) is area

    def _rank_areas(self) -> list[list[Area]]:
        rank: dict[str, int] = {}
        for area in self.areas:
            sources = self.reads[area.address]
            rank[area.address] = 1 + max((rank[self.home[source[0]].address] for source in sources), default=-1)
        heads = [area.address for area in self.areas if area.tone == "head"]
        self._put_off(rank)
        last = max(1 if heads else 0, *rank.values(), 0)
        read = {self.home[source[0]].address for sources in self.reads.values() for source in sources}
        for head in heads:
            if head not in read:
                rank[head] = last
        self.rank = rank
        rows: list[list[Area]] = [[] for _ in range(last + 1)]
        for area in self.areas:
            rows[rank[area.address]].append(area)
        return rows

    def _put_off(self, rank: dict[str, int]) -> None:
        """Out of a row of many areas, those that are needed later go to just before that: a staircase, and not one wide row."""
        many = {row for row, areas in Counter(rank.values()).items() if areas > WIDE}
        needed: dict[str, int] = {}
        for area in reversed(self.areas):
            address, sources = area.address, self.reads[area.address]
            if address in needed and rank[address] in many and len(sources) <= 1:
                rank[address] = needed[address] - 1
            for source in sources:
                home = self.home[source[0]].address
                needed[home] = min(needed.get(home, rank[address]), rank[address])

    def _place(self, rows: list[list[Area]]) -> None:
        y = 0.0
        signals: dict[Source, tuple[float, float]] = {}
        """What goes on, to the x and y where its line stands at the end of the row before."""
        needed: dict[Source, int] = {}
        for area in self.areas:
            for source in self.reads[area.address]:
                needed[source] = max(needed.get(source, 0), self.rank[area.address])
        lone = True
        axes: set[float] = set()
        for index, areas in enumerate(rows):
            passing = [source for source in signals if needed[source] > index]
            items = [self._make_item(area, signals, alone=len(areas) == 1 and not passing) for area in areas]
            items += [Item(sources=(source,), width=8, ports=(4,), port=4) for source in passing]
            items = _arrange(items, signals)
            lone = lone and len(items) == 1 and not items[0].gutters
            axes |= {round(item.x + item.port, 1) for item in items}
            y = self._draw_channel(items, signals, y)
            items = [self._draw(item, y) if item.area is not None else item for item in items]
            end = max((item.bottom for item in items if item.area is not None), default=y)
            signals = self._place_exits(items, y, end, needed, index)
            y = max([end, *(at for _, at in signals.values())])
            self.seams.append(y)
        self.height = y
        self.axis = axes.pop() if lone and len(axes) == 1 else None

    def _make_item(self, area: Area, signals: dict[Source, tuple[float, float]], alone: bool) -> Item:
        body = Sizer(self.way, area.tone).measure_column(area.items)
        if area.join is None:
            sources = self._list_sources(area)
            item = Item(area, body, (), None, sources, 0, body.width, (body.port,) * len(sources), body.port)
        else:
            item = self._measure_join(area, area.join, body, signals, alone)
        if gutters := self.left[area.address]:
            item = replace(item, gutters=tuple(gutters), gutter=item.width)
            item = replace(item, width=item.width + self._measure_gutter(item) + self._lane * len(gutters))
        sides = self.sides[area.address]
        if not sides:
            return item
        # Room before the area, for lines that enter it from there.
        room = self._lane * len(sides) + SIDE
        ports = tuple(port + room for port in item.ports)
        item = replace(item, width=item.width + room, port=item.port + room, gutter=item.gutter + room, ports=ports)
        return replace(item, sides=tuple((side, self._lane * number + 4) for number, side in enumerate(sides)))

    @property
    def _lane(self) -> float:
        """Between two lines beside an area."""
        return 18 if self.way.right else 14

    def _measure_gutter(self, item: Item) -> float:
        assert item.area is not None
        first = self._lane if self.way.right else 0
        return first + self.way.measure_exits([self._make_flow(item.area, source) for source in item.gutters])

    def _measure_join(
        self, area: Area, join: Join, body: SizedSequence, signals: dict[Source, tuple[float, float]], alone: bool
    ) -> Item:
        order = [i for i, source in enumerate(join.sources) if source in signals]
        order.sort(key=lambda i: signals[join.sources[i]][0])
        sizer = Sizer(self.way, area.tone)
        sources = tuple(join.sources[i] for i in order)
        lanes = tuple(sizer.measure_column(join.lanes[i].items, join.lanes[i].title) for i in order)
        gap: float = LANE_GAP
        if all(not lane.items for lane in lanes):
            lanes, gap = tuple(self._make_bare_column(lane.title) for lane in lanes), 0
        ports: list[float] = []
        right = float("-inf")
        for source, lane in zip(sources, lanes, strict=True):
            least = right + gap + lane.port if ports else lane.port
            ports.append(max(signals[source][0], least) if alone and ports else signals[source][0] if alone else least)
            right = ports[-1] + lane.width - lane.port
        merge = Sizer(self.way, "fusion").measure_box(join.merge)
        margin = BAR_MARGIN if not gap else 0
        left = ports[0] - lanes[0].port - margin if ports else 0.0
        right = right + margin if ports else 0.0
        middle = (left + right) / 2
        bar = max(right - left, merge.width)
        before, beyond = self.way.measure_beside(join.merge.gives)
        left = min(middle - bar / 2, middle - body.port, middle - before)
        right = max(middle + bar / 2, middle + body.width - body.port, middle + beyond)
        wide = SizedElement(merge.element, bar, merge.height, bar / 2, (), merge.shape)
        return Item(area, body, lanes, wide, sources, 0, right - left, tuple(port - left for port in ports), middle - left)

    def _make_bare_column(self, title: str) -> SizedSequence:
        """A lane without boxes: a line, and beside it what it stands for."""
        beside = text.measure_width(title, NAME) if title and not self.way.right else 0
        return SizedSequence((), PORT_GAP + beside, 0, PORT_GAP / 2, title)

    def _make_flow(self, area: Area, source: Source) -> Flow:
        """What a line carries that leaves an area, and out of which copy of what is drawn once."""
        flow = self.flows[source[0]]
        if source == area.output:
            return flow
        words = _describe_which(area, source, self.names)
        return replace(flow, shape=f"{words} · {flow.shape}") if words else flow

    def _draw_channel(self, items: list[Item], signals: dict[Source, tuple[float, float]], y: float) -> float:
        """The lines from the row before to the items; the y of the row."""
        targets: dict[Source, list[tuple[float, bool]]] = {}
        for item in items:
            for source, port in zip(item.sources, item.ports, strict=True):
                if source in signals:
                    targets.setdefault(source, []).append((item.x + port, item.area is not None))
            for side, port in item.sides:
                if side.source in signals:
                    targets.setdefault(side.source, []).append((item.x + port, False))
        if not targets:
            return y + CHANNEL if y else y
        taken = assign_tracks({source: (signals[source][0], [x for x, _ in ends]) for source, ends in targets.items()})
        count = max(taken.values(), default=-1) + 1
        end = y + (CHANNEL + TRACK * (count - 1) if count else 14)
        if self.way.right:
            titles = (lane.title for item in items for lane in item.lanes)
            end += max([0, *(text.measure_width(title, NAME) + 10 for title in titles if title)])
        for source, ends in targets.items():
            x, start = signals[source]
            for at, arrow in ends:
                track = y + 12 + TRACK * taken.get(source, 0)
                straight = abs(at - x) < 0.5
                points = ((x, start), (x, end)) if straight else ((x, start), (x, track), (at, track), (at, end))
                self.canvas.add(Line(points, arrow, "flow" if self.flows[source[0]].known else "dim"))
        return end

    def _draw(self, item: Item, y: float) -> Item:
        assert item.area is not None and item.column is not None
        placer = Placer(self.canvas, self.way, item.area.tone)
        port, top = item.x + item.port, y
        if item.merge is not None and item.area.join is not None:
            join = item.area.join
            height = max((lane.height for lane in item.lanes), default=0.0)
            gap = self.way.measure_gap(*(lane.items[-1].element.gives for lane in item.lanes if lane.items))
            below = y + height + (gap if height else 0)
            for lane, x in zip(item.lanes, item.ports, strict=True):
                placer.place_lane_title(lane.title, item.x + x, y)
                end = placer.place_column(lane, item.x + x, y)
                flow = lane.items[-1].element.gives if lane.items else None
                if height:
                    placer.place_line(((item.x + x, end), (item.x + x, below)), flow)
                if flow is not None:
                    placer.place_flow(flow, item.x + x, end)
            y = placer.place_box(item.merge, port, below)
            if item.column.items:
                gap = self.way.measure_gap(join.merge.gives)
                placer.place_line(((port, y), (port, y + gap)), join.merge.gives)
                placer.place_flow(join.merge.gives, port, y, gap)
                y += gap
        bottom = placer.place_column(item.column, port, y)
        self._enter_sides(item, top)
        return replace(item, bottom=bottom)

    def _enter_sides(self, item: Item, top: float) -> None:
        """The lines from the beginning of an area to the boxes that they enter at their side."""
        number: Counter[str] = Counter()
        total = Counter(side.target for side, _ in item.sides)
        for side, port in item.sides:
            shape = next(each for each in self.canvas.boxes if any(side.target in ids for ids in list_copies(each.box)))
            number[side.target] += 1
            y = shape.y + shape.height * number[side.target] / (total[side.target] + 1)
            self.canvas.add(Line(((item.x + port, top), (item.x + port, y), (shape.x, y))))

    def _place_exits(
        self, items: list[Item], top: float, end: float, needed: dict[Source, int], row: int
    ) -> dict[Source, tuple[float, float]]:
        """Where the lines that go on stand after a row."""
        found: dict[Source, tuple[float, float]] = {}
        labels = [self.flows[item.area.last] for item in items if item.area is not None and needed.get(item.area.output, 0) > row]
        labels += [self._make_flow(item.area, source) for item in items if item.area is not None for source in item.gutters]
        sides = {item.area.address: self._find_sides(item) for item in items if item.area is not None}
        low = max([end + self.way.measure_stub(*labels), *(y + LABEL for ys in sides.values() for y in ys)])
        for item in items:
            placer = Placer(self.canvas, self.way, item.area.tone if item.area is not None else "")
            x = item.x + item.port
            if item.area is None:
                (source,) = item.sources
                placer.place_line(((x, top), (x, low)), self.flows[source[0]], arrow=False)
                found[source] = (x, low)
                continue
            last = item.area.output
            if needed.get(last, 0) > row:
                flow = self._make_flow(item.area, last)
                placer.place_line(((x, item.bottom), (x, low)), flow, arrow=False)
                placer.place_flow(flow, x, item.bottom, 30)
                found[last] = (x, low)
            gutter = item.x + item.gutter
            for index, (source, y) in enumerate(zip(item.gutters, sides[item.area.address], strict=True)):
                flow = self._make_flow(item.area, source)
                side, middle, reach = self.canvas.exits[source[0]]
                start = ((side, y),) if y <= middle + reach - 4 else ((side, middle), (gutter + 1, middle), (gutter + 1, y))
                x = gutter + self._measure_gutter(item) + self._lane * index
                placer.place_line((*start, (x, y), (x, low)), flow, arrow=False)
                self.canvas.add(*self.way.place_exit_labels(flow, gutter, x, y, low))
                found[source] = (x, low)
        return found

    def _find_sides(self, item: Item) -> list[float]:
        """Where along an area each line leaves that others read of its inside: at its box, or as soon after as there is room."""
        taken: list[float] = []
        for source in item.gutters:
            _, y, _ = self.canvas.exits[source[0]]
            while any(abs(y - other) < LABEL for other in taken):
                y += LABEL
            taken.append(y)
        return taken


def _find_leaving(
    areas: tuple[Area, ...], reads: dict[str, tuple[Source, ...]], home: dict[str, Area]
) -> dict[str, list[Source]]:
    """What is read of the inside of each area, from its beginning to its end."""
    wanted = {source: None for sources in reads.values() for source in sources}
    found: dict[str, list[Source]] = {area.address: [] for area in areas}
    for source in wanted:
        area = home[source[0]]
        if source != area.output:
            found[area.address].append(source)
    for area in areas:
        if found[area.address]:
            order = {id: index for index, id in enumerate(_list_ids(area))}
            found[area.address].sort(key=lambda source: [order[id] for id in source])
    return found


def _describe_which(area: Area, source: Source, names: Mapping[str, str]) -> str:
    """Which of several copies, or which layer of a fold, a line comes out of, where the box does not say it."""
    for item in iterate_elements(_list_items(area)):
        every = list_copies(item)
        places = [(number, ids) for number, ids in enumerate(every, 1) if not set(ids).isdisjoint(source)]
        if not places:
            continue
        inner = [id for _, ids in places for id in ids if id in source and id != ids[-1]]
        if inner and not isinstance(item, DrawnFrame):
            return names[inner[0]] if len(source) == 1 else f"{len(source)} of its layers"
        return describe_copies([number for number, _ in places], len(every)) if len(every) > 1 else ""
    return ""


def _list_items(area: Area) -> tuple[Element, ...]:
    joined: tuple[Element, ...] = (
        () if area.join is None else (*(item for lane in area.join.lanes for item in lane.items), area.join.merge)
    )
    return (*joined, *area.items)


def _list_ids(area: Area) -> list[str]:
    """Every node whose output can be read from an area."""
    held = [id for item in iterate_elements(_list_items(area)) for ids in list_copies(item) for id in ids]
    return held if area.last in held else [*held, area.last]


def _arrange(items: list[Item], signals: dict[Source, tuple[float, float]]) -> list[Item]:
    """Items side by side, each near what it reads; those that read nothing in the order written."""

    def find_wanted(item: Item) -> float:
        pairs = zip(item.sources, item.ports, strict=True)
        offsets = [signals[source][0] - port for source, port in pairs if source in signals]
        return sum(offsets) / len(offsets) if offsets else 0.0

    if any(source in signals for item in items for source in item.sources):
        items = sorted(items, key=lambda item: find_wanted(item) + item.width / 2)
    room = [item.width + (AREA_GAP if item.area is not None else AREA_GAP / 2) for item in items]
    return [replace(item, x=x) for item, x in zip(items, arrange(list(map(find_wanted, items)), room), strict=True)]
