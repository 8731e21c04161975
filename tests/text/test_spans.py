"""Spans: the text of a span parses to the value that has it, and a finding lies at what its path leads to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from places import ROOT, TESTS

from cnnlstm_spec import load
from cnnlstm_spec.text.diagnostic import Diagnostic
from cnnlstm_spec.text.nodes import Listing, Mapping, Node, Scalar, to_value
from cnnlstm_spec.text.parse import parse
from cnnlstm_spec.text.source import Path as Address
from cnnlstm_spec.text.source import Source, Span
from fuzz.generate import generate
from fuzz.text import text_of

FOLDERS = ("specs", "tests/specs", "tests/networks", "cnnlstm_spec/cli/templates")
SPECS = sorted(path for each in FOLDERS for path in ROOT.glob(f"{each}/**/*.yaml") if path.name != "not-utf8.yaml")
WRONG = sorted((TESTS / "specs" / "err").glob("*.yaml"))


def nodes_of(node: Node) -> Iterator[Node]:
    """A node and all in it, keys too."""
    yield node
    for entry in node.entries if isinstance(node, Mapping) else ():
        yield entry.key
        yield from nodes_of(entry.value)
    for item in node.items if isinstance(node, Listing) else ():
        yield from nodes_of(item)


def text_at(span: Span) -> str:
    return span.source.text[span.start : span.end]


def read_alone(span: Span) -> Any:
    """What the text of a span means by itself, its first line where it stood: in block style columns matter."""
    _, column = span.source.find_position(span.start)
    node, found = parse(Source("alone", " " * (column - 1) + text_at(span)))
    if [each.code.name for each in found] == ["empty-spec"]:
        return None
    assert node is not None and not found, (text_at(span), found)
    return to_value(node)


def check_spans(text: str) -> int:
    """Holds every span of a text against its value; gives how many there are. What an alias or a merge brings is passed over."""
    root, found = parse(Source("spec", text))
    if root is None or found:
        return 0
    count = 0
    for node in nodes_of(root):
        is_block = isinstance(node, Scalar) and text_at(node.span)[:1] in ("|", ">")
        assert node.span.start <= node.span.end
        if any(sign in text_at(node.span) for sign in ("*", "&", "<<")) and not is_block:
            continue
        count += 1
        if isinstance(node, Scalar) and not text_at(node.span):
            assert node.value is None, "what is not written is null"
            continue
        assert same(read_alone(node.span), to_value(node)), text_at(node.span)
        has_block = any(isinstance(each, Scalar) and text_at(each.span)[:1] in ("|", ">") for each in nodes_of(node))
        text_alone = text_at(node.span)
        assert text_alone == text_alone.strip() or has_block, "a span holds no space around its value"
    return count


def same(a: Any, b: Any) -> bool:
    return repr(a) == repr(b)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_text_of_spans_in_specs(path: Path) -> None:
    check_spans(path.read_text("utf-8"))


@pytest.mark.sampled(every=4, long=1)
@pytest.mark.parametrize("seed", range(40))
def test_text_of_spans_in_drawn_specs(seed: int) -> None:
    assert check_spans(text_of(generate(seed))) > 10


PLAIN = st.one_of(
    st.sampled_from([None, True, False, 0, 1, -7, 1.5, 1e-3, float("inf"), "relu", "a b", "x-y", "64", "null", "1/255", "é"]),
    st.integers(-10, 1000),
    st.text(alphabet="abz _-:#,[]{}'\"\\é\U0001f3f4", max_size=8),
)
NAMES = st.one_of(st.sampled_from(["a", "units", "kernel size", "é"]), st.text(alphabet="ab _-:#'\"é", min_size=1, max_size=6))
TREES = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=12)


@st.composite
def written(draw: st.DrawFn, tree: Any, indent: int = 0, flow: bool = False) -> str:
    """A tree as YAML, each part in a style that is drawn: block or flow, with comments and space between."""
    if isinstance(tree, dict | list):
        return draw(flow_of(tree, indent)) if flow or not tree or draw(st.booleans()) else draw(block_of(tree, indent))
    return draw(scalar_of(tree, indent, flow))


@st.composite
def flow_of(draw: st.DrawFn, tree: Any, indent: int) -> str:
    space = draw(st.sampled_from(["", " ", "\n" + " " * (indent + 1)]))
    if isinstance(tree, list):
        return "[" + space + ("," + space).join(draw(written(each, indent, True)) for each in tree) + space + "]"
    parts = [f"{draw(scalar_of(key, indent, True, key=True))}: {draw(written(each, indent, True))}" for key, each in tree.items()]
    return "{" + space + ("," + (space or " ")).join(parts) + space + "}"


@st.composite
def block_of(draw: st.DrawFn, tree: Any, indent: int) -> str:
    """Lines that begin where the text before them ends, so that the first one is not indented."""
    lines = []
    for each in tree.items() if isinstance(tree, dict) else tree:
        sign, value = (
            (f"{draw(scalar_of(each[0], indent, False, key=True))}:", each[1]) if isinstance(tree, dict) else ("-", each)
        )
        step = draw(st.integers(1, 3))
        nested = isinstance(value, dict | list) and value
        text = draw(written(value, indent + step + (1 if sign == "-" else 0)))
        is_block = nested and not text.startswith(("[", "{"))
        if is_block and sign == "-" and draw(st.booleans()):
            text = draw(block_of(value, indent + 2))
            lines.append(f"- {text}")
        elif is_block:
            lines.append(f"{sign}\n{' ' * (indent + step + (1 if sign == '-' else 0))}{text}")
        else:
            text = draw(st.sampled_from([text, ""])) if value is None else text
            lines.append(f"{sign} {text}{draw(st.sampled_from(['', '  # said', ' ']))}" if "\n" not in text else f"{sign} {text}")
    return f"\n{' ' * indent}".join(lines)


@st.composite
def scalar_of(draw: st.DrawFn, value: Any, indent: int, flow: bool, key: bool = False) -> str:
    if not isinstance(value, str):
        return {"None": "null", "True": "true", "False": "false", "inf": ".inf"}.get(repr(value), repr(value))
    plain = value.isalpha() and value not in ("null", "true", "false")
    ways = ["double"] + (["single"] if value.isprintable() else []) + (["plain"] * 2 if plain else [])
    if not flow and not key and value.strip() == value and value and value.isprintable():
        ways += ["literal"]
    match draw(st.sampled_from(ways)):
        case "plain":
            return value
        case "single":
            return "'" + value.replace("'", "''") + "'"
        case "literal":
            return f"|-\n{' ' * (indent + 1)}{value}"
        case _:
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


@given(data=st.data(), tree=TREES)
def test_text_of_spans_in_every_style(data: st.DataObject, tree: Any) -> None:
    text = data.draw(written(tree))
    root, found = parse(Source("spec", text))
    if tree is None:
        assert [each.code.name for each in found] == ["empty-spec"]
        return
    assert root is not None and not found, (text, found)
    assert same(to_value(root), tree), text
    assert check_spans(text) > 0


def find_at(root: Node, path: Address) -> tuple[Scalar | None, Node] | None:
    """The key and the value that a path leads to; names of classes are no part of a path."""
    key, node = None, root
    for step in path:
        while isinstance(node, Mapping) and len(node.entries) == 1 and node.get(str(step)) is None:
            node = node.entries[0].value
        if isinstance(node, Mapping) and (entry := node.get(str(step))) is not None:
            key, node = entry.key, entry.value
        elif isinstance(node, Listing) and isinstance(step, int) and step < len(node.items):
            key, node = None, node.items[step]
        else:
            return None
    return key, node


def is_within(inner: Span, outer: Span) -> bool:
    return inner.source is outer.source and outer.start <= inner.start and inner.end <= outer.end


@pytest.mark.parametrize("path", WRONG, ids=lambda path: path.stem)
def test_a_finding_lies_at_what_its_path_leads_to(path: Path) -> None:
    """Under its key, under its value, or under a part of the value."""
    compilation = load(path)
    for each in compilation.diagnostics if compilation.document is not None else ():
        there = find_at(compilation.document, each.place.path)
        assert there is not None, (each.code.name, each.place.path)
        key, value = there
        span = each.place.span
        assert (key is not None and span == key.span) or is_within(span, value.span), (each.code.name, text_at(span))
        assert text_at(span).strip() or (isinstance(value, Scalar) and not value.text), each.code.name


def named(each: Diagnostic) -> str | None:
    """What a finding names by a fact that stands in the text as it is."""
    fact = {
        "unknown-key": "key",
        "unknown-layer": "name",
        "unknown-name": "name",
        "unknown-head": "name",
        "unknown-variable": "name",
    }
    return str(each.facts[fact[each.code.name]]) if each.code.name in fact else None


@pytest.mark.parametrize("path", WRONG, ids=lambda path: path.stem)
def test_a_caret_lies_under_what_is_named(path: Path) -> None:
    for each in load(path).diagnostics:
        name, text = named(each), text_at(each.place.span)
        if each.code.name == "unknown-variable":
            assert name is not None and "$" in text and name in text
        elif name is not None:
            assert text.strip("'\"") == name, each.code.name
        elif each.code.name in ("wrong-type", "out-of-range") and isinstance(each.facts["given"], int):
            assert read_alone(each.place.span) == each.facts["given"]


def test_what_is_let_through_as_text_can_be_read() -> None:
    """Characters that libyaml refuses are told before it is asked, at their place."""
    text = "".join(map(chr, range(0x110000)))
    kept = re.sub(yaml.reader.Reader.NON_PRINTABLE.pattern, "", text).replace("\\", "").replace('"', "")
    node, found = parse(Source("t", f'"{kept}"'))
    assert isinstance(node, Scalar) and not found and len(kept) > 1_000_000
