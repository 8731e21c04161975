"""The texts that a spec is read from, and the tree of each: as they lie in files, or with edits in them.

Imports what parses and what reads files.
"""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from pathlib import Path as File

from .diagnostic import Diagnostic
from .files import PathError, resolve
from .graft import Graft
from .nodes import Node
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
        self.asked: set[File] = set()
        """The files that were to be read, those that are not there too."""
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
        same = find_same_file(path)
        self.asked.add(same)
        source = self.files[same] = read_file(path)
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
            tree = Graft(self.may_keep).graft_node(known, tree)
        self.sources[id(source)], self.trees[id(source)] = source, tree
        return tree, found

    def may_keep(self, node: Node) -> bool:
        """Whether a node of the old text stands where the one that is equal to it stands in the new one, if that counts."""
        return True

    def with_comments(self) -> list[Source]:
        before = self.before.with_comments() if self.keeps else []
        return [*super().with_comments(), *(each for each in before if id(each) not in self.sources)]

    def read(self, path: File) -> Source:
        same = find_same_file(path)
        known = self.before.files.get(same)
        if known is None:
            return super().read(path)
        self.asked.add(same)
        source = self.files[same] = self.edited.get(id(known), known)
        return source


def find_same_file(path: File) -> File:
    """What is the same for all paths of one file."""
    try:
        return resolve(path)
    except PathError:
        return path
