"""A part of the samples: a source of its own, or a share of `train` by fraction, by time, by a column, or in folds."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from typing import Annotated, Any

from ...language.catalog import NO_EFFECT
from ...language.foreign import suggest_line, write_flow
from ...language.json_schema import Schema
from ...language.kinds import NOT_ALLOWED, Integer, Number, Text, report_wrong_type
from ...language.leaf import OpenLeaf
from ...language.record import Checks, Record
from ...language.record_leaf import RecordLeaf
from ...language.scope import POISON, Scope
from ...text.diagnostic import Code
from ...text.nodes import WRONG_TYPE, Mapping, Node, Scalar, show_given
from ..fusion import ONE_WAY
from .sources import SOURCE, DataSource

NO_WAY = Code(
    "part-without-way",
    "error",
    "`{part}` does not say which samples it takes",
    help="`{fraction: 0.2}`, `{last: 0.2, order: date}`, `{where: {split: val}}`, or a path",
)
WAYS = ("fraction", "last", "where", "folds")

SHARE = Number(above=0, below=1)
COLUMN = Text("the name of a column")


class WhereLeaf(OpenLeaf[dict[str, str]]):
    """Columns and the value that each has in the rows of the part, as text."""

    words = "a mapping of columns to the value of a row"
    canonical = (dict,)

    def read_node(self, node: Node, scope: Scope) -> object:
        if not isinstance(node, Mapping) or not node.entries:
            return report_wrong_type(node, scope, self.words)
        found: dict[str, Any] = {}
        for entry in node.entries:
            found[entry.key.text] = LABEL.read(entry.value, scope.enter(entry.key.text))
        return POISON if POISON in found.values() else found

    def make_schema(self) -> Schema:
        return {"type": "object", "minProperties": 1, "additionalProperties": LABEL.make_schema()}


class LabelLeaf(OpenLeaf[str]):
    """A label or the value of a cell, as the text that a table has: `ok`, `3`, `true`."""

    words = "a text, an integer, or true or false"
    canonical = (str,)

    def read_node(self, node: Node, scope: Scope) -> object:
        if not isinstance(node, Scalar) or isinstance(node.value, float) or node.value is None or node.value == "":
            return report_wrong_type(node, scope, self.words)
        return str(node.value).lower() if isinstance(node.value, bool) else str(node.value)

    def make_schema(self) -> Schema:
        return {"type": ["string", "integer", "boolean"]}


LABEL = LabelLeaf()


class Split(Record):
    """A share of `train`, taken out of it."""

    fraction: Annotated[float | None, SHARE] = None
    """A share of all samples of `train`, drawn by `data.seed`."""
    stratify: Annotated[str | None, COLUMN] = None
    """A column, or a head, each of whose values is shared out alike."""
    group: Annotated[str | None, COLUMN] = None
    """A column, or a head, of whose values none lies in two parts."""
    last: Annotated[float | None, SHARE] = None
    """A share of all samples of `train`, the latest ones."""
    order: Annotated[str | None, COLUMN] = None
    """The column that says what is later; that of `window` if it is left out."""
    where: Annotated[MappingOf[str, str] | None, WhereLeaf()] = None
    """The rows whose columns have these values."""
    folds: Annotated[int | None, Integer(2, code=NOT_ALLOWED)] = None
    """So many runs, in each of which another fold of `train` is validation."""

    @property
    def way(self) -> str:
        """How the part is taken: `fraction`, `last`, `where` or `folds`."""
        return next((each for each in WAYS if self.get_value(each) is not None), WAYS[0])

    def check(self, at: Checks) -> None:
        ways = [each for each in WAYS if self.get_value(each) is not None]
        if not ways:
            at.report(NO_WAY, None, part=at.scope.name)
            return
        if len(ways) > 1:
            at.report(ONE_WAY, ways[1], (), True, owner=at.scope.name, keys=" or ".join(f"`{each}`" for each in ways))
            return
        for key, needed in (("stratify", ("fraction", "folds")), ("group", ("fraction", "folds")), ("order", ("last",))):
            if self.get_value(key) is not None and ways[0] not in needed:
                at.report(NO_EFFECT, key, (), True, argument=key, needed=" or ".join(f"`{each}`" for each in needed))


NO_FOLDS = Code(
    "test-in-folds",
    "error",
    "`folds` is for `validation` alone",
    help="take `test` out by `fraction`, `last` or `where`; what is left of `train` goes into the folds",
)
SPLIT = RecordLeaf(Split)


class PartLeaf(OpenLeaf):
    """A source, or a share of `train`."""

    words = "a path, or a share of `train` such as `{fraction: 0.2}`"
    canonical = (DataSource, Split)

    def __init__(self, folds: bool) -> None:
        self.folds = folds

    def read_node(self, node: Node, scope: Scope) -> object:
        if not isinstance(node, Mapping):
            if isinstance(node, Scalar) and isinstance(node.value, str):
                return SOURCE.read(node, scope)
            is_share = isinstance(node, Scalar) and isinstance(node.value, float) and 0 < node.value < 1
            help, fixes = suggest_line(f"{{fraction: {write_flow(node)}}}" if is_share else None, node)
            given = show_given(node)
            return scope.report(WRONG_TYPE, node, key=scope.name, words=self.words, given=given, help=help, fixes=fixes)
        if node.get("path") is not None:
            return SOURCE.read(node, scope)
        folds = node.get("folds")
        if folds is not None and not self.folds:
            return scope.enter("folds").report(NO_FOLDS, folds.key)
        return SPLIT.read_node(node, scope)

    def make_schema(self) -> Schema:
        split = SPLIT.make_schema()
        if not self.folds:
            split["properties"] = {name: each for name, each in split["properties"].items() if name != "folds"}
        return {"anyOf": [*SOURCE.make_schema()["anyOf"], split]}
