"""Arithmetic in `${...}`: what Python makes of the same text, for every text that holds numbers, names, + - * / // and ( )."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlstm_spec.language.scope import Scope
from cnnlstm_spec.language.variables import LIMIT
from cnnlstm_spec.text.nodes import Node, Scalar, make_node
from cnnlstm_spec.text.source import Source, Span

VALUES: dict[str, int | float] = {"a": 3, "width": 64, "rate": 0.25, "zero": 0, "minus": -7}
SPACE = st.sampled_from(["", " ", "  "])
LEAVES = st.one_of(st.sampled_from(sorted(VALUES)), st.integers(0, 200).map(str), st.sampled_from(["0.5", "1e-3", "2.0"]))


def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    binary = st.tuples(inner, SPACE, st.sampled_from(["+", "-", "*", "/", "//"]), SPACE, inner).map("".join)
    return binary | inner.map(lambda text: f"({text})") | inner.map(lambda text: f"-{text}")


EXPRESSIONS = st.recursive(LEAVES, grown, max_leaves=8)


def resolve(text: str) -> tuple[Node | None, list[str]]:
    """What a text stands for, and the codes of what is said of it."""
    scope = Scope([], variables={name: make_node(value) for name, value in VALUES.items()})
    found = scope.resolve(Scalar(Span(Source("spec", text), 0, len(text)), text, text))
    return found, [each.code.name for each in scope.found]


def is_within(number: object) -> bool:
    return isinstance(number, int | float) and -LIMIT <= number <= LIMIT


@given(EXPRESSIONS)
def test_a_value_is_what_python_makes_of_it(text: str) -> None:
    try:
        wanted = eval(text, {"__builtins__": {}}, dict(VALUES))
    except ZeroDivisionError:
        wanted = None
    found, codes = resolve(f"${{{text}}}")
    if wanted is None or not is_within(wanted):
        assert found is None and codes == ["arithmetic"]
    elif found is None:  # what is too large on the way is refused, though the end is small
        assert codes == ["arithmetic"]
    else:
        assert isinstance(found, Scalar) and not codes
        assert found.value == wanted and type(found.value) is type(wanted), text


@given(EXPRESSIONS, st.sampled_from(["x {} y", "{}", "{}{}", "n_{}"]))
def test_inside_text_a_value_stands_as_it_is_written(text: str, frame: str) -> None:
    alone, _ = resolve(f"${{{text}}}")
    filled, codes = resolve(frame.replace("{}", f"${{{text}}}") + " .")
    if alone is None:
        assert filled is None and codes
    else:
        assert isinstance(alone, Scalar) and isinstance(filled, Scalar)
        assert filled.value == frame.replace("{}", alone.text) + " ."


@given(st.text(alphabet="0123456789 abzrt+-*/().$_,[]'\"%&|<>=!", max_size=12))
def test_any_text_is_a_number_or_one_finding(text: str) -> None:
    found, codes = resolve(f"${{{text}}}")
    assert (found is None) == (len(codes) == 1) and len(codes) < 2


@pytest.mark.parametrize(
    "text", ["a ** 2", "a % 2", "f(a)", "a.real", "a[0]", "[1]", "lambda: 1", "__import__('os')", "a if a else 1"]
)
def test_what_is_no_arithmetic_is_refused(text: str) -> None:
    assert resolve(f"${{{text}}}") in [(None, ["arithmetic"]), (None, ["unknown-variable"])]
