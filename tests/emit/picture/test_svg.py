"""Pictures: what is drawn, that nothing stands in the way of anything else, and that a PNG comes of it."""

from __future__ import annotations

import random
import struct
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator

import pytest

from cnnlstm_spec.compiler.compile import Compilation, compile_source
from cnnlstm_spec.emit.picture.layout import DETAIL, TITLE
from cnnlstm_spec.emit.picture.outline import draw_outline
from cnnlstm_spec.emit.picture.png import to_png
from cnnlstm_spec.emit.picture.rows import DrawnRows
from cnnlstm_spec.emit.picture.shapes import Canvas
from cnnlstm_spec.emit.picture.text import MISSING, load_widths, measure_width
from cnnlstm_spec.emit.picture.way import NAME, Way
from cnnlstm_spec.text.source import Source

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

SKIPS = """
version: 1
name: skips
branches:
  x:
    input: {{kind: sequence, shape: [steps, 8]}}
    layers:
      - Repeat: {{name: body, times: 6, layers: [{{Conv1D: {{filters: 8, kernel_size: 3, padding: same, name: c}}}}, ReLU]}}
      - GlobalAveragePooling1D: {{name: mean}}
fusion: {{strategy: add, inputs: [x.c, x.c_1, x.c_2, x.c_3, x.c_4, x.c_5]{more}}}
heads:
  a: []
  b: {{inputs: [x], layers: []}}
  c: {{inputs: [x.c_3], layers: [{{Op: {{name: abs}}}}]}}
  d: {{inputs: [x.c_4], layers: []}}
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
    lines = [
        "version: 1",
        f"name: made-{seed}",
        "blocks: {some_block: {parameters: {units: 4}, layers: [{Dense: {units: $units}}, ReLU]}}",
    ]
    lines.append("branches:")
    for index in range(count):
        lines.append(f"  b{index}:")
        lines.append(f"    input: {{kind: sequence, shape: [steps, {chance.choice((4, 1000))}]}}")
        lines.append(f"    layers: [{', '.join([*layers(0), '{Dense: {units: 16, name: mid}}', *layers(0)])}]")
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
    heads = range(chance.randint(1, 4))
    lines += [f"  h{index}: {{inputs: [{chance.choice(names)}], layers: [{', '.join(layers(1))}]}}" for index in heads]
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
SPECS = [PLAIN, STRUCTURED, MISTAKES, SKIPS.format(more=""), SKIPS.format(more=", units: 4")]
SPECS += [long(30), long(300), long(300, 10), *GENERATED]


def canvas_of(text: str) -> Canvas:
    return DrawnRows(draw_outline(read(text)), Way()).canvas


@pytest.mark.sampled(every=4, long=2)
@pytest.mark.parametrize("text", SPECS)
def test_svg_is_valid_and_always_the_same(text: str) -> None:
    svg = read(text).to_svg()
    assert svg == read(text).to_svg()
    root = ElementTree.fromstring(svg)
    assert root.tag == f"{SVG}svg" and root.get("role") == "img"
    assert "href" not in svg and "url(" not in svg and "prefers-color-scheme" in svg


@pytest.mark.sampled(every=2, long=2)
@pytest.mark.parametrize("text", SPECS)
def test_every_layer_is_named(text: str) -> None:
    compilation = read(text)
    assert compilation.graph is not None
    shown = words(compilation.to_svg())
    for node in compilation.graph.nodes.values():
        if not node.hidden and node.op is not None and node.area != "unknown":
            assert node.layer in shown


def test_texts_fit_into_their_boxes() -> None:
    for text in SPECS[:12]:
        for box in canvas_of(text).boxes:
            for line, size in ((box.title, TITLE), (box.name, NAME), *((each, DETAIL) for each in box.detail)):
                assert measure_width(line, size, size == TITLE) <= box.width - 16


def test_a_long_number_is_no_fraction() -> None:
    layers = "[{Normalization: {mean: [106.31099992, 0.1234567], variance: 1}}, {Dense: {units: 2}}]"
    row = "{input: {kind: vector, shape: [2]}, layers: " + layers + "}"
    shown = words(read(f"version: 1\nname: x\nbranches: {{row: {row}}}\nhead: []\n").to_svg())
    assert "106.311, 0.123457" in shown and "1/" not in shown


def test_mistakes_are_marked_with_their_message() -> None:
    shapes = {shape.box.title: shape.box for shape in canvas_of(MISTAKES).boxes}
    assert shapes["LSTM"].state == "failed" and "positive integer" in shapes["LSTM"].message
    assert "no layer `Dens`" in shapes["Dens"].message
    assert shapes["TimeDistributed"].state == "failed" and "steps" in shapes["TimeDistributed"].message
    assert "`oter`" in shapes["concat"].message
    assert shapes["other"].state == "failed"
    assert shapes["Dense"].state == "dim" and shapes["Dense"].gives.shape == "?"
    assert shapes["MaxPooling2D"].state == "ok"
    assert read(MISTAKES).to_svg().count('class="b bad"') == 6


def test_a_head_that_reads_nothing_stands_apart() -> None:
    without = PLAIN[: PLAIN.index("fusion:")]
    boxes = sorted(canvas_of(without).boxes, key=lambda shape: shape.y)
    head = next(shape for shape in boxes if shape.box.title == "head")
    assert head.y >= max(shape.y + shape.height for shape in boxes if shape.tone != "head") + 20
    assert "`head`" in words(read(without).to_svg())


def test_mistakes_elsewhere_are_told_above() -> None:
    svg = words(read(PLAIN + "compile: {optimizer: addam, loss: mse}\n").to_svg())
    assert "addam" in svg


def test_what_cannot_be_read_gives_a_picture_that_says_so() -> None:
    for text in ("", "a: [", "- 1", "version: 1\nname: x\n", "version: 1\nname: x\nbranches: {}\nhead: []\n"):
        compilation = read(text)
        assert not compilation.ok
        svg = compilation.to_svg()
        assert "nothing to draw" in words(svg)
        assert compilation.diagnostics[0].message.split()[0] in words(svg)


def test_any_text_stays_text() -> None:
    description = 'a <b> & \\"c\\" ]]> 视频模型 \\u0007 \\u0000 \\U0001F600'
    text = PLAIN.replace("name: fault", 'name: "<script>&\\"\'视频"')
    text = text.replace("description: Thermal image plus vibration.", f'description: "{description}"')
    svg = read(text).to_svg()
    shown = words(svg)
    assert "<script>&\"'视频" in shown and 'a <b> & "c" ]]> 视频模型' in shown
    assert "<script>" not in svg and "\x07" not in svg and "\x00" not in svg


def test_masks_are_told() -> None:
    shapes = {shape.box.name: shape.box.gives for shape in canvas_of(PLAIN).boxes}
    assert shapes["vibration_lstm"].mask == "mask"
    assert shapes["vibration_conv1d"].mask == "mask lost"
    assert shapes["vibration_lstm_1"].mask == ""
    assert shapes["vibration_lstm"].shape == "steps × 64"


def test_structure_is_framed() -> None:
    canvas = canvas_of(STRUCTURED)
    assert {"per step · frames_cnn", "conv_bn", "Residual · res", "Parallel · se", "Repeat × 6", "Repeat × 2"} <= {
        frame.title for frame in canvas.frames
    }
    shared = next(shape.box for shape in canvas.boxes if shape.box.look == "shared")
    assert shared.title == "layers of left" and shared.params == 0 and len(shared.classes) == 5


def test_copies_are_titled_by_the_names_that_they_got() -> None:
    skip = "{Residual: {name: skip, layers: [{named: {name: inner}}]}}"
    text = (
        "version: 1\nname: x\nblocks: {named: {layers: [{Dense: {units: 4}}]}}\nbranches:\n  a:\n"
        f"    input: {{kind: vector, shape: [4]}}\n    layers: [{{Repeat: {{name: all, times: 2, layers: [{skip}]}}}}]\nhead: []\n"
    )
    titles = [frame.title for frame in canvas_of(text).frames]
    assert titles == ["Repeat × 2 · all", "Residual · skip", "named · inner", "Residual · skip_1", "named · inner_1"]


def test_an_empty_path_is_a_line_with_its_name() -> None:
    text = (
        "version: 1\nname: x\nbranches:\n  a:\n    input: {kind: sequence, shape: [5, 4]}\n    layers:\n"
        "      - Parallel:\n          paths: {keys: [{Dense: {units: 4}}], as_it_is: [], question: []}\n"
        "          merge: {strategy: cross_attention, query: question}\nhead: []\n"
    )
    canvas = canvas_of(text)
    lanes = [label.text for label in sorted(canvas.texts, key=lambda label: label.x) if label.look == "lane"]
    assert lanes == ["question", "keys", "as_it_is"]
    assert [shape.box.title for shape in canvas.boxes] == ["a", "Dense", "cross_attention", "head"]


@pytest.mark.parametrize(("more", "boxes"), [("", 10), (", units: 4", 11)])
def test_inputs_of_a_fusion_from_equal_rounds_are_drawn_once(more: str, boxes: int) -> None:
    canvas = canvas_of(SKIPS.format(more=more))
    assert len(canvas.boxes) == boxes
    into = next(shape for shape in canvas.boxes if shape.box.look == "fusion")
    assert sum(line.arrow and line.points[-1][1] == into.y for line in canvas.lines) == 1
    assert next(shape.detail for shape in canvas.boxes if shape.box.title == "Op") == ("abs",)
    assert "× 6" in {*(label.text for label in canvas.texts), *(frame.title for frame in canvas.frames)}


@pytest.mark.parametrize(("text", "most"), [(long(30), 34), (long(300), 50), (long(300, 10), 130)])
def test_long_specs_are_folded(text: str, most: int) -> None:
    boxes = canvas_of(text).boxes
    assert len(boxes) <= most
    compilation = read(text)
    assert compilation.typed is not None
    assert sum(shape.box.params for shape in boxes) == compilation.typed.params
    assert any(shape.box.look == "folded" for shape in boxes) == (most != 34)


def test_patterns_are_drawn_once() -> None:
    body = "\n".join(["      - Conv1D: {filters: 16, kernel_size: 3, padding: same}\n      - ReLU"] * 40)
    text = f"version: 1\nname: x\nbranches:\n  a:\n    input: {{kind: sequence, shape: [9, 16]}}\n    layers:\n{body}\nhead: []\n"
    canvas = canvas_of(text)
    assert [frame.title for frame in canvas.frames] == ["× 40"]
    assert len(canvas.boxes) == 4


def test_rounds_that_differ_in_an_argument_are_drawn_once() -> None:
    layer = "Conv1D: {filters: 16, kernel_size: 2, padding: causal, dilation_rate: $rate}"
    repeat = f"Repeat: {{each: {{rate: [1, 2, 4, 8]}}, layers: [{{{layer}}}, ReLU]}}"
    text = (
        f"version: 1\nname: x\nbranches:\n  a:\n    input: {{kind: sequence, shape: [9, 16]}}\n    layers: [{repeat}]\nhead: []\n"
    )
    canvas = canvas_of(text)
    assert [frame.title for frame in canvas.frames] == ["Repeat × 4"]
    assert [shape.box.detail for shape in canvas.boxes if shape.box.title == "Conv1D"] == ["16 × 2, causal, dilation 1 to 8"]


def test_whatever_is_left_of_a_spec_is_drawn() -> None:
    lines = STRUCTURED.splitlines()
    for end in range(1, len(lines)):
        ElementTree.fromstring(read("\n".join(lines[:end])).to_svg())


def test_what_fails_is_never_folded() -> None:
    lines = long(300).splitlines()
    place = next(index for index, line in enumerate(lines) if "Dense" in line) + 70
    lines[place] = "      - LSTM: {units: 4}"
    failed = [shape.box for shape in canvas_of("\n".join(lines)).boxes if shape.box.state == "failed"]
    assert [box.title for box in failed] == ["LSTM"]


def test_both_weights_of_the_font_have_the_same_characters() -> None:
    assert load_widths().keys() == load_widths(bold=True).keys()
    assert MISSING in load_widths() and "×" in load_widths() and "→" in load_widths() and "α" in load_widths()


@pytest.mark.parametrize("text", [PLAIN, STRUCTURED, MISTAKES, "", PLAIN.replace("Thermal", "视频")])
def test_png_has_the_size_of_the_svg(text: str) -> None:
    pytest.importorskip("resvg_py")
    svg = read(text).to_svg()
    root = ElementTree.fromstring(svg)
    png = to_png(svg, scale=2)
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", png[16:24]) == (2 * int(root.get("width", "0")), 2 * int(root.get("height", "0")))
    assert png == to_png(svg, scale=2)


def test_png_without_its_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(ImportError, match=r"pip install '\.\[plot\]' in a checkout"):
        to_png("<svg/>")
