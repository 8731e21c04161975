"""A long picture cut into strips that stand side by side, so that it fits a page. Imports no stage, only shapes.

It is cut where nothing but lines pass. Each line that is cut goes on around the end of its strip and up between the two, the
outermost first, so that none crosses another. In a strip, room across it that nothing needs is taken out.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from itertools import pairwise
from typing import TypeVar

from ...text.frozen import dataclass
from .shapes import BoxShape, Canvas, FrameShape, Line, Point, SmallText, change

MOST = 24
"""Strips of one picture."""
CUTS = 150
"""More places to cut than these are not looked at."""
APART = 40
TRACK = 10
TURN = 14
HEAD = 9
"""What the head of an arrow takes before its end."""
ABOVE = 14
"""Before a label, where a cut would part it from what it belongs to."""
EMPTY = 48
"""Of room across a strip that nothing needs, so much stays."""
CROSSED = 0.01
"""How much a line that is cut counts, beside strips of different length."""
INSIDE = 3
"""Lines that a cut away from any seam counts for."""

Extent = tuple[float, float]
Shape = TypeVar("Shape", BoxShape, FrameShape, SmallText)


@dataclass(frozen=True)
class Crossing:
    """A line at a cut."""

    x: float
    look: str


def wrap(canvas: Canvas, height: float, seams: list[float], fits: Callable[[float, float], bool]) -> tuple[Canvas, float]:
    """The canvas in as few strips as fit, and its height; of none that fits, the one that is least too high.

    It is rather cut at a seam, where one row ends and another begins."""
    width = _spread(measure_extent(canvas))
    best, least = (canvas, height), height / max(width, 1)
    if fits(width, height):
        return best
    cuts = _find_cuts(canvas, height, seams)
    for count in range(2, min(MOST, len(cuts) + 1) + 1):
        chosen = _choose(cuts, height, count)
        wrapped, tall = _put_beside(canvas, [0, *chosen, height])
        wide = _spread(measure_extent(wrapped))
        if fits(wide, tall):
            return wrapped, tall
        if tall / wide < least:
            best, least = (wrapped, tall), tall / wide
    return best


def measure_extent(canvas: Canvas) -> Extent:
    """From the nearest to the farthest across."""
    shapes: list[BoxShape | FrameShape | SmallText] = [*canvas.boxes, *canvas.frames, *canvas.texts]
    points = [x for line in canvas.lines for x, _ in line.points]
    return (
        min([each.x for each in shapes] + points, default=0),
        max([each.x + each.width for each in shapes] + points, default=0),
    )


def _spread(ends: Extent) -> float:
    return ends[1] - ends[0]


def _find_cuts(canvas: Canvas, height: float, seams: list[float]) -> list[tuple[float, int]]:
    """Where nothing but lines pass, with what a cut there costs: a line each, and more away from a seam."""
    taken: list[Extent] = [(shape.y, shape.y + shape.height + 7) for shape in canvas.boxes]
    taken += [(shape.y, shape.y + shape.height + 1) for shape in canvas.frames]
    taken += [(label.y - ABOVE, label.y + label.height) for label in canvas.texts if label.text]
    for line in canvas.lines:
        taken += [(y - 1, y + 1) for (_, y), (_, low) in pairwise(line.points) if y == low]
        if line.arrow:
            taken.append((line.points[-1][1] - HEAD, line.points[-1][1]))
    free: list[Extent] = []
    end = 0.0
    for start, stop in sorted(taken):
        if start - end >= 2:
            free.append((end, start))
        end = max(end, stop)
    spans = [(start, stop) for start, stop in free if start > 0 and stop < height]
    spans = spans[:: len(spans) // CUTS + 1]
    cuts = [(start + stop) / 2 for start, stop in spans]
    passing = _find_crossings(canvas.lines, cuts)
    return [
        (cut, len(crossed) + (0 if any(start <= seam <= stop for seam in seams) else INSIDE))
        for cut, (start, stop), crossed in zip(cuts, spans, passing, strict=True)
        if crossed
    ]


def _find_crossings(lines: list[Line], cuts: list[float]) -> list[list[Crossing]]:
    """The lines at each cut, from the nearest across; those on top of each other once."""
    found: list[dict[float, Crossing]] = [{} for _ in cuts]
    for line in lines:
        for (x, y), (end, low) in pairwise(line.points):
            if x == end and y != low:
                for at in range(bisect_right(cuts, min(y, low)), bisect_right(cuts, max(y, low))):
                    found[at].setdefault(round(x, 1), Crossing(x, line.look))
    return [[each[x] for x in sorted(each)] for each in found]


def _choose(cuts: list[tuple[float, int]], height: float, count: int) -> list[float]:
    """Where to cut into so many strips: as even as can be, through few lines."""
    ideal = height / count
    costs = [(cut / ideal) ** 2 + CROSSED * many for cut, many in cuts]
    before: list[list[int]] = []
    for _ in range(count - 2):
        came: list[int] = []
        sums: list[float] = []
        for index, (cut, many) in enumerate(cuts):
            ways = [(costs[at] + ((cut - cuts[at][0]) / ideal) ** 2, at) for at in range(index)]
            cost, at = min(ways, default=(float("inf"), 0))
            sums.append(cost + CROSSED * many)
            came.append(at)
        before.append(came)
        costs = sums
    last = min(range(len(cuts)), key=lambda at: (costs[at] + ((height - cuts[at][0]) / ideal) ** 2, at))
    chosen = [last]
    for came in reversed(before):
        chosen.append(came[chosen[-1]])
    return [cuts[at][0] for at in reversed(chosen)]


def _put_beside(canvas: Canvas, cuts: list[float]) -> tuple[Canvas, float]:
    """The strips between cuts beside each other, and the height of all."""
    pieces, inner = _cut_pieces(canvas, cuts)
    found = Canvas()
    left, tall = 0.0, 0.0
    leaving: list[tuple[Point, str]] = []
    for index, piece in enumerate(pieces):
        squeeze = _make_squeeze(piece)
        near, far = (squeeze(x) for x in measure_extent(piece))
        entering = inner[index - 1] if index else []
        room = TURN + TRACK * len(entering) if index else 0.0
        if index:
            left += APART + TRACK * len(leaving)
        dx, dy = left - near, room - cuts[index]
        _move(piece, found, squeeze, dx, dy)
        many = len(entering)
        for place, (((x, y), look), crossing) in enumerate(zip(leaving, entering, strict=True)):
            order = many - 1 - place
            low, high = measure_height(cuts, index - 1, inner) + TURN + TRACK * order, TRACK * order + 2.0
            side = left - APART / 2 - TRACK * place
            to = squeeze(crossing.x) + dx
            found.add(Line(((x, y), (x, low), (side, low), (side, high), (to, high), (to, room)), False, look))
        end = measure_height(cuts, index, inner)
        leaving = [((squeeze(each.x) + dx, end), each.look) for each in (inner[index] if index < len(inner) else [])]
        tall = max(tall, end + (TURN + TRACK * len(leaving) if leaving else 0))
        left += far - near
    return found, tall


def measure_height(cuts: list[float], index: int, inner: list[list[Crossing]]) -> float:
    """Where a strip ends, below the lines that come into it."""
    room = TURN + TRACK * len(inner[index - 1]) if index else 0.0
    return room + cuts[index + 1] - cuts[index]


def _cut_pieces(canvas: Canvas, cuts: list[float]) -> tuple[list[Canvas], list[list[Crossing]]]:
    """What stands between each two cuts, and the lines that cross the inner ones."""
    inner = cuts[1:-1]
    pieces = [Canvas() for _ in cuts[:-1]]
    for frame in canvas.frames:
        pieces[bisect_right(inner, frame.y)].add(frame)
    for box in canvas.boxes:
        pieces[bisect_right(inner, box.y)].add(box)
    for label in canvas.texts:
        pieces[bisect_right(inner, label.y)].add(label)
    for line in canvas.lines:
        for piece, part in _split_line(line, inner):
            pieces[piece].add(part)
    return pieces, _find_crossings(canvas.lines, inner)


def _split_line(line: Line, inner: list[float]) -> list[tuple[int, Line]]:
    """The parts of a line, each with the number of its strip."""
    found: list[tuple[int, Line]] = []
    points = [line.points[0]]
    for (x, y), (end, low) in pairwise(line.points):
        for cut in inner:
            if y < cut < low:
                found.append(
                    (bisect_right(inner, (points[-1][1] + cut) / 2), change(line, points=(*points, (x, cut)), arrow=False))
                )
                points = [(x, cut)]
        points.append((end, low))
    middle = (points[0][1] + points[-1][1]) / 2
    return [*found, (bisect_right(inner, middle), change(line, points=tuple(points)))]


def _make_squeeze(piece: Canvas) -> Callable[[float], float]:
    """Where an x of a strip comes to stand when room across it that nothing needs is taken out."""
    shapes: list[BoxShape | FrameShape | SmallText] = [*piece.boxes, *piece.frames, *piece.texts]
    taken = [(each.x, each.x + each.width) for each in shapes]
    taken += [(x - 4, x + 4) for line in piece.lines for (x, y), (end, low) in pairwise(line.points) if x == end and y != low]
    gaps: list[Extent] = []
    reach: float | None = None
    for start, stop in sorted(taken):
        if reach is not None and start - reach > EMPTY:
            gaps.append((reach, start - reach - EMPTY))
        reach = stop if reach is None else max(reach, stop)

    def squeeze(x: float) -> float:
        return x - sum(min(much, max(0.0, x - start)) for start, much in gaps)

    return squeeze


def _move(piece: Canvas, found: Canvas, squeeze: Callable[[float], float], dx: float, dy: float) -> None:
    def move_shape(shape: Shape) -> Shape:
        return change(shape, x=squeeze(shape.x) + dx, y=shape.y + dy)

    found.add(*map(move_shape, piece.frames), *map(move_shape, piece.boxes), *map(move_shape, piece.texts))
    found.add(*(change(each, points=tuple((squeeze(x) + dx, y + dy) for x, y in each.points)) for each in piece.lines))
