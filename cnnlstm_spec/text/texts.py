"""The texts that a spec is read from, and the tree of each: as they lie in files, or with edits in them.

Imports what parses and what reads files.
"""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from pathlib import Path as File

from .diagnostic import Diagnostic
from .files import PathError, resolve
from .nodes import Entry, Listing, Mapping, Node, Scalar
from .parse import parse
from .read_source import read_file
from .source import Source

Parsed = tuple[Node | None, list[Diagnostic]]


class Texts:
    """What is read for one spec: its own text, and those of the files that it extends."""

    def __init__(self) -> None:
        self.sources: dict[int, Source] = {}
        """Every text that was parsed, by its id."""
        self.files: dict[File, Source] = {}
        self.trees: dict[int, Node | None] = {}

    def parse(self, source: Source) -> Parsed:
        """The tree of a text and what is amiss in it, the list anew for its reader."""
        tree, found = parse(source)
        self.sources[id(source)], self.trees[id(source)] = source, tree
        return tree, found

    def with_comments(self) -> list[Source]:
        """The texts whose comments are about what stands in the trees, that of the spec itself first."""
        return list(self.sources.values())

    def read(self, path: File) -> Source:
        """The source of a file; raises Unread."""
        source = self.files[same_file(path)] = read_file(path)
        return source


class EditedTexts(Texts):
    """The texts of another reading, some of them edited; files are not read again.

    `edited` gives by id the new sources of old ones. Where it `keeps` nodes, what is equal in both trees is the very same
    node, at its place in the old text: what rests on it need not be made anew.
    """

    def __init__(self, before: Texts, edited: MappingOf[int, Source], keeps: bool = True) -> None:
        super().__init__()
        self.before, self.edited, self.keeps = before, edited, keeps

    def parse(self, source: Source) -> Parsed:
        old = next((id for id, new in self.edited.items() if new is source), id(source))
        tree, found = parse(source)
        known = self.before.trees.get(old) if self.keeps else None
        if tree is not None and known is not None:
            tree = _grafted(known, tree)
        self.sources[id(source)], self.trees[id(source)] = source, tree
        return tree, found

    def with_comments(self) -> list[Source]:
        before = self.before.with_comments() if self.keeps else []
        return [*super().with_comments(), *(each for each in before if id(each) not in self.sources)]

    def read(self, path: File) -> Source:
        known = self.before.files.get(same_file(path))
        source = super().read(path) if known is None else self.edited.get(id(known), known)
        self.files[same_file(path)] = source
        return source


def same_file(path: File) -> File:
    """What is the same for all paths of one file."""
    try:
        return resolve(path)
    except PathError:
        return path


def _grafted(old: Node, new: Node) -> Node:
    """The new tree with every part that is equal to one of the old, in the same place, replaced by that."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        known = {entry.key.text: entry for entry in old.entries}
        entries = tuple(_grafted_entry(known.get(entry.key.text), entry) for entry in new.entries)
        return old if _are_same(entries, old.entries) else Mapping(new.span, entries)
    if isinstance(old, Listing) and isinstance(new, Listing):
        items = _grafted_items(old.items, new.items)
        return old if _are_same(items, old.items) else Listing(new.span, items)
    return old if isinstance(old, Scalar) and isinstance(new, Scalar) and _is_equal(old, new) else new


def _grafted_entry(old: Entry | None, new: Entry) -> Entry:
    if old is None or not _is_equal(old.key, new.key):
        return new
    value = _grafted(old.value, new.value)
    return old if value is old.value else Entry(old.key, value)


def _grafted_items(old: tuple[Node, ...], new: tuple[Node, ...]) -> tuple[Node, ...]:
    """Items, those at the end by their place from the end where some were put in or left out."""
    if len(old) == len(new):
        return tuple(_grafted(each, item) for each, item in zip(old, new, strict=True))
    shorter = min(len(old), len(new))
    head = 0
    items = list(new)
    while head < shorter and (item := _grafted(old[head], new[head])) is old[head]:
        items[head] = item
        head += 1
    tail = 1
    while tail <= shorter - head and (item := _grafted(old[-tail], new[-tail])) is old[-tail]:
        items[-tail] = item
        tail += 1
    return tuple(items)


def _are_same(new: tuple[object, ...], old: tuple[object, ...]) -> bool:
    return len(new) == len(old) and all(a is b for a, b in zip(new, old, strict=True))


def _is_equal(old: Scalar, new: Scalar) -> bool:
    kept = (old.text, old.plain, old.broken, old.value, type(old.value)) == (
        new.text,
        new.plain,
        new.broken,
        new.value,
        type(new.value),
    )
    return kept and not new.broken
