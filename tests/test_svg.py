"""Pictures: what is drawn, that nothing stands in the way of anything else, and that a PNG comes of it."""

from __future__ import annotations

import random
import struct
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator

import pytest

from cnnlstm_spec.compiler import Compilation, compile_source
from cnnlstm_spec.emit.outline import outline
from cnnlstm_spec.emit.rows import Rows
from cnnlstm_spec.emit.shapes import BoxShape, Canvas
from cnnlstm_spec.source import Source

SVG = "{http://www.w3.org/2000/svg}"

PLAIN = """
version: 1
name: fault
description: Thermal image plus vibration.
branches:
  thermal:
    input: {kind: image, shape: [64, 64, 1]}
    layers:
      - Conv2D: {filters: 32, kernel_size: 3, activation: relu}
      - MaxPooling2D: {pool_size: 2}
      - Flatten
  vibration:
    input: {kind: sequence, shape: [steps, 50], mask_input: real}
    layers:
      - LSTM: {units: 64, return_sequences: true}
      - Conv1D: {filters: 8, kernel_size: 3}
      - LSTM: {units: 64}
fusion: {strategy: concat}
head:
  - Dense: {units: 1, activation: sigmoid}
"""

STRUCTURED = """
version: 1
name: structured
blocks:
  conv_bn:
    parameters: {filters: required}
    layers:
      - Conv2D: {filters: $filters, kernel_size: 3, padding: same, use_bias: false}
      - BatchNormalization
      - ReLU
branches:
  video:
    input: {kind: video, shape: [frames, 32, 32, 3]}
    layers:
      - TimeDistributed:
          name: frames_cnn
          layers:
            - conv_bn: {filters: 16}
            - Residual: {name: res, layers: [{conv_bn: {filters: 32}}], shortcut: projection}
            - Parallel:
                name: se
                paths:
                  gate: [GlobalAveragePooling2D, {Dense: {units: 32, activation: sigmoid}}]
                  same: []
                merge: {strategy: multiply, broadcast: true}
            - GlobalAveragePooling2D
      - LSTM: {units: 64, return_sequences: true, name: steps}
      - LSTM: {units: 64}
  audio:
    input: {kind: sequence, shape: [40, 16]}
    layers:
      - Repeat: {times: 6, layers: [{Conv1D: {filters: 64, kernel_size: 3, padding: same}}, {Dropout: {rate: 0.2}}]}
      - Repeat: {times: 2, layers: [{Dense: {units: 64}}, ReLU]}
      - GlobalAveragePooling1D: {name: pool}
      - Residual: {layers: [{Dense: {units: 64}}]}
  left:
    input: {kind: image, shape: [8, 8, 1]}
    layers: [{conv_bn: {filters: 4}}, Flatten, {Dense: {units: 64, name: d}}]
  right:
    input: {kind: image, shape: [8, 8, 1]}
    share_layers_with: left
    layers: [{Dense: {units: 64}}]
fusion:
  - {name: av, strategy: learned_weights, inputs: [video, audio], units: 32, layers: [LayerNormalization]}
  - {name: all, strategy: concat, inputs: [left, av, audio.pool, right, left.d]}
heads:
  event: [{Dense: {units: 10, activation: softmax}}]
  aux: {inputs: [video.steps], layers: [GlobalAveragePooling1D, {Dense: {units: 1}}]}
  both: {inputs: [right, av], strategy: attention, units: 8, layers: [{Dense: {units: 2}}]}
"""

MISTAKES = """
version: 1
name: mistakes
branches:
  thermal:
    input: {kind: image, shape: [64, 64, 1]}
    layers:
      - MaxPooling2D: {pool_size: 2}
      - LSTM: {units: 64}
      - Dense: {units: 3}
  vib:
    input: {kind: sequence, shape: [100, 50]}
    layers: [{LSTM: {units: "64"}}, {Dens: {units: 2}}]
  other:
    input: {kind: sequence, shape: [100]}
  timed:
    input: {kind: vector, shape: [5]}
    layers: [{TimeDistributed: [Flatten]}]
fusion: {strategy: concat, inputs: [thermal, vib, oter, timed]}
head: [{Dense: {units: 1}}]
"""


def read(text: str) -> Compilation:
    return compile_source(Source("test.yaml", text))


def words(svg: str) -> str:
    root = ElementTree.fromstring(svg)
    return "\n".join(each.text or "" for each in root.iter() if each.tag in (f"{SVG}text", f"{SVG}title", f"{SVG}desc"))


def generated(seed: int) -> str:
    """A spec of random branches, structures and fusions."""
    chance = random.Random(seed)

    def layers(depth: int) -> Iterator[str]:
        for _ in range(chance.randint(0, 4)):
            kind = chance.randrange(8 if depth < 3 else 3)
            inner = ", ".join(layers(depth + 1)) if kind > 3 else ""
            units = "{Dense: {units: 16}}"
            if kind == 0:
                yield "ReLU"
            elif kind == 1:
                yield "{Dropout: {rate: 0.25}}"
            elif kind in (2, 3):
                yield units
            elif kind == 4:
                yield f"{{Residual: {{layers: [{inner + ', ' if inner else ''}{units}], shortcut: projection}}}}"
            elif kind == 5:
                yield f"{{Parallel: {{paths: {{a: [{inner}], bb: [{units}], c: []}}, merge: concat}}}}"
            elif kind == 6:
                yield f"{{Repeat: {{times: {chance.randint(0, 6)}, layers: [{inner}]}}}}"
            else:
                yield f"{{some_block: {{units: {chance.choice((8, 16))}}}}}"

    count = chance.randint(1, 9)
    lines = ["version: 1", f"name: made-{seed}", "blocks: {some_block: {parameters: {units: 4}, layers: [{Dense: {units: $units}}, ReLU]}}"]
    lines.append("branches:")
    for index in range(count):
        lines.append(f"  b{index}:")
        lines.append(f"    input: {{kind: sequence, shape: [steps, {chance.choice((4, 1000))}]}}")
        lines.append(f"    layers: [{', '.join([*layers(0), f'{{Dense: {{units: 16, name: mid}}}}', *layers(0)])}]")
    names = [f"b{index}" for index in range(count)]
    lines.append("fusion:")
    for stage in range(chance.randint(1, 4)):
        picked = chance.sample(names, chance.randint(1, len(names)))
        picked += [f"b{chance.randrange(count)}.mid"] if chance.random() < 0.5 else []
        units = ", units: 8" if chance.random() < 0.5 else ""
        strategy = chance.choice(("concat", "attention"))
        units = ", units: 8" if strategy == "attention" else units
        lines.append(f"  - {{name: f{stage}, strategy: {strategy}, inputs: [{', '.join(picked)}]{units}}}")
        names.append(f"f{stage}")
    lines.append("heads:")
    for index in range(chance.randint(1, 4)):
        lines.append(f"  h{index}: {{inputs: [{chance.choice(names)}], layers: [{', '.join(layers(1))}]}}")
    return "\n".join(lines) + "\n"


def long(count: int, branches: int = 2) -> str:
    """A spec of so many layers without a pattern."""
    chance = random.Random(count)
    lines = ["version: 1", "name: long", "branches:"]
    for branch in range(branches):
        lines += [f"  b{branch}:", "    input: {kind: vector, shape: [8]}", "    layers:"]
        lines += [f"      - Dense: {{units: {chance.choice((4, 8, 16, 32))}}}" for _ in range(count // branches)]
    return "\n".join([*lines, "fusion: {strategy: concat}", "head: []", ""])


GENERATED = [generated(seed) for seed in range(60)]
SPECS = [PLAIN, STRUCTURED, MISTAKES, long(30), long(300), long(300, 10), *GENERATED]


def canvas_of(text: str) -> Canvas:
    return Rows(outline(read(text)), 0).canvas


@pytest.mark.parametrize("text", SPECS)
def test_svg_is_valid_and_always_the_same(text: str) -> None:
    svg = read(text).to_svg()
    assert svg == read(text).to_svg()
    root = ElementTree.fromstring(svg)
    assert root.tag == f"{SVG}svg" and root.get("role") == "img"
    assert "href" not in svg and "url(" not in svg and "prefers-color-scheme" in svg


@pytest.mark.parametrize("text", SPECS)
def test_every_layer_is_named(text: str) -> None:
    compilation = read(text)
    assert compilation.graph is not None
    shown = words(compilation.to_svg())
    for node in compilation.graph.nodes.values():
        if not node.hidden and node.op is not None and node.area != "unknown":
            assert node.layer in shown


def overlap(a: BoxShape, b: BoxShape) -> bool:
    return a.x < b.x + b.width and b.x < a.x + a.width and a.y < b.y + b.height and b.y < a.y + a.height


@pytest.mark.parametrize("text", SPECS)
def test_boxes_do_not_overlap(text: str) -> None:
    boxes = sorted(canvas_of(text).boxes, key=lambda box: box.y)
    for index, one in enumerate(boxes):
        for other in boxes[index + 1 :]:
            if other.y >= one.y + one.height:
                break
            assert not overlap(one, other), (one.box.name, other.box.name)


@pytest.mark.parametrize("text", SPECS)
def test_boxes_are_inside_a_frame_or_outside(text: str) -> None:
    canvas = canvas_of(text)
    for frame in canvas.frames:
        for box in (*canvas.boxes, *canvas.frames):
            across = frame.x < box.x + box.width and box.x < frame.x + frame.width
            apart = not across or box.y >= frame.y + frame.height or box.y + box.height <= frame.y
            inside = frame.x <= box.x and box.x + box.width <= frame.x + frame.width
            inside = inside and frame.y <= box.y and box.y + box.height <= frame.y + frame.height
            around = box.x <= frame.x and frame.x + frame.width <= box.x + box.width
            around = around and box.y <= frame.y and frame.y + frame.height <= box.y + box.height
            assert apart or inside or around


@pytest.mark.parametrize("text", SPECS)
def test_labels_stand_clear(text: str) -> None:
    canvas = canvas_of(text)
    texts = [label for label in canvas.texts if label.text]
    for label in texts:
        for box in canvas.boxes:
            free = label.x + label.width <= box.x or label.x >= box.x + box.width or label.y <= box.y or label.y - 9 >= box.y + box.height
            assert free, (label, box.box.name, box.x, box.y)
    for index, one in enumerate(texts):
        for other in texts[index + 1 :]:
            apart = one.x + one.width <= other.x or other.x + other.width <= one.x or abs(one.y - other.y) >= 10
            assert apart, (one, other)


@pytest.mark.parametrize("text", SPECS)
def test_lines_between_areas_go_around_boxes(text: str) -> None:
    """A vertical stroke crosses no box; a line out of the middle of a split may pass behind its other lanes."""
    canvas = canvas_of(text)
    for line in canvas.lines:
        for (x, y), (end, low) in zip(line.points, line.points[1:], strict=False):
            if x != end:
                continue
            for box in canvas.boxes:
                inside = box.x < x < box.x + box.width and min(y, low) < box.y + box.height - 1 and max(y, low) > box.y + 1
                assert not inside, (box.box.name, line)
