"""Diagnostics as text: what stands where, whatever the source holds."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlstm_spec.text.diagnostic import CODES, Code, Diagnostic, Label
from cnnlstm_spec.text.escape.terminal import measure_width
from cnnlstm_spec.text.render import describe_counts, render
from cnnlstm_spec.text.source import NOWHERE, Place, Source, Span

PROBE = Code("probe", "error", "{what} is wrong")
CODES.pop("probe")


def finding(span: Span, labels: tuple[Label, ...] = (), label: str = "", **more: object) -> Diagnostic:
    return Diagnostic(PROBE, Place((), span), {"what": "it"}, label, labels, **more)  # type: ignore[arg-type]


def span_of(source: Source, word: str) -> Span:
    start = source.text.index(word)
    return Span(source, start, start + len(word))


def under(text: str, sign: str = "^") -> str:
    """The words that the signs of a rendering stand under, by the columns of a terminal."""
    lines = text.split("\n")
    at = next(i for i, line in enumerate(lines) if re.search(rf"\| +{re.escape(sign)}", line))
    row = lines[at].partition("| ")[2]
    start, length = row.index(sign), row.count(sign)
    shown, column = "", 0
    for char in lines[at - 1].partition("| ")[2]:
        if start <= column < start + length:
            shown += char
        column += measure_width(char)
    return shown


def test_both_ends_and_help() -> None:
    source = Source("fault.yaml", "".join(f"line{number}: value\n" for number in range(1, 21)))
    label = Label(Place((), span_of(source, "line3")), "gives it here")
    shown = render([finding(span_of(source, "line12"), (label,), "needs it", help=("do that",))])
    assert shown == (
        "error[probe]: it is wrong\n"
        "  --> fault.yaml:12:1\n"
        "   |\n"
        " 3 | line3: value\n"
        "   | ----- gives it here\n"
        "...\n"
        "12 | line12: value\n"
        "   | ^^^^^^ needs it\n"
        "   = help: do that"
    )


def test_a_single_line_between_is_shown_and_not_elided() -> None:
    source = Source("s", "a: 1\nb: 2\nc: 3\n")
    shown = render([finding(span_of(source, "c"), (Label(Place((), span_of(source, "a")), "here"),))])
    assert "2 | b: 2" in shown and "..." not in shown


def test_several_labels_on_a_line_and_in_other_files() -> None:
    one, two = Source("one.yaml", "a: b, c: d"), Source("two.yaml", "e: f")
    labels = (Label(Place((), span_of(one, "d")), "second"), Label(Place((), span_of(two, "f")), "third"))
    shown = render([finding(span_of(one, "b"), labels, "first")]).split("\n")
    assert shown[1:] == [
        " --> one.yaml:1:4",
        "  |",
        "1 | a: b, c: d",
        "  |    ^ first",
        "  |          - second",
        " ::: two.yaml:1:4",
        "  |",
        "1 | e: f",
        "  |    - third",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "漢字漢字: wrong",
        "\t\twrong",
        "e\u0301e\u0301 wrong",
        "🎬🎬 wrong",
        "\x1b[31m wrong",
        "a\u202eb wrong",
        "x" * 5000 + " wrong " + "y" * 5000,
    ],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r", ""])
def test_carets_stand_under_the_word(text: str, ending: str) -> None:
    source = Source("s", f"first{ending or chr(10)}{text}{ending}")
    shown = render([finding(span_of(source, "wrong"))])
    assert under(shown) == "wrong"
    assert ":2:" in shown
    assert "\x1b" not in shown and "\u202e" not in shown and "\r" not in shown


def test_a_long_line_is_cut_around_each_mark() -> None:
    source = Source("s", "first" + " " * 900 + "second")
    labels = (Label(Place((), span_of(source, "second")), "there"),)
    shown = render([finding(span_of(source, "first"), labels, "here")], width=80)
    assert under(shown) == "first" and under(shown, "-") == "second"
    assert all(len(line) <= 80 for line in shown.split("\n"))


def test_span_of_several_lines_ends_with_the_first() -> None:
    source = Source("s", "layers:\n  - a\n  - b\n")
    shown = render([finding(Span(source, 0, len(source.text)))])
    assert under(shown) == "layers:" and "- a" not in shown


@pytest.mark.parametrize("text", ["", "a"])
def test_end_of_the_text(text: str) -> None:
    source = Source("s", text)
    assert "error[probe]: it is wrong\n --> s" in render([finding(Span(source, len(text), len(text)))])


def test_nowhere_has_no_line() -> None:
    shown = render([finding(NOWHERE, (Label(Place((), NOWHERE), "a default"),), help=("set it",))])
    assert shown == "error[probe]: it is wrong\n  = note: a default\n  = help: set it"


def test_color_adds_nothing_but_color() -> None:
    source = Source("s", "a: 漢字\nb: 2\n")
    found = [finding(span_of(source, "漢字"), (Label(Place((), span_of(source, "b")), "here"),), "there", help=("do",))]
    colored = render(found, color=True)
    assert "\x1b[1;31m" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == render(found)


def test_what_a_message_quotes_is_not_obeyed() -> None:
    diagnostic = Diagnostic(PROBE, Place((), NOWHERE), {"what": "\x1b[2J\n\u202e"}, help=("\x07",))
    assert "\x1b" not in render([diagnostic]) and "\x07" not in render([diagnostic])
    assert render([diagnostic]).count("\n") == 1


def test_counts() -> None:
    source = Source("s", "a")
    assert describe_counts([], 1) == "no errors in 1 file"
    assert describe_counts([finding(Span(source, 0, 1))] * 2, 3) == "2 errors in 3 files"


@given(st.text(max_size=300), st.integers(0, 300), st.integers(0, 300), st.booleans(), st.integers(1, 200))
def test_any_span_of_any_text(text: str, start: int, length: int, color: bool, columns: int) -> None:
    source = Source("s", text)
    start = min(start, len(text))
    shown = render([finding(Span(source, start, min(start + length, len(text))))], color, columns)
    assert not [char for char in re.sub(r"\x1b\[[0-9;]*m", "", shown) if unicodedata.category(char) == "Cc" and char != "\n"]
