"""The tree that a text holds: values with the span of each. Imports nothing that reads text."""

from __future__ import annotations

from dataclasses import replace

from .diagnostic import Code, Diagnostic
from .escape.characters import UNSAFE
from .frozen import dataclass
from .source import NOWHERE, Place, Span
from .yaml_scalars import Value

DEPTH_LIMIT = 64
NODES_LIMIT = 200_000
"""Nodes with aliases expanded; a spec of 10,000 layers has about 100,000."""

TOO_MANY = Code(
    "aliases-too-large",
    "error",
    "with its aliases and variables written out, it has more than {limit} values",
    help="write a block with parameters where the parts differ, and `Repeat` where they do not",
)
BAD_NAME = Code("name-characters", "error", "`{name}` cannot name {what}")
TOO_DEEP = Code("nested-too-deep", "error", "nested more than {limit} levels deep")


@dataclass(frozen=True)
class Node:
    """A value and where it is written."""

    span: Span


@dataclass(frozen=True)
class Scalar(Node):
    """A scalar; `text` is as written without quotes, `plain` tells that it had none, `broken` that it is reported."""

    value: Value
    text: str
    plain: bool = True
    broken: bool = False


@dataclass(frozen=True)
class DefaultName(Scalar):
    """The key in `{Name: {argument: value}}` of an object that is not written: of its default an argument is set."""


@dataclass(frozen=True)
class Entry:
    """A key and its value."""

    key: Scalar
    value: Node


@dataclass(frozen=True)
class Mapping(Node):
    """A mapping with unique keys, in the order written."""

    entries: tuple[Entry, ...]

    def get(self, key: str) -> Entry | None:
        """The entry of that key."""
        for entry in self.entries:
            if entry.key.text == key:
                return entry
        return None


@dataclass(frozen=True)
class Listing(Node):
    """A sequence; `named` tells that a variable stood here for it, which among layers stands for its items."""

    items: tuple[Node, ...]
    named: bool = False


def describe_sort(node: Node) -> str:
    """What a person calls the sort of a node, with its article."""
    if isinstance(node, Mapping):
        return "a mapping"
    if isinstance(node, Listing):
        return "a list"
    assert isinstance(node, Scalar)
    kinds = {type(None): "null", bool: "a boolean", int: "an integer", float: "a number", str: "a string"}
    return kinds[type(node.value)]


def make_node(value: object, span: Span = NOWHERE, found: list[Diagnostic] | None = None, depth: int = 0) -> Node:
    """A node of a Python value, all of it at one span; keys that can be no names are reported to `found`."""
    found = [] if found is None else found
    value = make_plain_value(value)
    if depth > DEPTH_LIMIT:
        raise TypeError(f"a value that is nested more than {DEPTH_LIMIT} levels deep has no place in a spec")
    if isinstance(value, dict):
        keys = (as_key(Scalar(span, str(key), str(key)), found) for key in value)
        return Mapping(
            span, tuple(Entry(key, make_node(v, span, found, depth + 1)) for key, v in zip(keys, value.values(), strict=True))
        )
    if isinstance(value, list | tuple):
        return Listing(span, tuple(make_node(item, span, found, depth + 1) for item in value))
    if value is None or isinstance(value, bool | int | float | str):
        return Scalar(span, value, str(value))
    raise TypeError(f"{type(value).__name__} has no place in a spec")


def make_plain_value(value: object) -> object:
    """The value of Python's own for a number or an array of numpy, and for a subclass of a number or a text."""
    if hasattr(value, "dtype") and hasattr(value, "tolist"):
        return value.tolist()
    for sort in (int, float, str):
        if isinstance(value, sort) and type(value) not in (sort, bool):
            return sort.__str__(value) if sort is str else sort(value)
    return value


def explain_unfit(name: str) -> str | None:
    """The way out for a name that holds a character which no name may, since nobody sees it; None for others."""
    match = None if name.isprintable() else UNSAFE.search(name)
    return f"leave out the character U+{ord(match[0]):04X}" if match else None


def explain_letters(name: str) -> tuple[str, ...]:
    """The way out for a name with letters of other alphabets, which a person takes for letters; nothing for others."""
    foreign = next((each for each in name if each.isalpha() and not each.isascii()), None)
    return (f"the letters are A to Z and a to z; `{foreign}` is none of them",) if foreign else ()


def as_key(key: Scalar, found: list[Diagnostic]) -> Scalar:
    """The key, broken and reported where it can be no name."""
    help = explain_unfit(key.text)
    if help is None:
        return key
    found.append(Diagnostic(BAD_NAME, Place((), key.span), {"name": key.text, "what": "anything"}, help=(help,)))
    return replace(key, broken=True)


def to_value(node: Node) -> object:
    """The Python value of a node, without positions."""
    if isinstance(node, Mapping):
        return {entry.key.text: to_value(entry.value) for entry in node.entries}
    if isinstance(node, Listing):
        return [to_value(item) for item in node.items]
    assert isinstance(node, Scalar)
    return node.value


WRONG_TYPE = Code("wrong-type", "error", "`{key}` is {words}; this is {given}")


def show_given(node: Node) -> str:
    """A value as a message shows it."""
    if isinstance(node, Scalar) and node.value is not None:
        sort = describe_sort(node)
        text = node.text if len(node.text) <= 40 else node.text[:37] + "..."
        if sort == "a string":
            return f'the string "{text}"'
        return f"the boolean {text}" if sort == "a boolean" else text
    empty = not (node.entries if isinstance(node, Mapping) else node.items if isinstance(node, Listing) else (node,))
    return describe_sort(node).replace("a ", "an empty ", 1) if empty else describe_sort(node)
