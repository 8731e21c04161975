"""Variants share what they have in common: the same as if each were compiled by itself, and nothing is done twice."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from places import ROOT

from cnnlstm_spec.compiler.compile import Compilation, compile_document, read_document
from cnnlstm_spec.compiler.dump import STAGES, dump
from cnnlstm_spec.compiler.variants import sweep
from cnnlstm_spec.ir.program import Unbuildable
from cnnlstm_spec.language.scope import LAYERS_LIMIT
from cnnlstm_spec.model import infer
from cnnlstm_spec.model.rules import check as verify
from cnnlstm_spec.spec import layers
from cnnlstm_spec.text import render as text
from cnnlstm_spec.text.memo import Memory
from cnnlstm_spec.text.nodes import Entry, Listing, Mapping, Node, Scalar
from cnnlstm_spec.text.source import Source
from fuzz.generate import generate
from fuzz.text import text_of

FOLDERS = ("specs", "tests/specs", "cnnlstm_spec/cli/templates")
SPECS = sorted(path for each in FOLDERS for path in ROOT.glob(f"{each}/**/*.yaml") if path.name != "not-utf8.yaml")
OTHERS = (1, 2, 3, 5, 0, -1, 7.5, True, None, "relu", "same", "$width", "${width}", "$nothing", "Dropout", "Flatten", "cell")


def changed(node: Node, chance: random.Random, at: float) -> Node:
    """The node with a few values and keys other ones, entries left out, and items written twice; all else the very same."""
    if isinstance(node, Scalar):
        value = chance.choice(OTHERS)
        return replace(node, value=value, text=str(value)) if chance.random() < at else node
    if isinstance(node, Mapping):
        entries = [Entry(each.key, changed(each.value, chance, at)) for each in node.entries]
        if entries and chance.random() < at:
            entries.pop(chance.randrange(len(entries)))
        same = len(entries) == len(node.entries) and all(a.value is b.value for a, b in zip(entries, node.entries, strict=True))
        return node if same else replace(node, entries=tuple(entries))
    if isinstance(node, Listing):
        items = [changed(each, chance, at) for each in node.items]
        if items and chance.random() < at:
            items.insert(chance.randrange(len(items) + 1), chance.choice(items))
        if len(items) > 1 and chance.random() < at:
            items.pop(chance.randrange(len(items)))
        same = len(items) == len(node.items) and all(a is b for a, b in zip(items, node.items, strict=True))
        return node if same else replace(node, items=tuple(items))
    return node


def size(node: Node) -> int:
    """How many values a node holds."""
    inner = node.items if isinstance(node, Listing) else [e.value for e in node.entries] if isinstance(node, Mapping) else ()
    return 1 + sum(map(size, inner))


def variants(document: Node, seed: int, count: int) -> Iterator[Node]:
    """Documents that have most of their nodes in common, some of them several times."""
    chance = random.Random(seed)
    seen = [document]
    for _ in range(count):
        base = chance.choice(seen)
        seen.append(changed(base, chance, chance.choice((0, 1, 1, 2, 4)) / size(base)))
        yield seen[-1]
        yield chance.choice(seen)


def told(compilation: Compilation) -> list[str | None]:
    """All that can be seen of a compilation."""
    return [text.render(compilation.diagnostics), *(dumped(compilation, stage) for stage in STAGES)]


def dumped(compilation: Compilation, stage: str) -> str | None:
    """A stage, or why there is none: what is still to be measured is not lowered."""
    try:
        return dump(compilation, stage)
    except Unbuildable as reason:
        return str(reason)


def compared(source: Source, folder: Path, seed: int, count: int) -> None:
    document, found, _ = read_document(source, (), folder)
    if document is None:
        return
    memory = Memory()
    for variant in variants(document, seed, count):
        apart = compile_document(source, variant, list(found), folder)
        together = compile_document(source, variant, list(found), folder, memory=memory)
        assert told(together) == told(apart)


@pytest.mark.sampled(every=16, long=8)
@pytest.mark.parametrize("path", SPECS, ids=lambda path: str(path.relative_to(ROOT)))
def test_written_specs_come_out_the_same(path: Path) -> None:
    compared(Source(path.name, path.read_text("utf-8")), path.parent, 1, 6)


@pytest.mark.sampled(every=8, long=8)
@pytest.mark.parametrize("seed", range(40))
def test_drawn_specs_come_out_the_same(seed: int) -> None:
    compared(Source("drawn.yaml", text_of(generate(seed))), ROOT, seed, 6)


def swept(text: str, *matrix: str) -> list[Compilation]:
    """The variants of a spec, each held against itself compiled alone."""
    prepared = sweep(Source("several.yaml", text), (), matrix)
    found = []
    for variant, together in prepared.find_all():
        assert prepared.document is not None
        apart = compile_document(prepared.source, variant.apply_to(prepared.document, []), [])
        assert told(together) == told(apart)
        found.append(together)
    assert found
    return found


SPEC = """version: 1
name: several
vars: {width: 8, depth: 2}
blocks:
  twice:
    parameters: {units: required}
    layers: [{Dense: {units: $units}}, {Dense: {units: $width}}]
branches:
  x:
    input: {kind: vector, shape: [8]}
    layers: [{Dense: {units: 4}}, {Repeat: {times: $depth, layers: [{Dense: {units: 5}}, Dropout: {rate: 0.1}]}}]
  y:
    input: {kind: vector, shape: [8]}
    layers: [{twice: {units: 6}}, {twice: {units: $width}}]
  z:
    input: {kind: sequence, shape: [null, 3], padding_value: 0}
    layers: [{TimeDistributed: {trainable: false, layers: [{Dense: {units: 4}}]}}, {LSTM: {units: 4}}]
fusion: {strategy: concat, units: 4}
head: [{Dense: {units: 1}}]
compile: {loss: mse}
targets: {head: {encoding: real, shape: [1]}}
budget: {params: 1M}
"""


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """The layers that are read, inferred and checked by themselves, as they are."""
    found: dict[str, list[str]] = {"inferred": [], "checked": []}
    inferred, check = infer.infer_node, verify.NODE_RULES[0]

    def infers(node: Any, *rest: Any) -> Any:
        found["inferred"].append(node.id)
        return inferred(node, *rest)

    def checks(node: Any, setting: Any) -> Any:
        found["checked"].append(node.node.id)
        return check(node, setting)

    monkeypatch.setattr(infer, "infer_node", infers)
    monkeypatch.setattr(verify, "NODE_RULES", (checks,))
    return found


@pytest.mark.parametrize(
    ("matrix", "anew"),
    [
        ("branches.x.layers[0].units=[4, 7]", {"x_dense", "x_dense_1"}),
        ("branches.x.layers[1].layers[1].rate=[0.1, 0.2]", {"x_dropout", "x_dropout_1"}),
        ("branches.y.layers[0].units=[6, 7]", {"y_dense", "y_dense_1"}),
        ("vars.width=[8, 9]", {"y_dense_1", "y_dense_2", "y_dense_3", "fusion_y_projection"}),
        ("branches.z.layers[1].units=[4, 5]", {"z_lstm", "fusion_z_projection"}),
        ("fusion.units=[4, 5]", {"fusion_x_projection", "fusion_y_projection", "fusion_z_projection", "fusion", "head_dense"}),
        ("compile.loss=[mse, mae]", set()),
        ("budget.params=[1M, 2M]", set()),
    ],
)
def test_what_has_not_changed_is_not_looked_at_again(matrix: str, anew: set[str], counted: dict[str, list[str]]) -> None:
    prepared = sweep(Source("several.yaml", SPEC), (), (matrix,))
    first, second = prepared.variants
    assert prepared.compile(first).ok
    counted["inferred"].clear()
    counted["checked"].clear()
    assert prepared.compile(second).ok
    assert set(counted["inferred"]) == anew
    assert set(counted["checked"]) == anew
    counted["inferred"].clear()
    counted["checked"].clear()
    assert prepared.compile(first).ok
    assert counted == {"inferred": [], "checked": []}


def test_what_has_not_changed_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []

    def reads(node: Any, scope: Any, *more: Any, inner: Any = layers.read_item) -> Any:
        found.append(scope.address)
        return inner(node, scope, *more)

    monkeypatch.setattr(layers, "read_item", reads)
    prepared = sweep(Source("several.yaml", SPEC), (), ("branches.x.layers[0].units=[4, 7]",))
    for variant in prepared.variants:
        found.clear()
        assert prepared.compile(variant).ok
    assert found == [("branches", "x", "layers", 0)]


def test_layers_written_out_are_counted_though_they_are_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under a tenth of the limit, since each layer below it is inferred in six models."""
    for module in ("language.scope", "language.cached_reading", "spec.repeat"):
        monkeypatch.setattr(f"cnnlstm_spec.{module}.LAYERS_LIMIT", LAYERS_LIMIT // 10)
    many = SPEC.replace("times: $depth", "times: 650")
    found = swept(many, "branches.y.layers[0]=[{Dropout: {rate: 0}}, {Repeat: {times: 60, layers: [Flatten]}}, {Flatten: {}}]")
    assert [each.ok for each in found] == [True, False, True]


def test_a_message_names_the_layer_that_gave_the_shape() -> None:
    """A layer that hands its shape on has not given it; one of the same name that makes an equal shape anew has."""
    text = SPEC.replace("[{Dense: {units: 4}}, ", "[{Dense: {units: 8}}, Flatten, {Conv1D: {filters: 1, kernel_size: 1}}, ")
    dropout, dense = "{Dropout: {rate: 0.1, name: same}}", "{Dense: {units: 8, name: same}}"
    again = dropout.replace("0.1", "0.2")
    found = swept(text, f"branches.x.layers[1]=[{dropout}, {dense}, {again}]")
    named = [each.diagnostics[0].message for each in found]
    assert ["Dense" in message for message in named] == [True, True, True]
    assert len({each.diagnostics[0].labels[0].place for each in found}) == 2
