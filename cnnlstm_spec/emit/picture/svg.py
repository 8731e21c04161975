"""What was compiled to an SVG: the same bytes for the same spec, without scripts, links or fonts of its own."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from ...text.escape.xml import escape_content
from . import text
from .drawing import Box, Drawing
from .layout import STACK, STACKED
from .opened import Opened
from .rows import DrawnRows
from .shapes import BoxShape, Canvas, FrameShape, Line, SmallText
from .strips import measure_extent, wrap
from .style import write_style_sheet
from .way import Direction, Way, shift, turn

if TYPE_CHECKING:
    from .outline import Compiled

MARGIN = 32
LEAST = 560
"""The width that a title and a description can count on."""
LONGEST = 1920
"""The width that a picture to the right has in any case before it is cut into strips."""
CORNER = 7
DOWN = Way()
OUTLINES = ("plain", "shared", "merge")
"""Looks with a colour or an outline of their own."""


def draw(compilation: Compiled, depth: int | None = None, direction: Direction = "down", width: int | None = None) -> str:
    """The picture of a spec, as far as it could be read; the width is that of the page, in pixels.

    Raises ValueError for a depth, a direction or a width that cannot be."""
    if (depth is not None and depth < 0) or (width is not None and width < 1) or direction not in ("down", "right"):
        raise ValueError("a depth is 0 or more, a direction `down` or `right`, a width 1 or more")
    if compilation.typed is None or compilation.spec is None:
        return render(_draw_unreadable(compilation), scaled=width)
    from .outline import draw_outline

    return render(draw_outline(compilation, depth), Way(direction == "right"), width)


def draw_marked(compilation: Compiled, opened: Opened = frozenset()) -> tuple[str, tuple[Box, ...]]:
    """The picture with those folds opened, each box marked by its number, `data-box`; and the boxes in that order."""
    if compilation.typed is None or compilation.spec is None:
        return render(_draw_unreadable(compilation)), ()
    from .outline import draw_outline

    drawing = draw_outline(compilation, opened=opened)
    placed = place(drawing)
    return _paint(drawing, placed, marked=True), tuple(shape.box for shape in placed[0].boxes)


def _draw_unreadable(compilation: Compiled) -> Drawing:
    """A picture that says that there is nothing to draw, and why."""
    errors = [d for d in compilation.diagnostics if d.severity == "error"]
    facts = f"{len(errors)} errors" if len(errors) != 1 else "1 error"
    name = re.split(r"[/\\]", compilation.source.name)[-1]
    lines = [f"line {d.place.span.source.find_position(d.place.span.start)[0]}: {d.message}" for d in errors]
    return Drawing(name, "There is nothing to draw yet: this spec could not be read.", facts, tuple(lines), ())


def place(drawing: Drawing, way: Way = DOWN) -> tuple[Canvas, float, float]:
    """What is drawn below the title, on the page, with the width and height that it takes."""
    rows = DrawnRows(drawing, way)
    _, top = _draw_header(drawing, LEAST)
    canvas, along = wrap(rows.canvas, rows.height, rows.seams, lambda across, along: _find_fits(way, across, along, top))
    near, far = measure_extent(canvas)
    if canvas is rows.canvas and rows.axis is not None and not way.right:
        half = max(rows.axis - near, far - rows.axis)
        near, far = rows.axis - half, rows.axis + half
    width, height = way.turn_sides(far - near, along)
    least = max(0.0, LEAST - width) / 2
    dx, dy = (least, -near) if way.right else (least - near, 0.0)
    return shift(turn(canvas) if way.right else canvas, dx, dy), width + 2 * least, height


def _find_fits(way: Way, across: float, along: float, top: float) -> bool:
    """Whether a picture of this size need not be cut into strips."""
    if way.right:
        return along + 2 * MARGIN <= max(LONGEST, 2 * (across + top + MARGIN))
    return along + top + MARGIN <= 2 * (max(LEAST, across) + 2 * MARGIN)


def render(drawing: Drawing, way: Way = DOWN, scaled: int | None = None) -> str:
    """A drawing as SVG, of the width that is asked for."""
    return _paint(drawing, place(drawing, way), scaled)


def _paint(drawing: Drawing, placed: tuple[Canvas, float, float], scaled: int | None = None, marked: bool = False) -> str:
    """What has been placed as SVG; `marked` gives each box its number."""
    canvas, wide, high = placed
    header, top = _draw_header(drawing, wide)
    width = round(wide + 2 * MARGIN)
    height = round(top + high + (MARGIN if drawing.areas else 0))
    page = (scaled, max(1, round(height * scaled / width))) if scaled is not None else (width, height)
    boxes = [_draw_box(shape, f' data-box="{number}"' if marked else "") for number, shape in enumerate(canvas.boxes)]
    shown = [*map(_draw_frame, canvas.frames), *map(_draw_line, canvas.lines), *boxes, *map(_draw_text, canvas.texts)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{page[0]}" height="{page[1]}" viewBox="0 0 {width} {height}"'
            ' role="img" aria-labelledby="title desc">',
            f'<title id="title">{escape_content(drawing.title)}</title>',
            f'<desc id="desc">{escape_content(_describe(drawing))}</desc>',
            f"<style>{write_style_sheet()}</style>",
            f'<rect class="paper" width="{width}" height="{height}" rx="14"/>',
            *header,
            f'<g transform="translate({MARGIN} {_write(top)})">',
            *shown,
            "</g>",
            "</svg>\n",
        ]
    )


def _describe(drawing: Drawing) -> str:
    areas = ", ".join(each.address for area in drawing.areas for each in area.members or (area,))
    return ". ".join(filter(None, (drawing.description.rstrip("."), drawing.facts, areas)))


def _draw_header(drawing: Drawing, room: float) -> tuple[list[str], float]:
    """The title, description and totals; the y below them."""
    y = MARGIN + 18.0
    found = [_draw_words(MARGIN, y, text.cut_end(drawing.title, 22, room, True), "h", 22, True)]
    for line in text.wrap(drawing.description, 13, room, 3):
        y += 21
        found.append(_draw_words(MARGIN, y, line, "d", 13))
    y += 22
    bad = drawing.facts.split(" ")[1:2] in (["error"], ["errors"])
    found.append(_draw_words(MARGIN, y, drawing.facts, "f e" if bad else "f", 12))
    shown = drawing.problems[: 3 if drawing.areas else 8]
    for problem in shown:
        lines = text.wrap(problem, 12, room, 3)
        y += 5
        for line in lines:
            y += 17
            found.append(_draw_words(MARGIN, y, line, "f e", 12))
    if len(drawing.problems) > len(shown):
        y += 20
        found.append(_draw_words(MARGIN, y, f"and {len(drawing.problems) - len(shown)} more", "f e", 12))
    return found, y + 30


def _draw_frame(frame: FrameShape) -> str:
    look = "split" if frame.look in ("residual", "parallel") else frame.look
    tip = _draw_tip(frame.tip)
    title = _draw_words(frame.x + 12, frame.y + 18, frame.title, "ft", 10, True)
    note = ""
    if frame.note:
        note = _draw_words(frame.x + frame.width - 12 - text.measure_width(frame.note, 10), frame.y + 18, frame.note, "fn n", 10)
    rect = f'<rect class="frame {look}" {_draw_rect(frame)} rx="12"/>'
    return f'<g class="{frame.tone}">{tip}{rect}{title}{note}</g>'


def _draw_box(shape: BoxShape, mark: str = "") -> str:
    box = shape.box
    solid = box.solid
    bad = box.state == "failed"
    classes = (
        "b",
        "solid" if solid and not bad else "",
        box.look if box.look in OUTLINES and not bad else "",
        "bad" if bad else "",
    )
    group = (shape.tone, "bad" if bad else "", "off" if box.state == "dim" else "")
    round = 14 if box.look in ("input", "output") else 9
    below = (STACK, STACK / 2) if box.look in STACKED else ()
    rects = [f'<rect class="b" {_draw_rect(replace(shape, x=shape.x + by, y=shape.y + by))} rx="{round}"/>' for by in below]
    rects.append(f'<rect class="{_list_classes(*classes)}" {_draw_rect(shape)} rx="{round}"/>')
    inside = "".join([*rects, *_draw_box_text(shape, solid)])
    return f'<g class="{_list_classes(*group)}"{mark}>{_draw_tip(box.tip)}{inside}</g>'


def _list_classes(*names: str) -> str:
    return " ".join(filter(None, names))


def _draw_box_text(shape: BoxShape, solid: bool) -> list[str]:
    on = " on" if solid else ""
    x = shape.x + 14
    middle = shape.x + shape.width / 2
    lines = [(shape.title, "t", 13, True, 0.0)]
    lines += [(line, "a", 11, False, 15.0 if index else 16.0) for index, line in enumerate(shape.detail)]
    lines += [(shape.name, "n", 10, False, 15.0)] if shape.name else []
    lines += [(line, "e", 11, False, 17.0 if index == 0 else 15.0) for index, line in enumerate(shape.message)]
    found = []
    y = start = shape.y + max(9, (shape.height - 22 - sum(down for *_, down in lines)) / 2) + 13
    for words, look, size, bold, down in lines:
        y += down
        wide = text.measure_width(words, size, bold)
        found.append(_draw_words(middle - wide / 2 if solid else x, y, words, look + on, size, bold))
    right = shape.x + shape.width - 14 - text.measure_width(shape.note, 10)
    found.append(_draw_words(right, start, shape.note, "p" + on, 10))
    return found


def _draw_line(line: Line) -> str:
    look = "l dim" if line.look == "dim" else "l"
    points = line.points
    arrow = ""
    if line.arrow:
        (before, _), (x, y) = points[-2:]
        if x == before:
            head, points = (
                f"{_write(x - 3.6)} {_write(y - 6.5)}L{_write(x + 3.6)} {_write(y - 6.5)}",
                (*points[:-1], (x, y - 5)),
            )
        else:
            head, points = (
                f"{_write(x - 6.5)} {_write(y - 3.6)}L{_write(x - 6.5)} {_write(y + 3.6)}",
                (*points[:-1], (x - 5, y)),
            )
        arrow = f'<path class="ar" d="M{head}L{_write(x)} {_write(y)}Z"/>'
    return f'<path class="{look}" d="{_draw_way(points)}"/>{arrow}'


def _draw_way(points: tuple[tuple[float, float], ...]) -> str:
    """A path with rounded corners."""
    way = f"M{_write(points[0][0])} {_write(points[0][1])}"
    for before, here, after in zip(points, points[1:], points[2:], strict=False):
        one, two = _move_toward(here, before), _move_toward(here, after)
        way += f"L{_write(one[0])} {_write(one[1])}Q{_write(here[0])} {_write(here[1])} {_write(two[0])} {_write(two[1])}"
    return way + f"L{_write(points[-1][0])} {_write(points[-1][1])}"


def _move_toward(start: tuple[float, float], end: tuple[float, float]) -> tuple[float, float]:
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = abs(dx) + abs(dy)
    step = min(CORNER, length / 2)
    return (start[0] + step * dx / length, start[1] + step * dy / length) if length else start


def _draw_text(label: SmallText) -> str:
    if not label.text:
        return ""
    size = 11 if label.look in ("shape", "unknown") else 10
    words = _draw_words(label.x, label.y + 9, label.text, label.look, size)
    if label.look not in ("mask", "lost"):
        return words
    look = "tag gone" if label.look == "lost" else "tag"
    place = f'x="{_write(label.x - 6)}" y="{_write(label.y - 2)}" width="{_write(label.width + 12)}"'
    return f'<rect class="{look}" {place} height="15" rx="7.5"/>{words}'


def _draw_words(x: float, y: float, words: str, look: str, size: float, bold: bool = False) -> str:
    """A text of the width that was measured, whatever font the viewer has."""
    if not words:
        return ""
    wide = text.measure_width(words, size, bold)
    place = f'x="{_write(x)}" y="{_write(y)}" textLength="{_write(wide)}" lengthAdjust="spacingAndGlyphs"'
    return f'<text class="{look}" {place}>{escape_content(words)}</text>'


def _draw_tip(lines: tuple[str, ...]) -> str:
    return f"<title>{escape_content(chr(10).join(filter(None, lines)))}</title>" if any(lines) else ""


def _draw_rect(shape: BoxShape | FrameShape) -> str:
    return f'x="{_write(shape.x)}" y="{_write(shape.y)}" width="{_write(shape.width)}" height="{_write(shape.height)}"'


def _write(value: float) -> str:
    """A coordinate with one decimal at most."""
    return f"{round(value, 1) + 0:g}" if abs(value) < 1e5 else f"{value:.0f}"
