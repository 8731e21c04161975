"""The tool that changes what messages say: what it changes, that a test which looks sees it, and that one which does not lets it live."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from places import ROOT

from cnnlstm_spec.text.source import NOWHERE, Place, Source, Span
from tools.mutants import Sites, changed, moved

CALLS = """
from ..text.spelling import suggest_word
FOUND = Code("found", "error", "it is found", help="look elsewhere")
scope.report(FOUND, node, labels=(Label(other, "here"),), help=suggest_word(word, words))
raise Refusal(FOUND, help=("one", f"two {name}"))
Fix("write it", (Edit(span, "it"),))
option(help="of a command, and no message")
"""


def test_what_a_message_says_is_handed_over() -> None:
    sites = Sites("a.py")
    tree = sites.visit(ast.parse(CALLS))
    kinds = [each.partition(" ")[2] for each in sites.found]
    assert sorted(kinds) == ["edits", "fix", "help", "help", "help of found", "label", "place", "place", "suggestion"]
    assert ast.unparse(tree).count("__decide__") == 8 and len(set(sites.found)) == 9


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        ("help", ("one", "use two"), ("one", "use otherwise")),
        ("help", (), ()),
        ("label", "gives 3", "gives otherwise"),
        ("suggestion", ("did you mean `a`?",), ()),
        ("suggestion", "units", None),
        ("edits", ("one", "two"), ("one",)),
    ],
)
def test_a_change(kind: str, value: object, wanted: object) -> None:
    assert changed(f"a.py:1:0 {kind}", value) == wanted


def test_a_place_that_is_moved() -> None:
    source = Source("t", "abc: d\n- x\n")

    def text(start: int, end: int) -> str:
        span = moved(Place((), Span(source, start, end))).span
        return source.text[span.start : span.end]

    assert [text(0, 3), text(3, 4), text(5, 6), text(1, 10)] == ["ab", ": ", " d", "c: d\n- x"]
    assert moved(NOWHERE) is NOWHERE and moved("a key") is None


LOOKS = """
from cnnlstm_spec import load
from cnnlstm_spec.text.render import render

def test_it():
    found = load("version: 1\\nname: t\\nname: u\\n").diagnostics
    said = render(found)
    assert {looks}
"""


@pytest.mark.parametrize(
    ("looks", "status"),
    [("'first written here' in said and '----' in said", 0), pytest.param("said", 1, marks=pytest.mark.whole(every=1))],
)
def test_a_change_is_seen_by_a_test_that_looks(looks: str, status: int, tmp_path: Path) -> None:
    """Of the second place where a key is written twice: its words, and its span."""
    (tmp_path / "test_it.py").write_text(LOOKS.format(looks=looks))
    source = (ROOT / "cnnlstm_spec" / "text" / "parse.py").read_text("utf-8").splitlines()
    (number,) = [number for number, each in enumerate(source, 1) if "first written here" in each]
    line = [sys.executable, "tools/mutants.py", "9", "--only", f"text/parse.py:{number}:", "--tests", str(tmp_path)]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == status, done.stdout + done.stderr
