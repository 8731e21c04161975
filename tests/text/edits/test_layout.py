"""Changes of a text: what they name changes, in block and in flow style, and all else stays to the byte."""

from __future__ import annotations

import copy
import re
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from places import ROOT, TESTS

from cnnlstm_spec.text.edits.applied import apply_edits, move_offset
from cnnlstm_spec.text.edits.layout import Layout
from cnnlstm_spec.text.fix import Change, Drop, Edit, Insert, Move, Nest, Put, Wrap
from cnnlstm_spec.text.nodes import Listing, Mapping, Node, Scalar, to_value
from cnnlstm_spec.text.parse import parse
from cnnlstm_spec.text.source import Source, Span

SPECS = sorted([*(ROOT / "specs").rglob("*.yaml"), *(TESTS / "specs" / "ok").rglob("*.yaml")])
AWKWARD = """\
# Laid out in every way.
name: x   # a name

branches:
  one: {input: {kind: image, shape: [8, 8, 3]}, layers: [Flatten, Dense: {units: 3}, ]}   # flow
  two:
    input:
      kind: vector   # first
      # a comment between
      shape: [
        4,  # four
      ]
    layers:
    - Dense: {units: 3}
    -   Dropout:
          rate: 0.5

    - Flatten
    # before the last
    - Reshape:
        target_shape:
          - 2
          - 2   # two
    - BatchNormalization: {}
    - LayerNormalization:
description: |
  # no comment
  many lines

text: >-
  folded

  lines
quoted: "a # b"
empty:
last: 'it''s'"""
Path_ = tuple[str | int, ...]


def places(node: Node, at: Path_ = ()) -> list[tuple[Path_, Span]]:
    """Every key and item with its path, and the span that names it."""
    found: list[tuple[Path_, Span]] = []
    if isinstance(node, Mapping):
        for entry in node.entries:
            found += [((*at, entry.key.text), entry.key.span), *places(entry.value, (*at, entry.key.text))]
    elif isinstance(node, Listing):
        for index, item in enumerate(node.items):
            found += [((*at, index), item.span), *places(item, (*at, index))]
    return found


def get(value: Any, path: Path_) -> Any:
    for step in path:
        value = value[step]
    return value


def changed(text: str, change: Change) -> tuple[str, tuple[Edit, ...]] | None:
    """The text with the change in it; None where it cannot be made."""
    edits = Layout(change[0].source).make_edits(change)
    if edits is None:
        return None
    after = apply_edits(text, edits)
    assert after is not None
    return after, edits


def read(text: str) -> Any:
    node, found = parse(Source("after", text))
    assert node is not None and not found, (text, [each.message for each in found])
    return to_value(node)


ALIAS = re.compile(r"[:-] [&*]\w|<<:")
"""What makes one text the value of several places."""
TEXTS = [text for path in SPECS if not ALIAS.search(text := path.read_text("utf-8"))]
TEXTS += [AWKWARD, AWKWARD.replace("\n", "\r\n")]


@cache
def known(number: int) -> tuple[Source, Node, list[tuple[Path_, Span]]]:
    source = Source("before", TEXTS[number])
    node, _ = parse(source)
    assert node is not None
    return source, node, places(node)


@pytest.mark.parametrize("number", range(len(TEXTS)))
def test_spans_name_what_is_written(number: int) -> None:
    source, _, found = known(number)
    layout = Layout(source)
    assert found and all(layout.make_edits(Edit(span, "")) for _, span in found)


def drawn(data: st.DataObject) -> tuple[Source, Node, Path_, Span]:
    source, node, found = known(data.draw(st.integers(0, len(TEXTS) - 1)))
    path, span = data.draw(st.sampled_from(found))
    return source, node, path, span


def unchanged(source: Source, after: str, edits: tuple[Edit, ...]) -> None:
    """All outside of the spans stays, in its order."""
    at = 0
    for edit in sorted(edits, key=lambda each: each.span[1:]):
        kept = source.text[at : edit.span.start]
        assert after.startswith(kept)
        after = after[len(kept) :]
        assert after.startswith(edit.text)
        after, at = after[len(edit.text) :], edit.span.end
    assert after == source.text[at:]


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_a_key_is_put_into_a_mapping(data: st.DataObject) -> None:
    source, node, path, span = drawn(data)
    value = get(to_value(node), path)
    key = data.draw(st.sampled_from(["zz", *(value if isinstance(value, dict) else ())]))
    found = changed(source.text, Put(span, key, "[7]"))
    is_empty = isinstance(path[-1], str) and value is None
    is_name = isinstance(path[-1], int) and isinstance(value, str)
    if found is None:
        assert not isinstance(value, dict) or not value or isinstance(path[-1], int)
        return
    after, edits = found
    unchanged(source, after, edits)
    expected = copy.deepcopy(to_value(node))
    holder = get(expected, path[:-1])
    if is_name:
        holder[path[-1]] = {value: {key: [7]}}
    elif is_empty:
        holder[path[-1]] = {key: [7]}
    elif isinstance(path[-1], int) and isinstance(value, dict) and len(value) == 1:
        # The span of an item of one key is that of the key in block style: its arguments are meant.
        name = next(iter(value))
        arguments = value[name]
        either = [{**value, key: [7]}, {name: {**(arguments if isinstance(arguments, dict) else {}), key: [7]}}]
        assert get(read(after), path) in either
        return
    else:
        holder[path[-1]] = {**value, key: [7]}
    assert read(after) == expected


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_an_entry_or_an_item_is_dropped(data: st.DataObject) -> None:
    source, node, path, span = drawn(data)
    found = changed(source.text, Drop(span))
    if found is None:
        return
    after, edits = found
    unchanged(source, after, edits)
    assert all(edit.text in ("", " []") for edit in edits)
    whole = to_value(node)
    one, other = copy.deepcopy(whole), copy.deepcopy(whole)
    del get(one, path[:-1])[path[-1]]
    if len(path) > 1 and isinstance(path[-2], int) and len(get(whole, path[:-1])) == 1:
        # A layer goes with its item.
        del get(other, path[:-2])[path[-2]]
    assert normal(read(after)) in (normal(one), normal(other))


def normal(value: Any) -> Any:
    """A value in which a layer without arguments is its name, and nothing at all is null."""
    if isinstance(value, dict):
        return {name: normal(each) for name, each in value.items()} or None
    if isinstance(value, list):
        items = [normal(item) for item in value]
        bare = [next(iter(item)) if isinstance(item, dict) and list(item.values()) == [None] else item for item in items]
        return bare or None
    return value


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_items_are_wrapped(data: st.DataObject) -> None:
    source, node, found = known(data.draw(st.integers(0, len(TEXTS) - 1)))
    lists = sorted({path[:-1] for path, _ in found if isinstance(path[-1], int)}, key=str)
    path = data.draw(st.sampled_from(lists))
    spans = [span for each, span in found if each[:-1] == path]
    first = data.draw(st.integers(0, len(spans) - 1))
    last = data.draw(st.integers(first, len(spans) - 1))
    deep = data.draw(st.booleans())
    name, beside = ("Parallel.paths.again", ("padding: [x]", "merge: concat")) if deep else ("TimeDistributed", ())
    result = changed(source.text, Wrap(spans[first], spans[last], name, beside))
    if result is None:
        return
    after, edits = result
    unchanged(source, after, edits)
    expected = copy.deepcopy(to_value(node))
    items = get(expected, path)
    taken = items[first : last + 1]
    parallel = {"Parallel": {"paths": {"again": taken, "padding": ["x"]}, "merge": "concat"}}
    items[first : last + 1] = [parallel if deep else {"TimeDistributed": taken}]
    assert read(after) == expected


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_entries_are_nested(data: st.DataObject) -> None:
    source, node, found = known(data.draw(st.integers(0, len(TEXTS) - 1)))
    mappings = sorted({path[:-1] for path, _ in found if isinstance(path[-1], str)}, key=str)
    path = data.draw(st.sampled_from(mappings))
    entries = [(each[-1], span) for each, span in found if each[:-1] == path]
    first = data.draw(st.integers(0, len(entries) - 1))
    last = data.draw(st.integers(first, len(entries) - 1))
    result = changed(source.text, Nest(entries[first][1], entries[last][1], "zz"))
    if result is None:
        return
    after, edits = result
    unchanged(source, after, edits)
    expected = copy.deepcopy(to_value(node))
    whole = get(expected, path)
    taken = {name: whole.pop(name) for name, _ in entries[first : last + 1]}
    whole["zz"] = taken
    assert read(after) == expected


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_an_item_is_put_before_another(data: st.DataObject) -> None:
    source, node, path, span = drawn(data)
    result = changed(source.text, Insert(span, "Dense: {units: 1}"))
    if result is None or not isinstance(path[-1], int):
        return
    after, edits = result
    unchanged(source, after, edits)
    expected = copy.deepcopy(to_value(node))
    get(expected, path[:-1]).insert(path[-1], {"Dense": {"units": 1}})
    assert read(after) == expected


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_an_item_is_put_after_another_or_moved(data: st.DataObject) -> None:
    source, node, found = known(data.draw(st.integers(0, len(TEXTS) - 1)))
    lists = sorted({path[:-1] for path, _ in found if isinstance(path[-1], int)}, key=str)
    path = data.draw(st.sampled_from(lists))
    spans = [span for each, span in found if each[:-1] == path]
    first, second = (data.draw(st.integers(0, len(spans) - 1)) for _ in range(2))
    expected = copy.deepcopy(to_value(node))
    items = get(expected, path)
    if data.draw(st.booleans()):
        result = changed(source.text, Insert(spans[first], "Dense: {units: 1}", after=True))
        items.insert(first + 1, {"Dense": {"units": 1}})
    else:
        first, second = min(first, second), max(first, second)
        result = changed(source.text, Move(spans[second], spans[first]))
        items.insert(first, items.pop(second))
    if result is not None:
        unchanged(source, *result)
        assert read(result[0]) == expected


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_places_are_found_again_behind_edits(data: st.DataObject) -> None:
    source, _, _, span = drawn(data)
    edits = Layout(source).make_edits(Put(span, "zz", "1")) or Layout(source).make_edits(Insert(span, "Flatten"))
    if edits is None:
        return
    after = apply_edits(source.text, edits)
    assert after is not None
    outside = [at for at in range(len(source.text)) if not any(e.span.start <= at < e.span.end for e in edits)]
    assert all(after[move_offset(at, edits)] == source.text[at] for at in outside[:: max(1, len(outside) // 50)])


LAYERS = "layers:\n  - Conv2D: {filters: 4}  # four\n\n  - Flatten\n  - GRU:\n      units: 3  # three\n"


def at(text: str, word: str) -> Span:
    return Span(Source("x", text), text.index(word), text.index(word) + len(word))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (Put(at(LAYERS, "Conv2D"), "padding", "same"), LAYERS.replace("4}", "4, padding: same}")),
        (Put(at(LAYERS, "Conv2D"), "filters", "8"), LAYERS.replace("{filters: 4}", "{filters: 8}")),
        (Put(at(LAYERS, "Flatten"), "name", "f"), LAYERS.replace("Flatten", "Flatten: {name: f}")),
        (Put(at(LAYERS, "GRU"), "return_sequences", "true"), LAYERS + "      return_sequences: true\n"),
        (Drop(at(LAYERS, "filters")), LAYERS.replace(": {filters: 4}", "")),
        (Drop(at(LAYERS, "units")), LAYERS.replace(":\n      units: 3", "")),
        (Drop(at(LAYERS, "Flatten")), LAYERS.replace("  - Flatten\n", "")),
        (
            Wrap(at(LAYERS, "Conv2D"), at(LAYERS, "Flatten"), "TimeDistributed"),
            "layers:\n  - TimeDistributed:\n      - Conv2D: {filters: 4}  # four\n\n      - Flatten\n"
            + LAYERS[LAYERS.index("  - GRU") :],
        ),
        (Nest(at(LAYERS, "Conv2D"), at(LAYERS, "Conv2D"), "zz"), LAYERS.replace("Conv2D", "zz:\n      Conv2D")),
        (Nest(at(LAYERS, "filters"), at(LAYERS, "filters"), "zz"), LAYERS.replace("filters: 4", "zz: {filters: 4}")),
        (Put(at(LAYERS, "Conv2D"), "units", "5", instead="filters"), LAYERS.replace("filters: 4", "units: 5")),
        (Insert(at(LAYERS, "GRU"), "Flatten"), LAYERS.replace("  - GRU", "  - Flatten\n  - GRU")),
    ],
)
def test_how_it_is_laid_out(change: Any, text: str) -> None:
    source = Source("x", LAYERS)
    spans = {name: Span(source, *each[1:]) for name, each in change._asdict().items() if isinstance(each, Span)}
    found = changed(LAYERS, change._replace(**spans))
    assert found is not None and found[0] == text


def test_keys_beside_a_layer_are_put_below_it() -> None:
    text = "layers:\n  - Dense:\n    units: 3\n    activation: relu  # a\n  - Flatten\n"
    found = changed(text, Nest(at(text, "units"), at(text, "activation")))
    assert found is not None and found[0] == text.replace("    units", " " * 6 + "units").replace("    act", " " * 6 + "act")
    flow = "layers: [{Dense: null, units: 3}]\n"
    assert changed(flow, Nest(at(flow, "units"), at(flow, "units"))) is None


def test_edits_of_the_same_characters_do_not_go_together() -> None:
    source = Source("x", "abc")
    assert apply_edits("abc", [Edit(Span(source, 0, 2), "x"), Edit(Span(source, 1, 3), "y")]) is None
    assert apply_edits("abc", [Edit(Span(source, 0, 1), "x"), Edit(Span(source, 1, 1), "-")]) == "x-bc"


def test_a_bare_name_in_a_scalar_place_takes_no_key() -> None:
    source = Source("x", "a: b\n")
    node, _ = parse(source)
    assert isinstance(node, Mapping) and isinstance(node.entries[0].value, Scalar)
    assert Layout(source).make_edits(Put(node.entries[0].key.span, "k", "1")) is None


def test_an_item_of_several_keys_is_dropped_whole_and_its_first_key_alone() -> None:
    text = "fusion:\n  - name: one\n    inputs: [a]\n  - name: two\n    inputs: [b]\n"
    source = Source("before", text)
    start = text.index("name: two")
    whole = changed(text, Drop(Span(source, start, len(text.rstrip()))))
    assert whole is not None and whole[0] == "fusion:\n  - name: one\n    inputs: [a]\n"
    key = changed(text, Drop(Span(source, start, start + len("name"))))
    assert key is not None and key[0] == "fusion:\n  - name: one\n    inputs: [a]\n  - inputs: [b]\n"
