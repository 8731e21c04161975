"""What the words of a text mean is noted as they are read: every layer, every name, and the same through a memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from places import ROOT

from cnnlstm_spec import load
from cnnlstm_spec.compiler.compile import Compilation
from cnnlstm_spec.compiler.variants import Sweep, sweep
from cnnlstm_spec.language.meanings import ArgumentValue, Index, Key, LayerName, NodePlace, TextMeaning, Word
from cnnlstm_spec.text.nodes import Listing, Mapping, Node
from cnnlstm_spec.text.read_source import read_file
from cnnlstm_spec.text.source import Source, Span, format_path
from cnnlstm_spec.text.texts import EditedTexts

SPECS = sorted((ROOT / "specs").glob("**/*.yaml"))

SPEC = """\
version: 1
name: small
vars: {width: 8, twice: "${width * 2}"}
blocks:
  pair:
    parameters: {units: required, rate: $width}
    layers:
      - Dense: {units: $units}
      - Repeat: {each: {size: [4, $width]}, layers: [{Dense: {units: $size}}]}
branches:
  left:
    input: {kind: vector, shape: [8]}
    layers:
      - pair: {units: $width, name: first, share: both}
      - Dense: {units: 4, name: last}
  right:
    input: {kind: vector, shape: [8]}
    layers: [{pair: {units: "${width}", share: both}}]
fusion:
  - {name: joined, inputs: [left.last, right], strategy: concat}
  - {name: again, inputs: [joined, left.first], strategy: concat}
heads:
  risk: [{Dense: {units: 1}}]
  kind: {inputs: [left], layers: [{Dense: {units: 2, name: out}}]}
compile: {optimizer: adam, loss: {risk: mse, kind: mse}}
expect: {branches.left.last: [4], heads.kind.out: [2], fusion.again: null}
"""
ENDS = {
    ("vars", "width"): 6,
    ("vars", "twice"): 1,
    ("blocks", "pair"): 3,
    ("blocks", "pair", "parameters", "units"): 4,
    ("blocks", "pair", "parameters", "rate"): 1,
    ("branches", "left"): 5,
    ("branches", "right"): 2,
    ("fusion", "joined"): 2,
    ("fusion", "again"): 2,
    ("heads", "risk"): 2,
    ("heads", "kind"): 3,
    ("share", "both"): 2,
    ("names", "left", "last"): 3,
    ("names", "left", "first"): 2,
    ("names", "heads", "kind", "out"): 2,
}


def prepared(path: Path) -> Sweep:
    return sweep(read_file(path), folder=path.parent, indexed=True)


def text_at(meaning: TextMeaning) -> str:
    span = meaning.span
    return span.source.text[span.start : span.end]


def rows(index: Index) -> set[tuple[Any, ...]]:
    """What an index holds, as values."""
    return {
        (type(each).__name__, each.span.source.name, each.span.start, each.span.end, getattr(each, "symbol", None))
        for each in index.meanings
    }


def test_every_use_of_a_name_is_one_of_its_words() -> None:
    compilation = sweep(Source("spec.yaml", SPEC), indexed=True).compile_plain()
    words = compilation.index.words
    found = {symbol: len(each) for symbol, each in words.items() if "each" not in symbol}
    assert found == ENDS
    assert [len(each) for symbol, each in words.items() if "each" in symbol] == [2]
    for symbol, each in words.items():
        assert {text_at(word) for word in each} == {symbol[-1]}
        assert symbol[0] == "share" or sum(word.defines for word in each) == 1, symbol


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_every_layer_and_argument_has_its_meaning(path: Path) -> None:
    compilation = prepared(path).compile_plain()
    index, typed = compilation.index, compilation.typed
    assert typed is not None
    for each in typed.nodes.values():
        span = each.node.origin.place.span
        meanings = index.find_at(span.source, span.start)
        if each.node.hidden or each.node.area.startswith("fusion"):
            continue
        assert any(isinstance(meaning, LayerName | ArgumentValue) for meaning in meanings), each.node.id
        for name, place in each.node.origin.written.keys.items():
            keys = [m for m in index.find_at(place.span.source, place.span.start) if isinstance(m, Key) and m.span == place.span]
            assert [key.name for key in keys] == [name]


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_every_node_has_its_places(path: Path) -> None:
    compilation = prepared(path).compile_plain()
    assert compilation.typed is not None
    found = sorted((id, each.span.start, each.span.end) for each in compilation.index.places for id in each.nodes)
    nodes = [each.node for each in compilation.typed.nodes.values()]
    uses = [(node.id, label.place.span) for node in nodes for label in node.origin.uses]
    spans = [*((node.id, node.origin.place.span) for node in nodes), *uses]
    assert found == sorted((id, span.start, span.end) for id, span in spans)
    assert [each for each in compilation.index.meanings if isinstance(each, NodePlace)] == list(compilation.index.places)


RUN = """\
version: 1
name: run
rules: {search-for-the-worst: error}
vars: {width: 4}
branches:
  x: {input: {kind: sequence, shape: [s, 4], padding_value: 0}, layers: [{LSTM: {units: $width}}]}
  y: {input: {kind: vector, shape: [3]}}
fusion: {strategy: concat}
head: [{Dense: {units: 1, activation: sigmoid}}]
compile: {optimizer: {Adam: {learning_rate: {CosineDecay: {initial_learning_rate: 0.1, decay_steps: 9}}}}, loss: binary_crossentropy}
data:
  train: {path: a.csv, separator: ";"}
  validation: {fraction: 0.2, group: g}
  test: b.csv
  inputs:
    x: {column: c, length: {max: 9}, augment: [{time_mask: {max: 8}}, {speed: [0.8, 1.2]}]}
    y: {columns: [a, {column: b, one_hot: [u, v]}]}
  targets: {head: {column: y, classes: [p, q]}}
fit:
  epochs: 2
  threshold: {maximize: f1}
  class_weight: balanced
  callbacks: [{EarlyStopping: {patience: 1}}]
  start_from: a.keras
search: {minimize: val_loss, trials: 3, space: {vars.width: {int: [1, 8], log: true}, seed: [1, 2]}}
expect: {branches.x: [4]}
budget: {params: 5M}
"""
RUNS = {
    "run": RUN,
    **{path.parent.name: path.read_text("utf-8") for path in sorted((ROOT / "examples").glob("*/run.yaml"))},
    **{path.stem: path.read_text("utf-8") for path in sorted((ROOT / "tests" / "specs" / "ok").glob("*.yaml"))},
}
GIVEN = re.compile(r"x-|.*\.paths\.\w+$|budget\.sizes\.")
"""Keys that are a person's own names, to which nothing leads."""


def list_keys(node: Node, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str, Span]]:
    if isinstance(node, Mapping):
        for entry in node.entries:
            yield format_path((*path, entry.key.text)), entry.key.span
            yield from list_keys(entry.value, (*path, entry.key.text))
    for place, item in enumerate(node.items if isinstance(node, Listing) else ()):
        yield from list_keys(item, (*path, place))


@pytest.mark.parametrize("name", RUNS)
def test_every_key_has_its_meaning(name: str) -> None:
    """Whatever reads a mapping notes its keys: there is one reader, and none beside it."""
    compilation = sweep(Source("spec.yaml", RUNS[name]), indexed=True).compile_plain()
    assert compilation.ok and compilation.document is not None, compilation.diagnostics
    noted = {each.span for each in compilation.index.meanings}
    left = [path for path, span in list_keys(compilation.document) if span not in noted and not GIVEN.match(path)]
    assert left == []


@pytest.mark.parametrize("path", SPECS[:8], ids=lambda path: path.stem)
def test_the_index_is_the_same_through_a_memory(path: Path) -> None:
    first = prepared(path)
    fresh = rows(first.compile_plain().index)
    assert rows(first.compile_plain().index) == fresh
    assert first.again is not None
    other = Source(first.source.name, first.source.text + "\nx-more: 1\n")
    again = first.again(other, EditedTexts(first.texts, {id(first.source): other})).compile_plain()
    assert {row for row in rows(again.index) if row[0] == "Word"} == {row for row in fresh if row[0] == "Word"}


def test_nothing_is_noted_where_nobody_asks() -> None:
    assert load(SPEC).index.meanings == ()


def test_what_stands_at_an_offset_is_found_from_the_inside() -> None:
    compilation = sweep(Source("spec.yaml", SPEC), indexed=True).compile_plain()
    at = SPEC.index("left.last, right") + len("left.")
    words = compilation.index.find_words(compilation.source, at)
    assert words[0] == next(word for word in words if word.symbol == ("names", "left", "last"))
    assert isinstance(compilation, Compilation)


def test_unknown_names_are_noted_as_what_they_would_be() -> None:
    text = SPEC.replace("- Dense: {units: 4, name: last}", "- Dens: {units: 4}").replace("{units: $size}", "{unit: $size}")
    index = sweep(Source("spec.yaml", text), indexed=True).compile_plain().index
    names = {each.name for each in index.meanings if isinstance(each, LayerName)}
    keys = {each.name: each for each in index.meanings if isinstance(each, Key)}
    assert "Dens" in names and "units" in keys["unit"].arguments
    assert all(isinstance(each, Word) for each in index.words[("vars", "width")])
