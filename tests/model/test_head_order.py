"""Heads that read heads: order, names, circles, and what only heads may read."""

from __future__ import annotations

import pytest

from cnnlstm_spec import load

SPEC = """version: 1
name: t
branches:
  a: {input: {kind: sequence, shape: [9, 4]}, layers: [{GRU: {units: 4, name: read}}]}
heads:
%s
"""
BEGIN = "  begin: {inputs: [a], layers: [{Dense: {units: 3, name: hidden}}, {Dense: {units: 5, activation: softmax}}]}"
END = "  end: {inputs: [heads.begin, a], strategy: concat, layers: [{Dense: {units: 2}}]}"
INNER = "  inner: {inputs: [heads.begin.hidden], layers: [{Dense: {units: 1}}]}"


def codes(*heads: str) -> list[str]:
    return [each.code.name for each in load(SPEC % "\n".join(heads)).diagnostics]


@pytest.mark.parametrize("heads", [(BEGIN, END, INNER), (INNER, END, BEGIN)])
def test_a_head_reads_a_head_whatever_the_order(heads: tuple[str, ...]) -> None:
    compilation = load(SPEC % "\n".join(heads))
    assert compilation.diagnostics == () and compilation.typed is not None
    graph = compilation.typed.graph
    assert list(graph.outputs) == [each.split(":")[0].strip() for each in heads]
    seen: set[str] = set()
    for id, node in graph.nodes.items():
        assert set(node.inputs) <= seen
        seen.add(id)
    end = next(node for node in graph.nodes.values() if node.area == "heads.end")
    assert end.inputs == (graph.nodes[graph.outputs["begin"]].inputs[0], "read")
    assert compilation.typed.params == 4 * 3 * (4 + 4) + 4 * 3 * 2 + (4 * 3 + 3) + (3 * 5 + 5) + (9 * 2 + 2) + (3 + 1)
    assert "<svg" in compilation.to_svg() and "begin" in compilation.to_python()


def test_circles_are_told_once_each() -> None:
    first = "  one: {inputs: [heads.two], layers: [{Dense: {units: 1}}]}"
    second = "  two: {inputs: [heads.one], layers: [{Dense: {units: 1}}]}"
    after = "  after: {inputs: [heads.two], layers: [{Dense: {units: 1}}]}"
    itself = "  self: {inputs: [heads.self.x, a], strategy: concat, layers: [{Dense: {units: 1, name: x}}]}"
    assert codes(first, second) == ["head-circle"]
    assert codes(after, second, first) == ["head-circle"]
    assert codes(itself, BEGIN) == ["head-circle"]
    assert codes(first, second, itself) == ["head-circle", "head-circle"]


def test_only_heads_read_heads() -> None:
    text = SPEC % BEGIN
    fused = text.replace("heads:", "fusion: {inputs: [a, heads.begin], strategy: concat}\nheads:")
    (found,) = load(fused).diagnostics
    assert (found.code.name, found.help) == ("unknown-reference", ("only a head reads what a head gives, in its `inputs`",))
    state = text.replace("name: read}", "name: read, initial_state: heads.begin}")
    (found,) = load(state).diagnostics
    assert (found.code.name, found.help) == ("unknown-reference", ("only a head reads what a head gives, in its `inputs`",))


@pytest.mark.parametrize(
    ("read", "help"),
    [
        ("begin", "what a head gives is `heads.begin`"),
        ("heads.begn", "did you mean `heads.begin`?"),
        ("heads.begin.hiden", "did you mean `heads.begin.hidden`?"),
    ],
)
def test_what_is_misspelt_is_told(read: str, help: str) -> None:
    (found,) = load(SPEC % f"{END.replace('heads.begin', read)}\n{BEGIN}").diagnostics
    assert (found.code.name, found.help) == ("unknown-reference", (help,))
    assert [each.title for each in found.fixes] and len(found.fixes) == 1


def test_nothing_else_is_called_heads() -> None:
    assert codes(BEGIN.replace("[a]", "[heads]")) == ["unknown-reference"]
    branch = SPEC % BEGIN
    assert [each.code.name for each in load(branch.replace("  a:", "  heads:").replace("[a]", "[heads]")).diagnostics] == [
        "named-heads"
    ]
    fusion = (SPEC % BEGIN.replace("[a]", "[heads]")).replace(
        "heads:", "fusion: {name: heads, inputs: [a], layers: [{Dense: {units: 2}}]}\nheads:", 1
    )
    assert [each.code.name for each in load(fusion).diagnostics] == ["named-heads"]
