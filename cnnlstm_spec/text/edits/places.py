"""Where the things of a text stand: its keys and items, and the lines that they are written on. Reads no file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from ..fix import Edit
from ..nodes import Entry, Listing, Mapping, Node, Scalar
from ..parse import find_texts, parse
from ..source import Source, Span

COMMENT = re.compile(r"(?<=[ \t\r\n])#[^\r\n]*")
PROPERTIES = re.compile(r"(?:[&!]\S*\s+)*")
"""An anchor and a tag before a value."""


class InMapping(NamedTuple):
    """An entry of a mapping, by its number."""

    mapping: Mapping
    number: int
    holder: InList | None
    """The item that the mapping is, where it is one of a list."""

    @property
    def entry(self) -> Entry:
        return self.mapping.entries[self.number]


class InList(NamedTuple):
    """An item of a list, by its number."""

    listing: Listing
    number: int

    @property
    def item(self) -> Node:
        return self.listing.items[self.number]


class Places:
    """A text that can be parsed, and where the things in it stand."""

    def __init__(self, source: Source) -> None:
        self.source, self.text = source, source.text
        self.root, _ = parse(source)

    @cached_property
    def _keys(self) -> dict[int, InMapping]:
        """Entries by where their keys start."""
        return {each.entry.key.span.start: each for each in self._places if isinstance(each, InMapping)}

    @cached_property
    def _values(self) -> dict[int, InMapping]:
        """Entries whose value is a word, by where that starts."""
        entries = (each for each in self._places if isinstance(each, InMapping))
        return {each.entry.value.span.start: each for each in entries if is_name(each.entry.value)}

    @cached_property
    def _blocks(self) -> dict[tuple[int, int], Entry]:
        """Entries whose value is a list or a mapping in block style, by its span."""
        entries = (each.entry for each in self._places if isinstance(each, InMapping))
        inside = (each for each in entries if isinstance(each.value, Listing | Mapping))
        return {each.value.span[1:]: each for each in inside if self.text[self._begin(each.value)] not in "[{"}

    @cached_property
    def _items(self) -> dict[int, InList]:
        """Items of lists by where they start; of a list in a list, the inner one."""
        return {each.item.span.start: each for each in self._places if isinstance(each, InList)}

    @cached_property
    def _places(self) -> tuple[InMapping | InList, ...]:
        return tuple(_iterate_places(self.root, None)) if self.root is not None else ()

    def _find_value(self, owner: Span) -> Node | None:
        """The mapping of an owner; an empty scalar for one that is written as a bare name."""
        found = self._keys.get(owner.start)
        if found is not None and found.entry.key.span.end == owner.end:
            return found.entry.value
        item = self._items.get(owner.start)
        if item is not None and item.item.span.end == owner.end and is_name(item.item):
            return Scalar(Span(self.source, owner.end, owner.end), None, "")
        beside = self._values.get(owner.start)
        if beside is not None and beside.entry.value.span.end == owner.end:
            return beside.mapping
        nodes = [each.entry.value if isinstance(each, InMapping) else each.item for each in self._places]
        candidates = [self.root, *nodes]
        return next((each for each in candidates if isinstance(each, Mapping) and each.span[1:] == owner[1:]), None)

    def _is_own(self, mapping: Mapping, entry: Entry) -> bool:
        """Whether an entry is written in the mapping, and not merged into it from another."""
        return mapping.span.start <= entry.key.span.start < mapping.span.end

    def _is_pair(self, mapping: Mapping) -> bool:
        """Whether a mapping is a `key: value` in brackets, to which no key can be added."""
        item = self._items.get(mapping.span.start)
        return item is not None and self.text[self._begin(item.listing)] == "["

    def _find_key_before(self, mapping: Mapping) -> InMapping | None:
        """The entry whose value a mapping is."""
        return next((each for each in self._keys.values() if each.entry.value is mapping), None)

    def _find_item(self, span: Span) -> InList | None:
        """The item that is, or begins with, what stands at a span: a layer by its name."""
        found = self._keys.get(span.start)
        return (found.holder if found is not None else None) or self._items.get(span.start)

    def _find_dash(self, start: int) -> int | None:
        """Where the dash of an item stands, which is on its line."""
        before = self.text[self._find_line_start(start) : start]
        found = re.search(r"-[ \t]+(?:[&!]\S*[ \t]+)*$", before)
        return self._find_line_start(start) + found.start() if found else None

    def _begin(self, node: Node) -> int:
        """Where the text of a value starts, behind its anchor and tag."""
        found = PROPERTIES.match(self.text, node.span.start)
        return min(found.end() if found else node.span.start, len(self.text) - 1)

    def _find_end(self, entry: Entry) -> int:
        """Where an entry ends: an alias ends where it is written, and not where its value is."""
        value = entry.value.span
        if value.start >= entry.key.span.end:
            return max(value.end, entry.key.span.end + 1) if value.start == value.end else value.end
        alias = re.compile(r"\s*:\s*\*[^\s,\]}]+").match(self.text, entry.key.span.end)
        return alias.end() if alias else self._find_line_end(entry.key.span.end)

    def _find_comments(self, start: int, end: int) -> list[str]:
        """The comments between two places."""
        found = list(COMMENT.finditer(self.text, start, end))
        texts = find_texts(self.source) if found else ()
        return [each[0].rstrip() for each in found if not any(begin <= each.start() < stop for begin, stop in texts)]

    def _edit(self, start: int, end: int, text: str) -> Edit:
        return Edit(Span(self.source, start, end), text)

    def _find_column(self, at: int) -> int:
        return at - self._find_line_start(at)

    def _find_line_start(self, at: int) -> int:
        return self.source.start(self.source.find_position(at)[0])

    def _find_line_end(self, at: int) -> int:
        """Where the line of a place ends, before its line break."""
        found = re.compile(r"[\r\n]").search(self.text, at)
        return found.start() if found else len(self.text)

    def _break_at(self, at: int) -> str:
        return "\r\n" if self.text.startswith("\r\n", at) else self.text[at : at + 1]

    @cached_property
    def _newline(self) -> str:
        """The line break of the text, that of its first line."""
        return self._break_at(self._find_line_end(0)) or "\n"


def is_name(node: Node) -> bool:
    """Whether an item is a word without quotes, as a layer without arguments is."""
    return isinstance(node, Scalar) and isinstance(node.value, str) and node.plain


def _iterate_places(node: Node, holder: InList | None) -> Iterator[InMapping | InList]:
    """All that stands in a value; what an alias repeats comes again."""
    if isinstance(node, Mapping):
        for index, entry in enumerate(node.entries):
            yield InMapping(node, index, holder)
            yield from _iterate_places(entry.value, None)
    elif isinstance(node, Listing):
        for index, item in enumerate(node.items):
            place = InList(node, index)
            yield place
            yield from _iterate_places(item, place)
