"""What a line that is typed anew leaves as it was is not looked at again, and all that is told is as if it were."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from places import ROOT
from test_features import ALL

from cnnlstm_spec.editor import retyped
from cnnlstm_spec.editor.features.diagnostics import Uris, make_diagnostics
from cnnlstm_spec.editor.features.inlay import find_inlay_hints
from cnnlstm_spec.editor.features.outline import find_lenses
from cnnlstm_spec.editor.retyped import find_retyped
from cnnlstm_spec.editor.state import AGE, Settings, State, make_state
from cnnlstm_spec.model import infer
from cnnlstm_spec.text.source import Source

NAME = "/specs/spec.yaml"
TEXT = (ROOT / "specs" / "equipment-fault.yaml").read_text()


def state(text: str, before: State | None = None) -> State:
    return make_state(Source(NAME, text), Path("/specs"), {}, Settings(), None, None, before)


def told(one: State) -> Any:
    """All that needs no offset."""
    uri = "file:///specs/spec.yaml"
    return make_diagnostics(one.found, Uris(one.source, uri)), find_inlay_hints(one, {"range": ALL}), find_lenses(one)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("filters: 32", "filters: 320"),
        ("{units: 64}", "{units: 7, dropout: 0.5}"),
        ("  metrics: [accuracy]", "  metrics: []"),
        ("kind: image, shape: [64, 64, 1]", "kind: image, shape: [20, 20, 1]"),
        ("{units: 1, activation: sigmoid}", "{units: 1, activation: softmax}"),
        ("optimizer: adam", "optimizer: {Adam: {learning_rate: 100.0}}"),
        ("{strategy: concat}", "{strategy: concat, broadcast: true}"),
        ("name: equipment-fault", "name: other"),
        ("pool_size: 2", "pool_size: 1"),
    ],
)
def test_what_is_kept_tells_the_same(old: str, new: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retyped, "LEAST", 0)
    first = state(TEXT)
    assert first.compilation.ok
    text = TEXT.replace(old, new)
    after = state(text, first)
    assert told(after) == told(state(text))
    again = state(TEXT, after)
    assert told(again) == told(first)
    assert again.exact.source.text == TEXT and not again.exact.age


def test_only_what_changed_is_inferred_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retyped, "LEAST", 0)
    first = state(TEXT)
    assert first.compilation.ok
    seen: list[str] = []
    inferred = infer.infer_node

    def counting(node: Any, *more: Any) -> Any:
        seen.append(node.id)
        return inferred(node, *more)

    monkeypatch.setattr(infer, "infer_node", counting)
    after = state(TEXT.replace("LSTM: {units: 64}", "LSTM: {units: 32}"), first)
    assert after.age == 1 and after.compilation.ok
    assert "vibration_lstm" in seen and not any(id.startswith("thermal") for id in seen)


def test_states_do_not_keep_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retyped, "LEAST", 0)
    one = state(TEXT)
    ages = []
    for number in range(AGE + 5):
        one = state(TEXT.replace("units: 64", f"units: {number + 1}"), one)
        ages.append(one.age)
    assert max(ages) == AGE and ages[AGE] == 0


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ("a\nb\nc", "a\nx\nc", (2, 2)),
        ("a\nb\nc", "a\nb\nc\n", None),
        ("a\nb\nc", "a\nb\nc", (3, 3)),
        ("a\nb\nb\nb\n", "a\nb\n\nb\n", (3, 3)),
        ("aa\nab\nc", "aa\nc\nab", (2, 3)),
        ("a\nb\nc\nd", "x\nb\nc\ny", None),
        ("a\r\nb", "a\rb", None),
    ],
)
def test_lines_that_differ(old: str, new: str, lines: tuple[int, int] | None) -> None:
    assert find_retyped(Source("", old), Source("", new)) == lines


def test_of_a_small_spec_nothing_is_kept_once_it_was_compiled_before() -> None:
    """What is kept costs a tenth, and of a short text with few layers nothing is found in it."""
    first = state(TEXT)
    assert first.compilation.ok and first.keeps
    after = state(TEXT.replace("relu", "tanh"), first)
    assert after.compilation.ok and not after.keeps and told(after) == told(state(after.source.text))
    many = TEXT.replace("LSTM: {units: 64}", "Repeat: {times: 300, layers: [{Dense: {units: 4}}]}\n      - LSTM: {units: 64}")
    grown = state(many, after)
    assert grown.compilation.ok and not grown.keeps
    assert state(many.replace("units: 4", "units: 5"), grown).keeps
