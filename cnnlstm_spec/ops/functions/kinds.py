"""What an argument of a function takes, by the word for it in the table. Imports no op."""

from __future__ import annotations

from ...language.kinds import BOOLEAN, INTEGER, NATURAL, NOT_ALLOWED, NUMBER, OWN_NATURAL, SIZE, Choice, Integer, Number, Optional
from ...language.leaf import Leaf
from ...language.list_kinds import ListOf, OneOrMore
from ..axes import AXES
from ..input import DTYPES

KINDS: dict[str, Leaf] = {
    "number": NUMBER,
    "rate": Number(least=0, most=1, code=NOT_ALLOWED),
    "percent": Number(least=0, most=100, code=NOT_ALLOWED),
    "int": INTEGER,
    "count": SIZE,
    "block": Integer(2),
    "natural": OWN_NATURAL,
    "positive": Number(above=0, code=NOT_ALLOWED),
    "bool": BOOLEAN,
    "axes": AXES,
    "counts": OneOrMore(SIZE),
    "numbers": ListOf(NUMBER, least=1),
    "pairs": ListOf(ListOf(NATURAL, 2), least=1),
    "dtype": Choice(*DTYPES),
}

WORDS: dict[str, str] = {
    "axis": "The axis, or axes; the batch is 0, -1 the last.",
    "keepdims": "Whether the axes stay, with size 1.",
    "x2": "The second number.",
    "y": "The second number.",
    "dtype": "The dtype that it gives.",
}


def find_kind(word: str) -> Leaf:
    """The leaf; a `?` admits null, `choice:` lists words."""
    if word.endswith("?"):
        return Optional(find_kind(word[:-1]))
    if word.startswith("choice:"):
        return Choice(*word.removeprefix("choice:").split())
    return KINDS[word]


def describe_argument(argument: str) -> str:
    """What an argument means, in a few words."""
    return WORDS.get(argument, f"Keras's `{argument}`.")
