"""Fixes tried: only what mends is offered, in all variants and files, for no longer than a while."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from cnnlstm_spec.compiler import fixes
from cnnlstm_spec.compiler.fixes import Clock, Trials, TriedFixes, mend
from cnnlstm_spec.compiler.variants import Sweep, sweep
from cnnlstm_spec.text.diagnostic import Diagnostic
from cnnlstm_spec.text.edits.applied import apply_edits
from cnnlstm_spec.text.fix import Edit, Fix
from cnnlstm_spec.text.read_source import read_file
from cnnlstm_spec.text.source import Source

SPEC = """version: 1
name: example
branches:
  x:
    input: {kind: sequence, shape: [20, 8]}
    layers:
      - Dense: {units: "8", activaton: relu}  # two
      - LSTM: {units: 4}
head: [{Dense: {units: 1}}]
"""


def prepared(text: str, *overrides: str, folder: Path | None = None) -> Sweep:
    return sweep(Source("spec.yaml", text), overrides, folder=folder)


def mended(text: str, unsafe: bool = True, *overrides: str) -> str:
    result = mend(prepared(text, *overrides), unsafe)
    return next((after for _, after in result.changed), text)


def settled(spec: Sweep, found: Sequence[Diagnostic]) -> list[Diagnostic]:
    return list(map(TriedFixes(spec, found).settle, found))


def offered(text: str) -> list[tuple[str, str]]:
    spec = prepared(text)
    found = settled(spec, spec.compile_plain().diagnostics)
    return [(fix.title, fix.applicability) for each in found for fix in each.fixes]


def test_what_is_plain_is_mended() -> None:
    assert mended(SPEC, unsafe=False) == SPEC.replace('"8"', "8").replace("activaton", "activation")


def test_a_fix_that_brings_another_finding_only_says_how() -> None:
    text = SPEC.replace('"8", activaton: relu', "8")
    text = text.replace("LSTM: {units: 4}", 'LSTM: {units: "4"}\n      - LSTM: {units: 4}')
    assert ("write `4`", "display") in offered(text)
    assert mended(text, unsafe=False) == text


def test_a_mistake_that_hides_another_is_mended_with_it() -> None:
    text = SPEC.replace('"8", activaton: relu', "8").replace("shape: [20, 8]", "shape: (20, 8)")
    text = text.replace("- LSTM: {units: 4}", '- LSTM: {units: "4"}\n      - LSTM: {units: 4}')
    expected = text.replace("(20, 8)", "[20, 8]").replace('{units: "4"}', "{units: 4, return_sequences: true}")
    assert mended(text) == expected
    assert mended(text, unsafe=False) == text.replace("(20, 8)", "[20, 8]")


def test_a_fix_that_leaves_its_finding_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = prepared(SPEC)
    found = list(spec.compile_plain().diagnostics)
    span = found[0].place.span
    useless = Fix("turn it round", (Edit(span, "'9'"),), "safe")
    found = [Diagnostic(found[0].code, found[0].place, found[0].facts, fixes=(useless,)), *found[1:]]
    tried = settled(spec, found)
    assert tried[0].fixes == () and len(tried[1].fixes) == 1


def test_edits_have_their_places_in_the_text_as_it_is() -> None:
    spec = prepared(SPEC)
    found = settled(spec, spec.compile_plain().diagnostics)
    edits = [edit for each in found for fix in each.fixes for edit in fix.edits]
    assert apply_edits(SPEC, [edit for edit in edits if isinstance(edit, Edit)]) == mended(SPEC)


def test_what_is_tried_has_an_end() -> None:
    seconds = iter([0.0, *([0.5] * 1), *([9.0] * 100)])
    trials = Trials(prepared(SPEC), Clock(lambda: next(seconds)))
    first, second = (each.fixes[0] for each in trials.find_all())
    assert (first.applicability, second.applicability) == ("safe", "display")
    assert second.title.endswith("(untried)")


def test_so_many_of_a_finding_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fixes, "MOST", 0)
    assert all(title.endswith("(untried)") and how == "display" for title, how in offered(SPEC))


def test_a_trial_is_what_compiling_the_text_gives() -> None:
    spec = prepared(SPEC)
    trials = Trials(spec)
    for finding in trials.found:
        (fix,) = finding.fixes
        edits = trials.make_edits(fix)
        assert edits is not None
        after, text = trials.try_with(edits), apply_edits(SPEC, edits)
        assert after is not None and text is not None
        plainly = prepared(text).compile_plain().diagnostics
        assert [(each.code, each.message) for each in after.found] == [(each.code, each.message) for each in plainly]


def test_what_leaves_nothing_to_say_is_compiled_as_it_is_tried_and_not_again(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = []
    inner = Sweep.find_in_all
    monkeypatch.setattr(Sweep, "find_in_all", lambda self: (compiled.append(self.source.text), inner(self))[1])
    ((_, after),) = mend(prepared(SPEC)).changed
    assert compiled == [SPEC, after]


def test_what_a_set_says_is_no_text_to_mend() -> None:
    assert mended(SPEC, True, 'branches.x.layers[1].units="4"') == SPEC.replace('"8"', "8").replace("activaton", "activation")


MATRIX = SPEC.replace('"8", activaton: relu', "8") + "matrix:\n  branches.x.layers[0].units: [8, 16]\n"


def test_a_fix_holds_in_every_variant() -> None:
    text = MATRIX.replace("LSTM: {units: 4}", 'LSTM: {units: "4"}')
    assert mended(text) == text.replace('"4"', "4")


def test_what_one_variant_does_not_bear_only_says_how() -> None:
    text = MATRIX.replace("[8, 16]", "[8, 16, '4']").replace("LSTM: {units: 4}", "LSTM: {units: 4, untis: 3}")
    assert mended(text, unsafe=False).count("untis") == 1


def test_a_file_that_is_extended_is_mended(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(SPEC)
    own = tmp_path / "own.yaml"
    own.write_text("extends: base.yaml\nnaem: other\n")
    spec = sweep(read_file(own), folder=tmp_path)
    result = mend(spec, True)
    assert {source.name: text for source, text in result.changed} == {
        str(own): "extends: base.yaml\nname: other\n",
        str(tmp_path / "base.yaml"): mended(SPEC),
    }
    assert not result.found and len(result.made) == 3


TWICE = (
    "version: 1\nname: a\nbranches: {x: {input: {kind: vector, shape: [4]}}}\nhead: [{Dense: {units: 3, activation: softmax}}]\n"
)


@pytest.mark.parametrize(
    ("metrics", "left"),
    [
        ("[accuracy, acc]", "[accuracy]"),
        ("[accuracy, acc, auc]", "[accuracy, auc]"),
        ("[ accuracy , acc ]", "[ accuracy ]"),
        ("[accuracy, acc,]", "[accuracy,]"),
        ("[accuracy,\n  acc, auc]", "[accuracy,\n  auc]"),
        ("[\n    accuracy,   # a\n    acc,  # b\n  ]", "[\n    accuracy,   # a\n  ]"),
        ("[\n    accuracy,   # a\n    acc  # b\n  ]", "[\n    accuracy,   # a\n  ]"),
        ("[accuracy,  # a\n  acc]", "[accuracy,  # a\n  ]"),
        ("[\n  accuracy,  # a\n  acc,  # b\n  auc  # c\n]", "[\n  accuracy,  # a\n  auc  # c\n]"),
    ],
)
def test_an_item_in_brackets_goes_with_its_own_comment_alone(metrics: str, left: str) -> None:
    text = f"{TWICE}compile: {{loss: categorical_crossentropy, metrics: {metrics}}}\n"
    ((_, after),) = mend(sweep(Source("spec.yaml", text)), True).changed
    assert after == text.replace(metrics, left)
