"""`initial_state`: branches that read each other in any order, circles, counts, and pictures of them."""

from __future__ import annotations

import pytest

from cnnlstm_spec import load

SEQUENCE = "{kind: sequence, shape: [6, 3]}"


def spec(first: str, second: str, heads: str = "{a: {inputs: [a]}, b: {inputs: [b]}}") -> str:
    branches = "".join(f"  {name}: {{input: {SEQUENCE}, layers: {layers}}}\n" for name, layers in (("a", first), ("b", second)))
    heads = heads.replace("a: {", "x: {").replace("b: {", "y: {")
    return f"version: 1\nname: sides\nbranches:\n{branches}heads: {heads}\n"


def codes(text: str) -> list[str]:
    return [each.code.name for each in load(text).diagnostics]


STEPS = "GRU: {units: 4, return_sequences: true, name: steps}"
SOUND = {
    "a later branch": spec("[{LSTM: {units: 4, initial_state: b.end}}]", "[{LSTM: {units: 4, name: end}}]"),
    "each the other": spec(
        f"[{{{STEPS}}}, {{GRU: {{units: 4, initial_state: b.steps}}}}]",
        f"[{{{STEPS}}}, {{GRU: {{units: 4, initial_state: a.steps}}}}]",
    ),
    "a vector twice": spec("[{LSTM: {units: 4, initial_state: [b, b]}}]", "[{GRU: {units: 4}}]"),
    "both directions": spec(
        "[{Bidirectional: {layer: {LSTM: {units: 4}}, initial_state: b.end}}]",
        "[{Bidirectional: {layer: {LSTM: {units: 4, return_sequences: true}}, name: end}}]",
    ),
    "copies that differ": spec(
        "[{GRU: {units: 4, return_sequences: true, share: one}}, {Dense: {units: 3}}, {GRU: {units: 4, return_sequences: true, share: one, initial_state: b}}]",
        "[{GRU: {units: 4}}]",
    ),
    "read so alone": spec("[{GRU: {units: 4, initial_state: b}}]", "[{GRU: {units: 4}}]", "{a: {inputs: [a]}}"),
}


@pytest.mark.parametrize("name", SOUND)
def test_what_is_sound(name: str) -> None:
    """Nodes stand after what they read, whatever was written first; source and picture are made of all of them."""
    compilation = load(SOUND[name])
    assert [each.message for each in compilation.diagnostics if each.severity == "error"] == []
    assert compilation.typed is not None
    seen: set[str] = set()
    for id, node in compilation.typed.graph.nodes.items():
        assert set(node.inputs) <= seen
        seen.add(id)
    assert "initial_state=" in compilation.to_python()
    assert "initial_state" in compilation.to_svg()


WRONG = {
    "initial-state-circle": spec("[{GRU: {units: 4, initial_state: b}}]", "[{GRU: {units: 4, initial_state: a}}]"),
    "initial-state-count": spec("[{LSTM: {units: 4, initial_state: b}}]", "[{GRU: {units: 4}}]"),
    "initial-state-shape": spec("[{GRU: {units: 5, initial_state: b}}]", "[{GRU: {units: 4}}]"),
    "unknown-reference": spec("[{GRU: {units: 4, initial_state: b.ende}}]", "[{GRU: {units: 4, name: end}}]"),
}


@pytest.mark.parametrize("code", WRONG)
def test_what_is_wrong(code: str) -> None:
    assert set(codes(WRONG[code])) == {code}


def test_states_of_another_width_are_told_by_their_units() -> None:
    """A layer of the same kind is meant for all of its states, and not for its output twice."""
    text = spec("[{LSTM: {units: 4, initial_state: b.end}}]", "[{LSTM: {units: 5, name: end}}]")
    (found,) = load(text).diagnostics
    assert found.help == ("`b.end` has 5 units, and 4 stand here: with as many it gives all of its states",)
    assert [fix.title for fix in found.fixes] == ["write `units: 5`"]
    assert codes(text.replace("units: 4", "units: 5")) == []


def test_of_steps_the_last_one_is_a_state() -> None:
    text = spec("[{GRU: {units: 4, initial_state: b.end}}]", "[{LSTM: {units: 4, return_sequences: true, name: end}}%s]")
    (found,) = load(text % "").diagnostics
    assert found.help == ("`Slice: {axis: 1, index: -1}` behind it takes the last step, and a name of it gives that",)
    taken = text.replace(", name: end", "") % ", {Slice: {axis: 1, index: -1, name: end}}"
    assert codes(taken) == []


BEGINS = "initial_state: b.end}}]"
BROKEN = {
    "another key": (f"[{{LSTM: {{unitsq: 4, {BEGINS}", "unknown-key"),
    "another value": (f"[{{LSTM: {{units: four, {BEGINS}", "wrong-type"),
    "what is needed": (f"[{{LSTM: {{{BEGINS}", "missing-key"),
    "the key itself": ("[{LSTM: {units: 4, inital_state: b.end}}]", "unknown-key"),
    "the value itself": ("[{LSTM: {units: 4, initial_state: [3]}}]", "wrong-type"),
    "the layer": (f"[{{LTSM: {{units: 4, {BEGINS}", "unknown-layer"),
    "a wrapped layer": (f"[{{Bidirectional: {{layer: {{LSTM: {{unitsq: 4}}}}, {BEGINS}", "unknown-key"),
    "a layer without states": (f"[{{Dense: {{units: 4, {BEGINS}", "unknown-key"),
}
"""What cannot be read of a layer that begins with the states of `b`."""


def test_no_key_of_a_layer_that_is_not_known_is_taken_for_states() -> None:
    assert codes(spec("[{Dnse: {units: 4, init: zeros}}]", "[{LSTM: {units: 4}}]")) == ["unknown-layer"]


@pytest.mark.parametrize("name", BROKEN)
def test_a_layer_that_cannot_be_read_still_reads_its_states(name: str) -> None:
    """What nothing else reads is not told to reach no head; a name that is not there, and a circle, are told beside it."""
    first, code = BROKEN[name]
    heads = "{a: {inputs: [a], layers: [Flatten]}}"
    assert codes(spec(first, "[{LSTM: {units: 4, name: end}}]", heads)) == [code]
    circled = codes(spec(first, "[{LSTM: {units: 4, name: end, initial_state: [a, a]}}]", heads))
    misread = codes(spec(first, "[{LSTM: {units: 4, name: ende}}]", heads))
    told = name != "the value itself"
    assert sorted(circled) == sorted([code, "initial-state-circle"] if told else [code])
    assert ("unknown-reference" in misread) == told
