"""Edits: a value at the end of a path, and nothing else, whatever the path and the document."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from places import ROOT

from cnnlstm_spec.text.edits.set_value import edit, edit_at
from cnnlstm_spec.text.memo import Memory
from cnnlstm_spec.text.nodes import Listing, Mapping, Node, Scalar, make_node, to_value
from cnnlstm_spec.text.parse import parse
from cnnlstm_spec.text.source import Path as Address
from cnnlstm_spec.text.source import Source

SPECS = sorted(path for each in ("specs", "tests/specs/ok") for path in ROOT.glob(f"{each}/**/*.yaml"))
VALUE = make_node({"set": ["by", "a test"]})


def addresses(node: Node, at: Address = ()) -> list[tuple[Address, Node]]:
    """Every address in a document and the value there; names of classes are no part of an address."""
    found: list[tuple[Address, Node]] = [(at, node)] if at else []
    for entry in node.entries if isinstance(node, Mapping) else ():
        name = entry.key.text
        if len(node.entries) > 1 or not name[:1].isupper():
            found += addresses(entry.value, (*at, name))
        elif isinstance(entry.value, Listing):
            found += addresses(entry.value, (*at, "layers"))[1:]
        else:
            found += addresses(entry.value, at)[1:]
    for index, item in enumerate(node.items if isinstance(node, Listing) else ()):
        found += addresses(item, (*at, index))
    return found


def differing(a: Node, b: Node) -> list[tuple[Node, Node]]:
    """The outermost parts in which two documents differ."""
    if a is b:
        return []
    if isinstance(a, Mapping) and isinstance(b, Mapping) and [e.key.text for e in a.entries] == [e.key.text for e in b.entries]:
        return [pair for x, y in zip(a.entries, b.entries, strict=True) for pair in differing(x.value, y.value)]
    if isinstance(a, Listing) and isinstance(b, Listing) and len(a.items) == len(b.items):
        return [pair for x, y in zip(a.items, b.items, strict=True) for pair in differing(x, y)]
    return [(a, b)]


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_what_is_set_changes_and_nothing_else(path: Path) -> None:
    text = path.read_text("utf-8")
    root, found = parse(Source(path.name, text))
    assert root is not None and not found
    code = re.sub(r"(?m)#.*$", "", text)
    if re.search(r"<<|[*$]\w|\$\{|extends:", code):
        pytest.skip("values stand in several places")
    every = addresses(root)
    chosen = random.Random(path.stem).sample(every, min(20, len(every)))
    for address, node in chosen:
        spans = [node.span for _ in address]
        changed, place = edit_at(root, address, VALUE, spans)
        ((before, after),) = differing(root, changed)
        assert before is node and after is VALUE, address
        assert root == parse(Source(path.name, text))[0] or to_value(root) == to_value(parse(Source(path.name, text))[0] or VALUE)
        assert edit(changed, place, node, spans) == root, "what was there, set again, gives what was before"


def test_with_a_memory_equal_edits_are_one_node() -> None:
    root, _ = parse(Source("spec", "a: {b: [1, 2], c: 3}\nd: 4\n"))
    assert root is not None
    memory, value = Memory(), Scalar(root.span, 5, "5")
    first, second = (edit(root, ("a", "b", 1), value, [root.span] * 3, memory) for _ in range(2))
    assert first is second and to_value(first) == {"a": {"b": [1, 5], "c": 3}, "d": 4}
