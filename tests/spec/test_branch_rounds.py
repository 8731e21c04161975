"""A branch with `each`, and `*` in names of branches, are what they stand for written out; mistakes in them are told once."""

from __future__ import annotations

import pytest

from cnnlstm_spec import load
from cnnlstm_spec.model.rules.fit import find_covered
from cnnlstm_spec.spec.patterns import fits

INPUT = "{kind: sequence, shape: [40, 1]}"
LAYERS = "[{Conv1D: {filters: %s, kernel_size: 3, name: conv}}, GlobalMaxPooling1D]"
EACH = f'  "lead_${{lead}}": {{each: {{lead: [I, II], count: [2, 3]}}, input: {INPUT}, layers: {LAYERS % "$count"}}}\n'
OUT = "".join(f"  lead_{name}: {{input: {INPUT}, layers: {LAYERS % count}}}\n" for name, count in (("I", 2), ("II", 3)))
SPEC = """version: 1
name: t
branches:
%s  age: {input: {kind: vector, shape: [1]}}
fusion:
  - {name: leads, strategy: concat, inputs: [%s]}
  - {name: all, strategy: concat, inputs: [leads, age]}
heads:
  risk: [{Dense: {units: 1}}]
  aside: {inputs: [%s], strategy: concat, layers: [GlobalMaxPooling1D, {Dense: {units: 1}}]}
compile: {loss: {risk: mse, aside: mse}, learning_rate_multipliers: {%s}}
%s"""
SHORT = SPEC % (EACH, '"lead_*"', '"l*_*.conv"', '"branches.lead_*.conv": 0.1', "%s")
LONG = SPEC % (
    OUT,
    "lead_I, lead_II",
    "lead_I.conv, lead_II.conv",
    "branches.lead_I.conv: 0.1, branches.lead_II.conv: 0.1",
    "%s",
)
DATA = "data: {train: {path: a.csv}, inputs: {%s}}\nfit: {epochs: 1, callbacks: []}\n"


def test_it_is_the_same_model() -> None:
    short, long = load(SHORT % ""), load(LONG % "")
    assert short.ok and long.ok, [each.message for each in short.diagnostics]
    assert short.to_python().partition("def build")[2] == long.to_python().partition("def build")[2]
    assert short.typed is not None
    origin = next(node.origin for node in short.typed.graph.nodes.values() if node.area == "branches.lead_II" and not node.hidden)
    assert origin.address == ("branches", "lead_II", "layers", 0)
    assert origin.place.path == ("branches", "lead_${lead}", "layers", 0)


def test_columns_are_those_of_the_round() -> None:
    short = load(SHORT % DATA % '"lead_*": {column: "ecg_${lead}_${index}"}')
    assert short.ok and short.spec is not None and short.spec.data is not None, [each.message for each in short.diagnostics]
    assert [each.column for each in short.spec.data.inputs.values()] == ["ecg_I_0", "ecg_II_1", "age"]
    amiss = load(SHORT % DATA % '"*": {column: "ecg_${lead}"}')
    assert [each.code.name for each in amiss.diagnostics if each.severity == "error"] == ["unknown-variable"]


def test_what_is_frozen_is_what_a_pattern_stands_for() -> None:
    typed = load(SHORT % "").typed
    assert typed is not None
    assert find_covered(typed, "branches.lead_*.conv") == find_covered(typed, "branches.lead_I.conv") | find_covered(
        typed, "branches.lead_II.conv"
    )
    assert len(find_covered(typed, "branches.lead_*.conv")) == 2 < len(find_covered(typed, "branches.lead_*"))


def codes(old: str, new: str, text: str = SHORT) -> list[str]:
    assert old in text
    changed = text.replace(old, new, 1) % ""
    return [each.code.name for each in load(changed).diagnostics if each.severity == "error"]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("[I, II]", "[I, I]", "branch-named-twice"),
        ("lead_${lead}", "lead", "branch-named-twice"),
        ("lead_${lead}", "lead_${laed}", "unknown-variable"),
        ("lead_${lead}", "a.${lead}", "name-characters"),
        ("[I, II], count: [2, 3]", "[], count: []", "wrong-type"),
        ("count: [2, 3]", "count: [2]", "each-of-unequal-lengths"),
        ("each: {lead", "eahc: {lead", "unknown-key"),
        ("filters: $count", "filtres: $count", "unknown-key"),
        ("filters: $count", "filters: $cuont", "unknown-variable"),
        ('["lead_*"]', '["laed_*"]', "pattern-without-branch"),
        ('["lead_*"]', '["lead_*", lead_I]', "named-beside-pattern"),
        ('["lead_*"]', '["lead_*", "*_II"]', "named-beside-pattern"),
        ('"l*_*.conv"', '"l*_*.cnov"', "unknown-reference"),
        ('"branches.lead_*.conv"', '"branches.laed_*.conv"', "pattern-without-branch"),
        ('"branches.lead_*.conv": 0.1', '"branches.lead_*": 0.1, branches.lead_I: 1', "named-beside-pattern"),
        ('"branches.lead_*.conv"', '"branches.lead_*.cnov"', "unknown-address"),
    ],
)
def test_each_mistake_is_told_once(old: str, new: str, code: str) -> None:
    found = codes(old, new)
    assert found and set(found) == {code}, found
    assert len(found) == 1 or code in ("unknown-reference", "unknown-address", "unknown-key", "unknown-variable")


EXPECTED = [
    ("{'branches.lead_*.conv': [38, 2]}", ["shape-not-as-expected"]),
    ("{'branches.lead_*': [2], head: [1]}", ["shape-not-as-expected", "unknown-address"]),
    ("{'branches.lead_*': [7], branches.age: [1]}", ["shape-not-as-expected"]),
    ("{'branches.lead_*.cnv': [38, 2]}", ["unknown-address"]),
    ("{'branches.lead_*': [2], branches.lead_I: [2]}", ["named-beside-pattern"]),
    ("{'branches.led_*': [2]}", ["pattern-without-branch"]),
    ("{'branches.*ge': [1], heads.risk: [1]}", []),
]


@pytest.mark.parametrize(("expect", "found"), EXPECTED)
def test_what_is_expected_of_a_pattern(expect: str, found: list[str]) -> None:
    """It is expected of each branch that fits, and told once."""
    assert [each.code.name for each in load(SHORT % f"expect: {expect}").diagnostics if each.severity == "error"] == found


EMPTY = [
    ("{each: {lead: [I, II], count: [2, 3]}, ", "{", "`each: {lead: [...]}` in it makes it a branch for each value of `lead`"),
    ("{lead: [I, II], count: [2, 3]}", "{lead: [], count: []}", "`lead` is a list of one value or more; this is an empty list"),
]


@pytest.mark.parametrize(("old", "new", "words"), EMPTY)
def test_what_is_missing_of_each(old: str, new: str, words: str) -> None:
    found = load((SHORT % "").replace(old, new)).diagnostics
    assert words in [text for each in found for text in (each.message, *each.help)]


def test_a_pattern_needs_a_strategy() -> None:
    assert codes('strategy: concat, inputs: ["lead_*"]', 'inputs: ["lead_*"]') == ["missing-key"]
    assert codes("strategy: concat, layers: [Glo", "layers: [Glo") == ["missing-key"]


def test_each_branch_has_weights_of_its_own_unless_it_shares() -> None:
    text = SHORT.replace('"branches.lead_*.conv"', "heads") % ""
    own, shared = load(text.replace("$count", "2")), load(text.replace("$count", "2, share: one"))
    assert own.typed is not None and shared.typed is not None and own.ok and shared.ok
    assert own.typed.params - shared.typed.params == 3 * 2 + 2


@pytest.mark.parametrize(
    ("name", "pattern", "fit"),
    [
        ("lead_I", "lead_*", True),
        ("lead_", "lead_*", True),
        ("aba", "a*ba", True),
        ("aa", "a*a*a", False),
        ("abab", "*ab", True),
        ("a[b", "a[b", True),
        ("ab", "a?", False),
        ("abc", "*b*", True),
        ("ac", "*b*", False),
    ],
)
def test_what_fits(name: str, pattern: str, fit: bool) -> None:
    assert fits(name, pattern) == fit
