"""A fix: what to change in a text so that a finding is gone. It is made beside its finding, and costs nothing until it is tried.

A change says what to do with a thing that stands at a span: how the text is laid out there, `edits/layout.py` finds out.
Imports only `source`.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from .frozen import dataclass
from .source import Span

Applicability = Literal["safe", "unsafe", "display"]
"""`safe` keeps the meaning or can only be what was meant, `unsafe` changes the model, `display` only says how."""


class Edit(NamedTuple):
    """A span of a text, and what stands there instead; of an empty span, what is put there."""

    span: Span
    text: str


class Put(NamedTuple):
    """A key of a mapping set to a value, written as YAML on one line: in place of the value that it has, or added at the end.

    `owner` is the span of the mapping itself, of the key that it is the value of, as the name of a layer is, or of a word that is
    one of its values, as a strategy is. `within` leads from there to a layer that is the value of an argument of a wrapper;
    `instead` is a key that it is written in place of; `beside` says that it stands beside the key whose value the word is, and
    is no argument of what the word names.
    """

    owner: Span
    key: str
    value: str
    within: str | None = None
    instead: str | None = None
    beside: bool = False


class Drop(NamedTuple):
    """An entry left out, named by the span of its key, or an item of a list; a layer goes with all its arguments.

    `also` are keys of other entries of its mapping, which are left out with it.
    """

    span: Span
    also: tuple[Span, ...] = ()


class Wrap(NamedTuple):
    """Items of one list, from the first to the last, made the value of one item: `- name:` with the list below it.

    A name with dots, such as `Parallel.paths.again`, is keys one in the other; `beside` has, of each that has one, the line that
    stands beside it, the innermost first.
    """

    first: Span
    last: Span
    name: str
    beside: tuple[str, ...] = ()


class Nest(NamedTuple):
    """Entries of one mapping, from the first to the last, made the value of a new key; without a name, of the key before them."""

    first: Span
    last: Span
    name: str = ""


class Relocate(NamedTuple):
    """An entry moved into a section at the top, as `compile.loss`, with its value or another; a missing section is written.

    `also` are others of its mapping that go to the same section.
    """

    key: Span
    path: str
    value: str | None = None
    also: tuple[Relocate, ...] = ()


class Insert(NamedTuple):
    """An item put into a list before, or after, the one at a span, written on one line."""

    before: Span
    item: str
    after: bool = False


class Move(NamedTuple):
    """An item of a list put before another one of it, with its lines."""

    item: Span
    before: Span


class Lift(NamedTuple):
    """The entries of the mapping that is the value of a key put in its place, each with its lines."""

    key: Span


Change = Edit | Put | Drop | Wrap | Nest | Relocate | Insert | Move | Lift


@dataclass(frozen=True)
class Fix:
    """A way to mend a finding: a title in the imperative, the changes, and how far they can be trusted."""

    title: str
    edits: tuple[Change, ...]
    applicability: Applicability = "unsafe"


def put(owner: Span, key: str, value: str, applicability: Applicability = "unsafe") -> Fix:
    """One key of a layer or section set to a value."""
    return Fix(f"write `{key}: {value}`", (Put(owner, key, value),), applicability)


def write(span: Span, text: str, applicability: Applicability = "unsafe", title: str = "") -> Fix:
    """One word in place of another."""
    return Fix(title or f"write `{text}`", (Edit(span, text),), applicability)


def drop(span: Span, name: str, applicability: Applicability = "safe") -> Fix:
    """A key, or an item, left out."""
    return Fix(f"leave `{name}` out", (Drop(span),), applicability)
