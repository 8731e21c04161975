"""Paths that a spec names: the text, and the folder that it is relative to. Nothing is opened here."""

from __future__ import annotations

import re
from pathlib import Path as File

from ..language.json_schema import Schema
from ..language.kinds import Text
from ..language.leaf import OpenLeaf
from ..language.scope import POISON, Poison, Scope
from ..text.diagnostic import Code
from ..text.edits.overrides import COMMAND_LINE
from ..text.frozen import dataclass
from ..text.nodes import Node, Scalar

ADDRESS = Code(
    "address-not-a-path",
    "error",
    "`{path}` is an address, not the path of a file",
    help="load it into a file, and name that: a run reads files alone",
)
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
"""Two letters and more: one is a drive."""


@dataclass(frozen=True)
class WrittenPath:
    """A path as it is written, and the folder that it is relative to."""

    text: str
    folder: File | None = None
    """The folder of the file that writes it; None for the working folder."""
    by_hand: bool = False
    """Whether it comes from the command line: who writes it there may name any place."""

    @property
    def path(self) -> File:
        """The path from the working folder."""
        return File(self.text) if self.folder is None else self.folder / self.text

    def __str__(self) -> str:
        return self.text


class PathLeaf(OpenLeaf[WrittenPath]):
    """The path of a file or folder, relative to the file that writes it."""

    canonical = (WrittenPath,)

    def __init__(self, words: str = "a path") -> None:
        self.words = words

    def read_node(self, node: Node, scope: Scope) -> WrittenPath | Poison:
        text = Text(self.words).read(node, scope)
        if text is POISON:
            return POISON
        if SCHEME.match(text):
            return scope.report(ADDRESS, node, path=text)
        return place_path(text, node, scope)

    def make_schema(self) -> Schema:
        return {"type": "string", "minLength": 1}


def place_path(text: str, node: Node, scope: Scope) -> WrittenPath:
    """A path with the folder of the file whose node holds it."""
    name = node.span.source.name
    if name in COMMAND_LINE:
        return WrittenPath(text, None, by_hand=True)
    if scope.folder is None or not isinstance(node, Scalar):
        return WrittenPath(text, scope.folder)
    return WrittenPath(text, File(name).parent)
