"""Pictures of every spec, in both directions and at several depths: what they show is true, and nothing is in the way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
from places import ROOT
from test_svg import GENERATED, MISTAKES, PLAIN, SKIPS, STRUCTURED, long, read

from cnnlstm_spec.compiler.compile import Compilation
from cnnlstm_spec.emit.picture.drawing import (
    Area,
    Box,
    Drawing,
    DrawnFrame,
    Element,
    LaneSplit,
    iterate_all_boxes,
    iterate_boxes,
    iterate_elements,
    list_copies,
)
from cnnlstm_spec.emit.picture.layout import STACK, describe_params
from cnnlstm_spec.emit.picture.outline import draw_outline
from cnnlstm_spec.emit.picture.png import read_sides
from cnnlstm_spec.emit.picture.rounds import merge_texts
from cnnlstm_spec.emit.picture.rows import DrawnRows
from cnnlstm_spec.emit.picture.shapes import BoxShape, Canvas, FrameShape, Line, Point, SmallText
from cnnlstm_spec.emit.picture.strips import wrap
from cnnlstm_spec.emit.picture.svg import MARGIN, place
from cnnlstm_spec.emit.picture.way import Way
from cnnlstm_spec.ir.graph import TypedGraph
from cnnlstm_spec.ops.backbones.inner import InnerLayer
from cnnlstm_spec.ops.structural import Projection

FOLDER = ROOT / "specs"
FILES = {path.stem: path.read_text("utf-8") for path in sorted(FOLDER.rglob("*.yaml"))}

MODULES = """
version: 1
name: modules
blocks:
  module:
    parameters: {one: 8, two: 8}
    layers:
      - Parallel:
          paths:
            a: [{Conv2D: {filters: $one, kernel_size: 1}}]
            b: [{Conv2D: {filters: $two, kernel_size: 1}}, {Conv2D: {filters: $two, kernel_size: 3, padding: same}}]
          merge: concat
branches:
  x:
    input: {kind: image, shape: [16, 16, 16]}
    layers: [MODULES, GlobalAveragePooling2D]
heads:
  main: [{Dense: {units: 3}}]
  early: {inputs: [x.early], layers: [GlobalAveragePooling2D, {Dense: {units: 3}}]}
"""
DIFFERENT = [f"{{one: {8 * n}, two: {4 * n}{', name: early' if n == 3 else ''}}}" for n in range(1, 10)]
DIFFERENT_MODULES = MODULES.replace("MODULES", ", ".join(f"{{module: {each}}}" for each in DIFFERENT))
ALIKE_MODULES = MODULES.replace("MODULES", ", ".join("module: {name: early}" if n == 5 else "module" for n in range(9))).replace(
    "module: {name: early}", "{module: {name: early}}"
)
GROWING = """
version: 1
name: growing
branches:
  x:
    input: {kind: sequence, shape: [steps, 4]}
    layers:
      - Repeat: {times: 3, layers: [{Repeat: {times: 5, layers: [{Dense: {units: 8, name: d}}, {Residual: {layers: [ReLU]}}]}}, {Dense: {units: 4}}]}
      - Repeat: {each: {rate: [4, 1, 2, 8]}, layers: [{Conv1D: {filters: 8, kernel_size: 2, padding: causal, dilation_rate: $rate}}]}
      - GlobalAveragePooling1D
heads:
  a: []
  b: {inputs: [x.d_7], layers: [GlobalAveragePooling1D]}
"""


def stairs(count: int) -> str:
    """A staircase: every step adds a branch to what came before."""
    lines = ["version: 1", "name: stairs", "branches:"]
    lines += [f"  b{n}: {{input: {{kind: vector, shape: [8]}}, layers: [{{Dense: {{units: 8}}}}]}}" for n in range(count)]
    lines.append("fusion:")
    lines += [f"  - {{name: f{n}, strategy: add, inputs: [{f'f{n - 1}' if n > 1 else 'b0'}, b{n}]}}" for n in range(1, count)]
    return "\n".join([*lines, "head: []", ""])


MICROPHONES = """version: 1
name: four-mics
branches:
  "mic_${side}":
    each: {side: [left, right, front, back, top]}
    input: {kind: sequence, shape: [time, 40]}
    layers:
      - Conv1D: {filters: 32, kernel_size: 5, padding: same, activation: relu, name: conv}
      - Repeat: {times: 2, layers: [{Conv1D: {filters: 32, kernel_size: 3, padding: same}}, BatchNormalization, ReLU]}
      - GRU: {units: 24, return_sequences: true}
  other:
    input: {kind: vector, shape: [3]}
    layers:
      - Dense: {units: 8}
fusion:
  - {name: early, strategy: average, inputs: ["mic_*.conv"], layers: [GlobalMaxPooling1D]}
  - {name: one, inputs: [mic_front.conv], layers: [GlobalMaxPooling1D]}
  - {name: late, strategy: attention, inputs: ["mic_*"], num_heads: 2, layers: [GlobalAveragePooling1D]}
  - {name: all, strategy: concat, inputs: [early, one, late, other]}
head:
  - Dense: {units: 4, activation: softmax}
compile: {optimizer: adam, loss: categorical_crossentropy}
"""
"""Five branches alike, all read at their ends and in the middle, and one of them by itself."""

TEXTS = {
    **FILES,
    "microphones": MICROPHONES,
    **{f"generated {seed}": text for seed, text in enumerate(GENERATED[:40])},
    "heads that read heads": ROOT.joinpath("tests", "specs", "ok", "heads-read-heads.yaml").read_text("utf-8"),
    "plain": PLAIN,
    "structured": STRUCTURED,
    "mistakes": MISTAKES,
    "skips": SKIPS.format(more=""),
    "skips with units": SKIPS.format(more=", units: 4"),
    "long": long(300),
    "many": long(120, 12),
    "different": DIFFERENT_MODULES,
    "alike": ALIKE_MODULES,
    "growing": GROWING,
    "stairs": stairs(20),
}
FEW = [name for name in TEXTS if not name.startswith("generated") or int(name.split()[1]) < 8]


@dataclass(frozen=True)
class Picture:
    """A spec with its drawing and what stands on the page below the title."""

    compilation: Compilation
    drawing: Drawing
    way: Way
    canvas: Canvas
    width: float
    height: float

    @property
    def typed(self) -> TypedGraph:
        assert self.compilation.typed is not None
        return self.compilation.typed


@cache
def compiled(name: str) -> Compilation:
    return read(TEXTS[name])


@cache
def picture(name: str, depth: int | None = None, right: bool = False) -> Picture:
    way = Way(right)
    drawing = draw_outline(compiled(name), depth)
    return Picture(compiled(name), drawing, way, *place(drawing, way))


def overlap(a: BoxShape | SmallText, b: BoxShape | SmallText) -> bool:
    return a.x < b.x + b.width and b.x < a.x + a.width and a.y < b.y + b.height and b.y < a.y + a.height


def assert_no_two_boxes_and_no_two_labels_overlap(shown: Picture) -> None:
    canvas = shown.canvas
    shapes: list[BoxShape | SmallText] = [*canvas.boxes, *(label for label in canvas.texts if label.text)]
    shapes.sort(key=lambda shape: shape.y)
    for index, one in enumerate(shapes):
        for other in shapes[index + 1 :]:
            if other.y >= one.y + one.height:
                break
            assert not overlap(one, other), (one, other)


def assert_boxes_are_inside_a_frame_or_outside(shown: Picture) -> None:
    canvas = shown.canvas
    for frame in canvas.frames:
        for other in (*canvas.boxes, *canvas.frames):
            apart = (
                other.x >= frame.x + frame.width
                or frame.x >= other.x + other.width
                or other.y >= frame.y + frame.height
                or frame.y >= other.y + other.height
            )
            assert apart or within(other, frame) or within(frame, other)


def within(inner: BoxShape | FrameShape, outer: BoxShape | FrameShape) -> bool:
    across = outer.x <= inner.x + 0.1 and inner.x + inner.width <= outer.x + outer.width + 0.1
    return across and outer.y <= inner.y + 0.1 and inner.y + inner.height <= outer.y + outer.height + 0.1


def assert_all_is_on_the_page(shown: Picture) -> None:
    shapes = [*shown.canvas.boxes, *shown.canvas.frames, *shown.canvas.texts]
    for shape in shapes:
        assert shape.x >= -0.1 and shape.x + shape.width <= shown.width + 0.1, shape
        assert shape.y >= -0.1 and shape.y + shape.height <= shown.height + MARGIN, shape
    for x, y in (point for line in shown.canvas.lines for point in line.points):
        assert -0.1 <= x <= shown.width + 0.1 and -0.1 <= y <= shown.height + 0.1


def assert_lines_along_the_way_go_around_boxes(shown: Picture) -> None:
    """Only across it, a line out of the middle of a split may pass behind the other lanes."""
    for line in shown.canvas.lines:
        for (x, y), (end, low) in pairwise(line.points):
            along = y == low if shown.way.right else x == end
            if not along:
                continue
            for box in shown.canvas.boxes:
                across = box.x + 0.1 < max(x, end) and min(x, end) < box.x + box.width - 0.1
                inside = across and box.y + 0.1 < max(y, low) and min(y, low) < box.y + box.height - 0.1
                assert not inside, (box.box.title, line)


def near(one: Point, other: Point) -> bool:
    return abs(one[0] - other[0]) < 0.6 and abs(one[1] - other[1]) < 0.6


def begins_at(box: BoxShape, point: Point) -> bool:
    """Whether a line that begins at a point leaves a box: at its edge, or at the edge of the cards behind it."""
    x, y = point
    reach = STACK + 0.6
    inside = box.x + 0.6 < x < box.x + box.width - 0.6 and box.y + 0.6 < y < box.y + box.height - 0.6
    return not inside and box.x - 0.6 <= x <= box.x + box.width + reach and box.y - 0.6 <= y <= box.y + box.height + reach


def ends_at(box: BoxShape, point: Point, right: bool) -> bool:
    """Whether an arrow that ends at a point enters a box at its beginning."""
    x, y = point
    begins = abs(x - box.x) < 0.6 and box.y <= y <= box.y + box.height
    above = abs(y - box.y) < 0.6 and box.x <= x <= box.x + box.width
    # A state enters at the side.
    return begins or above if "initial_state" in " ".join(box.detail) or box.box.held else begins if right else above


def drawn_edges(shown: Picture) -> set[tuple[int, int]]:
    """Every two boxes, by number, from the first of which lines lead to the second."""
    canvas, right = shown.canvas, shown.way.right
    after: dict[int, list[int]] = {}
    lines = canvas.lines
    places: dict[tuple[int, int], list[int]] = {}
    for number, line in enumerate(lines):
        places.setdefault((round(line.points[0][0]), round(line.points[0][1])), []).append(number)
    for number, line in enumerate(lines):
        x, y = line.points[-1]
        around = [(round(x) + dx, round(y) + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
        after[number] = [other for key in around for other in places.get(key, ()) if near(lines[other].points[0], (x, y))]
    found = set()
    for source, box in enumerate(canvas.boxes):
        todo = [number for number, line in enumerate(lines) if begins_at(box, line.points[0]) and not before(lines, line)]
        seen = set(todo)
        while todo:
            number = todo.pop()
            reached = [i for i, each in enumerate(canvas.boxes) if ends_at(each, lines[number].points[-1], right)]
            found |= {(source, target) for target in reached if lines[number].arrow}
            fresh = [each for each in after[number] if each not in seen] if not reached else []
            seen.update(fresh)
            todo += fresh
    return found


def before(lines: list[Line], line: Line) -> bool:
    """Whether a line goes on from another, which it does where that one ends."""
    return any(other is not line and near(other.points[-1], line.points[0]) for other in lines)


def true_edges(shown: Picture) -> tuple[set[tuple[int, int]], set[tuple[int, int]]]:
    """Every two boxes of which one reads the other in the graph; and those that are so only from one copy to the next."""
    home: dict[str, int] = {}
    number_of: dict[str, int] = {}
    for number, shape in enumerate(shown.canvas.boxes):
        for copy, ids in enumerate(list_copies(shape.box)):
            for id in ids:
                home[id], number_of[id] = number, copy
    nodes = shown.typed.nodes

    def sources(id: str) -> Iterator[str]:
        """The drawn nodes whose output a node reads, through what is not drawn."""
        for each in nodes[id].node.inputs:
            if each in home:
                yield each
            else:
                yield from sources(each)

    must: set[tuple[int, int]] = set()
    may: set[tuple[int, int]] = set()
    for id, number in home.items():
        for index, source in enumerate(sources(id)):
            op = nodes[id].node.op
            if index and isinstance(op, Projection):
                continue  # it looks at the shape of what it is added to
            if index and op is not None and "initial_state" in op.arguments:
                may.add((home[source], number))  # inside an area, and on a circle of areas, it is told in the box alone
                continue
            if home[source] != number or len(list_copies(shown.canvas.boxes[number].box)) > 1:
                many = (
                    len(list_copies(shown.canvas.boxes[number].box)) > 1
                    and len(list_copies(shown.canvas.boxes[home[source]].box)) > 1
                )
                again = many and number_of[source] != number_of[id]
                (may if again else must).add((home[source], number))
    return must - {(a, a) for a in home.values()}, may


def assert_lines_lead_from_each_box_to_those_that_read_it_and_to_no_other(shown: Picture) -> None:
    if not shown.compilation.ok:  # what could not be read is read from nowhere
        return
    must, may = true_edges(shown)
    drawn = drawn_edges(shown)
    told = [shape.box.name or shape.box.title for shape in shown.canvas.boxes]
    assert not {(told[a], told[b]) for a, b in must - drawn}
    assert not {(told[a], told[b]) for a, b in drawn - must - may}


def shown_params(items: tuple[Element, ...]) -> int:
    """The sum of what is written at boxes, and at the top of what is drawn once for several."""
    found = 0
    for item in items:
        if isinstance(item, Box):
            found += item.params
        elif isinstance(item, DrawnFrame) and item.unseen:
            found += sum(box.params for box in iterate_all_boxes((item,)))
        elif isinstance(item, DrawnFrame):
            found += shown_params(item.items)
        else:
            found += item.merge.params + sum(shown_params(lane.items) for lane in item.lanes)
    return found


def contents(area: Area) -> tuple[Element, ...]:
    joined = () if area.join is None else (*(item for lane in area.join.lanes for item in lane.items), area.join.merge)
    return (*joined, *area.items)


def assert_parameters_and_layers_add_up(shown: Picture) -> None:
    areas = [each for area in shown.drawing.areas for each in area.members or (area,)]
    assert sum(shown_params(contents(area)) for area in areas) == shown.typed.params
    classes = [each for area in areas for box in iterate_all_boxes(contents(area)) for each in box.classes]
    if shown.compilation.ok:  # what could not be read is shown and is no layer
        # An inner layer is shown as a line out of its backbone.
        nodes = [node.node for node in shown.typed.nodes.values() if not isinstance(node.node.op, InnerLayer)]
        assert len(classes) == sum(not node.hidden for node in nodes)


def assert_what_is_drawn_once_is_said_of_every_copy(shown: Picture) -> None:
    nodes = shown.typed.nodes
    for box in (box for area in shown.drawing.areas for box in iterate_boxes(contents(area))):
        every = list_copies(box)
        assert len({len(ids) for ids in every}) == 1
        for same in zip(*every, strict=True):
            assert len({type(nodes[id].node.op) for id in same}) == 1
        params = tuple(sum(nodes[id].params for id in ids) for ids in every)
        assert (box.each or (box.params,)) == params
        if len(every) == 1:
            continue
        gives = {shown.drawing.flows[ids[-1]].shape for ids in every}
        assert box.gives.shape in gives if len(gives) == 1 else re.search(" to | or ", box.gives.shape)
        low, high = min(params), max(params)
        written = describe_params(box.params, box.each)
        assert written == "" if high == 0 else f"{high:,} param" in written and f"{low:,}" in written and "each" in written


CHECKS = (
    assert_no_two_boxes_and_no_two_labels_overlap,
    assert_boxes_are_inside_a_frame_or_outside,
    assert_all_is_on_the_page,
    assert_lines_along_the_way_go_around_boxes,
    assert_lines_lead_from_each_box_to_those_that_read_it_and_to_no_other,
    assert_parameters_and_layers_add_up,
    assert_what_is_drawn_once_is_said_of_every_copy,
)


@pytest.mark.sampled(every=2, long=1)
@pytest.mark.parametrize("name", TEXTS)
def test_every_picture_is_true_and_nothing_is_in_the_way(name: str) -> None:
    ways = [(None, False), (None, True), (0, False), (0, True), (1, True), (2, False), (3, True)]
    for depth, right in ways if name in FEW else ways[:1]:
        for check in CHECKS:
            check(picture(name, depth, right))


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("depth", [None, 0, 1])
def test_no_picture_of_ours_is_taller_than_twice_its_width(name: str, depth: int | None) -> None:
    width, height = read_sides(compiled(name).to_svg(depth))
    assert height <= 2 * width


def test_a_staircase_stays_under_one_to_two() -> None:
    for count in (6, 20, 60):
        width, height = read_sides(read(stairs(count)).to_svg())
        assert height <= 2 * width <= 4 * height and width < 200 * count


@pytest.mark.parametrize("name", FILES)
def test_a_picture_in_one_line_stands_in_the_middle(name: str) -> None:
    shown = picture(name)
    rows = DrawnRows(shown.drawing, Way())
    if rows.axis is None or len(shown.canvas.lines) != len(rows.canvas.lines):
        return
    for shape in shown.canvas.boxes:
        if shape.box.look in ("input", "output", "fusion"):
            assert shape.x + shape.width / 2 == pytest.approx(shown.width / 2, abs=0.5)


def test_most_specs_of_one_branch_are_drawn_in_one_line() -> None:
    single = [name for name in FILES if FILES[name].count("\n    input:") == 1]
    assert sum(DrawnRows(draw_outline(compiled(name)), Way()).axis is not None for name in single) > 0.7 * len(single) > 10


@pytest.mark.parametrize("right", [False, True])
def test_modules_of_different_width_are_never_one(right: bool) -> None:
    shown = picture("different", None, right)
    modules = [shape for shape in shown.canvas.boxes if shape.box.title == "module"]
    assert len(modules) == 9 and not any(shape.box.copies for shape in modules)
    assert len({shape.box.params for shape in modules}) == 9


def labels_out_of(name: str, depth: int | None = None) -> list[str]:
    return [label.text for label in picture(name, depth).canvas.texts if re.search("cop(y|ies) |each of|·", label.text)]


def test_lines_out_of_what_is_drawn_once_say_of_which_copy() -> None:
    assert labels_out_of("alike") == ["copy 6 of 9 · 16 × 16 × 16"]
    assert labels_out_of("skips with units") == ["each of 6 · steps × 8", "copy 4 of 6 · steps × 8", "copy 5 of 6 · steps × 8"]
    assert labels_out_of("alike", 0) == ["early · 16 × 16 × 16"]
    assert labels_out_of("different", 0) == ["early · 16 × 16 × 36"]


def test_copies_within_copies_are_counted_in_their_order() -> None:
    text = GROWING.replace("times: 3, layers: [{Repeat", "times: 4, layers: [{Repeat")
    labels = [label.text for label in place(draw_outline(read(text)))[0].texts if "cop" in label.text]
    assert labels == ["copy 8 of 20 · steps × 8"]


def test_rounds_that_differ_are_said_as_a_range() -> None:
    shown = {shape.box.title: shape for shape in picture("growing").canvas.boxes if shape.box.copies}
    assert shown["Conv1D"].detail == ("8 × 2, causal, dilation 1 to 8",)
    assert shown["Conv1D"].note == "72 to 136 params each"


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["8 × 3, relu"] * 3, "8 × 3, relu"),
        (["dilation 4", "dilation 1", "dilation 16"], "dilation 1 to 16"),
        (["1,000 units, relu", "64 units, relu"], "64 to 1,000 units, relu"),
        (["rate 0.5", "rate 0.25"], "rate 0.25 to 0.5"),
        (["dilation 1 to 8", "dilation 2 to 4"], "dilation 1 to 8"),
        (["relu", "tanh"], "relu or tanh"),
        (["a", "b", "c", "d", "e"], "a or 4 others"),
        (["same", "same, relu"], "same or same, relu"),
        (["axis -1", "axis -2"], "axis -2 to -1"),
        (["62 × 32", "31 × 64"], "31 to 62 × 32 to 64"),
    ],
)
def test_several_texts_become_one(texts: list[str], said: str) -> None:
    assert merge_texts(texts) == said


def kinds(drawing: Drawing) -> set[type]:
    return {type(each) for area in drawing.areas for each in iterate_elements(contents(area))}


@pytest.mark.parametrize("name", FEW)
def test_depth_opens_structure_so_deep(name: str) -> None:
    none, one, deep = (draw_outline(compiled(name), depth) for depth in (0, 1, 64))
    for area in none.areas:
        assert len(contents(area)) <= 1
    if name != "long":
        assert all(isinstance(item, Box) for area in one.areas for item in contents(area) if not isinstance(item, DrawnFrame))
        assert not any(isinstance(item, LaneSplit) for area in one.areas for item in contents(area))
    counts = [sum(1 for area in drawing.areas for _ in iterate_boxes(contents(area))) for drawing in (none, one, deep)]
    assert counts == sorted(counts)
    folded = [box for area in deep.areas for box in iterate_boxes(contents(area)) if box.look == "folded"]
    assert not folded or name == "long"


def test_a_box_for_all_of_a_branch_says_what_it_holds() -> None:
    shapes = {shape.box.title: shape for shape in picture("googlenet", 0).canvas.boxes}
    assert shapes["image"].note == "5,973,552 params"
    assert [line.replace("\u00a0", " ") for line in shapes["image"].detail] == [
        "image · 224 × 224 × 3",
        "79 layers: 57 Conv2D, 13 MaxPooling2D,",
        "9 concat",
    ]
    assert shapes["main"].detail[-1] == "output · 1000"
    assert picture("siamese", 0).canvas.boxes[1].note == "shared"


def test_a_mistake_shows_at_any_depth() -> None:
    for depth in (0, 1, 2, None):
        shapes = [shape for shape in picture("mistakes", depth).canvas.boxes if shape.box.state == "failed"]
        assert len(shapes) >= 4 and all(shape.message for shape in shapes)


def test_strips_are_no_more_than_are_needed() -> None:
    rows = DrawnRows(draw_outline(compiled("arrhythmia-attention")), Way())
    same, height = wrap(rows.canvas, rows.height, rows.seams, lambda width, height: True)
    assert same is rows.canvas and height == rows.height
    sizes = [
        wrap(rows.canvas, rows.height, rows.seams, lambda width, height, most=most: height < most * width)[1]
        for most in (8, 4, 2, 1)
    ]
    assert sizes == sorted(sizes, reverse=True) and sizes[0] > sizes[-1]


@pytest.mark.parametrize("text", [long(1000, 1), long(500, 500), stairs(100)], ids=["long", "wide", "stairs"])
def test_large_graphs_are_drawn(text: str) -> None:
    compilation = read(text)
    svg = compilation.to_svg(1)
    assert svg.endswith("</svg>\n") and svg == compilation.to_svg(1)
    assert compilation.to_svg(0, "right").endswith("</svg>\n")


def test_the_width_is_that_of_the_page() -> None:
    compilation = compiled("equipment-fault")
    width, height = read_sides(compilation.to_svg())
    svg = compilation.to_svg(width=312)
    assert read_sides(svg) == (312, round(height * 312 / width)) and f'viewBox="0 0 {width} {height}"' in svg
    assert svg.partition("<title")[2] == compilation.to_svg().partition("<title")[2]
    assert read_sides(read("").to_svg(width=300))[0] == 300


@pytest.mark.parametrize(("depth", "direction", "width"), [(-1, "down", None), (None, "up", None), (None, "down", 0)])
def test_what_cannot_be_is_refused(depth: int | None, direction: Any, width: int | None) -> None:
    with pytest.raises(ValueError, match="a depth is 0 or more"):
        compiled("equipment-fault").to_svg(depth, direction, width)


@pytest.mark.parametrize(
    ("image", "name", "depth"), [("equipment-fault", "equipment-fault", None), ("googlenet", "googlenet", 0)]
)
def test_the_pictures_in_the_docs_are_those_that_are_drawn(image: str, name: str, depth: int | None) -> None:
    assert (FOLDER.parent / "docs" / "images" / f"{image}.svg").read_text("utf-8") == compiled(name).to_svg(depth)


def test_branches_that_are_alike_are_drawn_once() -> None:
    """Read by the same they are one column, whose lines say which of them they come from; failing ones stay apart."""
    shown = picture("microphones")
    inputs = [shape.box for shape in shown.canvas.boxes if shape.box.look == "input"]
    assert [each.title for each in inputs] == ["5 × mic_left … mic_top", "other"]
    assert inputs[0].detail == "sequence · steps × features · 85,360 params"
    assert labels_out_of("microphones") == ["each of 5 · time × 32", "copy 3 of 5 · time × 32"]
    assert len(picture("stairs").drawing.areas) == 40
    apart = MICROPHONES.replace("filters: 32, kernel_size: 5", "filters: $number, kernel_size: 5")
    apart = apart.replace("back, top]", "back, top], number: [32, 32, 32, 32, 24]").replace('["mic_*.conv"]', "[mic_left.conv]")
    assert [area.title for area in draw_outline(read(apart)).areas][:2] == ["4 × mic_left … mic_back", "mic_top"]


def test_a_warning_of_branches_of_one_each_is_said_once() -> None:
    found = [each for each in compiled("microphones").diagnostics if each.code.name == "no-mask-for-length"]
    assert [len({label.place for label in each.labels}) for each in found] == [1]


STATES = """version: 1
name: states
branches:
  later:
    input: {kind: sequence, shape: [7, 3]}
    layers:
      - Conv1D: {filters: 4, kernel_size: 2, padding: same}
      - GRU: {units: 5, return_sequences: true, initial_state: image, name: told}
      - Bidirectional: {layer: {LSTM: {units: 6}}, initial_state: question.both}
  question:
    input: {kind: sequence, shape: [9, 3]}
    layers:
      - Bidirectional: {layer: {LSTM: {units: 6, return_sequences: true}}, name: both}
      - GlobalMaxPooling1D
  image:
    input: {kind: image, shape: [8, 8, 3]}
    layers: [Flatten, {Dense: {units: 5}}]
  circled:
    input: {kind: sequence, shape: [7, 3]}
    layers: [{GRU: {units: 5, return_sequences: true, name: first}}, {GRU: {units: 5, initial_state: turned.first}}]
  turned:
    input: {kind: sequence, shape: [7, 3]}
    layers: [{GRU: {units: 5, return_sequences: true, name: first}}, {GRU: {units: 5, initial_state: circled.first}}]
fusion: {strategy: concat}
head: [{Dense: {units: 1}}]
"""


@pytest.mark.parametrize("right", [False, True])
@pytest.mark.parametrize("depth", [None, 0])
def test_states_are_lines_that_enter_at_the_side(depth: int | None, right: bool) -> None:
    """From whatever area they come; where areas read each other, one of the two states is told in its box alone."""
    drawing, way = draw_outline(read(STATES), depth), Way(right)
    shown = Picture(read(STATES), drawing, way, *place(drawing, way))
    for check in CHECKS:
        check(shown)
    told = [shape.box.name or shape.box.title for shape in shown.canvas.boxes]
    edges = {(told[a], told[b]) for a, b in drawn_edges(shown)}
    if depth is None:
        assert {("image_dense", "told"), ("both", "later_bidirectional")} <= edges
        circle = {("circled_first", "turned_gru"), ("turned_first", "circled_gru")}
        assert len(circle & edges) == 1
    else:
        assert {("image", "later"), ("question", "later")} <= edges
