"""A source of samples: a table, arrays, a folder of folders, a packed folder, or a function of Python's."""

from __future__ import annotations

import re
from typing import Annotated

from ...language.catalog import NO_EFFECT
from ...language.json_schema import Schema
from ...language.kinds import Text, report_wrong_type
from ...language.leaf import OpenLeaf
from ...language.record import Checks, Record
from ...language.record_leaf import RecordLeaf
from ...language.scope import POISON, Poison, Scope
from ...text.diagnostic import Code
from ...text.frozen import dataclass
from ...text.nodes import WRONG_TYPE, Listing, Mapping, Node, Scalar
from ...text.source import Place
from ..paths import PathLeaf, WrittenPath

FUNCTION = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
TEXT_TABLES = (".csv", ".tsv")
TABLES = (*TEXT_TABLES, ".parquet", ".jsonl")

NOT_ALLOWED = Code("data-import-not-allowed", "error", "`{name}` is a function of Python's, which is not allowed here")
NO_TABLE = Code("not-a-table", "error", "`{path}` is no table, of which several can be one")


@dataclass(frozen=True)
class DataSource:
    """Where samples come from; of several tables that are one, there is a Source for each."""

    path: WrittenPath | None
    """A file, a folder, or a pattern; None of a function."""
    function: str | None
    """`package.module:function`, which may be called only where imports are allowed; None of a path."""
    root: WrittenPath | None
    """What paths in the cells are relative to; None for `root` of `data`, else the table's folder."""
    separator: str | None
    """What stands between the cells of a CSV file; None for a comma, or a tab in `.tsv`."""
    place: Place

    @property
    def is_table(self) -> bool:
        """Whether it is a table by its name."""
        return self.path is not None and self.path.text.lower().endswith(TABLES)

    def __str__(self) -> str:
        return self.function or str(self.path)


class SourceKeys(Record):
    """A source with more to say of it than its path."""

    path: Annotated[WrittenPath, PathLeaf("the path of a table, of arrays or of a folder")]
    """The file, the folder, or a pattern of files."""
    root: Annotated[WrittenPath | None, PathLeaf("the path of a folder")] = None
    """The folder that paths in cells are relative to; the table's own if it is left out."""
    separator: Annotated[str | None, Text("one character", r"[^\n\r\"]")] = None
    """What stands between the cells of a CSV file."""

    def check(self, at: Checks) -> None:
        if self.separator is not None and not self.path.text.lower().endswith(TEXT_TABLES):
            at.report(NO_EFFECT, "separator", (), True, argument="separator", needed="a `.csv` file")


KEYS = RecordLeaf(SourceKeys)
PATH = PathLeaf("a path, or `package.module:function`")


class SourceLeaf(OpenLeaf[DataSource]):
    """A path, `package.module:function`, or a mapping with `path`."""

    words = "a path, `package.module:function`, or a mapping with `path`"
    canonical = (DataSource,)

    def read_node(self, node: Node, scope: Scope) -> object:
        if isinstance(node, Mapping):
            return _read_with_keys(node, scope)
        if not isinstance(node, Scalar) or not isinstance(node.value, str):
            return report_wrong_type(node, scope, self.words)
        if FUNCTION.fullmatch(node.value):
            return _read_function(node, node.value, scope)
        path = PATH.read(node, scope)
        return POISON if path is POISON else DataSource(path, None, None, None, scope.make_place(node))

    def make_schema(self) -> Schema:
        return {"anyOf": [{"type": "string", "minLength": 1}, KEYS.make_schema()]}


def _read_with_keys(node: Mapping, scope: Scope) -> DataSource | Poison:
    found = KEYS.read(node, scope)
    if found is POISON:
        return POISON
    return DataSource(found.path, None, found.root, found.separator, scope.make_place(node))


def _read_function(node: Node, name: str, scope: Scope) -> DataSource | Poison:
    if not scope.allow_imports:
        help = ("`--allow-imports` allows it; it runs the code of that module", "a file of that name is written `./NAME`")
        return scope.report(NOT_ALLOWED, node, name=name, help=help)
    return DataSource(None, name, None, None, scope.make_place(node))


SOURCE = SourceLeaf()


class TrainLeaf(OpenLeaf[tuple[DataSource, ...]]):
    """A source, or a list of tables that are one; always a tuple."""

    words = "a path, or a list of tables that are one"
    canonical = (tuple,)

    def read_node(self, node: Node, scope: Scope) -> object:
        if not isinstance(node, Listing):
            one = SOURCE.read(node, scope)
            return POISON if one is POISON else (one,)
        if not node.items:
            return scope.report(WRONG_TYPE, node, key=scope.name, words=self.words, given="an empty list")
        read = [SOURCE.read(item, scope.enter(index)) for index, item in enumerate(node.items)]
        found = tuple(each for each in read if each is not POISON)
        if len(found) < len(read):
            return POISON
        for index, (source, item) in enumerate(zip(found, node.items, strict=True)):
            if len(found) > 1 and not source.is_table:
                help = (f"a table ends in {', '.join(f'`{each}`' for each in TABLES)}",)
                return scope.enter(index).report(NO_TABLE, item, path=source, help=help)
        return found

    def make_schema(self) -> Schema:
        return {"anyOf": [*SOURCE.make_schema()["anyOf"], {"type": "array", "items": SOURCE.make_schema(), "minItems": 1}]}


TRAIN = TrainLeaf()
