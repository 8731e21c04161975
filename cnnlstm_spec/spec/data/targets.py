"""How the target of each head is read, and which samples weigh more."""

from __future__ import annotations

from typing import Annotated

from ...language.cached_reading import recall
from ...language.catalog import NO_EFFECT
from ...language.kinds import NOT_A_CHOICE, Choice, Text
from ...language.leaf import Reading
from ...language.list_kinds import ListOf
from ...language.read_record import read_record
from ...language.record import Checks, Record
from ...language.scope import POISON, Poison, Scope
from ...text.diagnostic import UNWRITTEN, Written
from ...text.frozen import dataclass
from ...text.nodes import Mapping, Node, Scalar
from ...text.source import Place
from ...text.spelling import guess
from ..by_name import UNKNOWN_HEAD, note_heads
from ..fusion import ONE_WAY
from .inputs import LABELS, TWICE, find_first_twice, report_not_by_name
from .splits import COLUMN


class TargetSource(Record):
    """How the target of a head is read."""

    column: Annotated[str | None, COLUMN] = None
    """The column of the table; the head's own name if it is left out."""
    columns: Annotated[tuple[str, ...] | None, ListOf(COLUMN, least=1)] = None
    """Several columns: a label of several or a number each."""
    separator: Annotated[str | None, Text("what stands between labels")] = None
    """What stands between several labels in one cell."""
    classes: Annotated[tuple[str, ...] | None, LABELS] = None
    """The classes in order; else those of `train`, sorted."""
    scale: Annotated[str | None, Choice("standard", code=NOT_A_CHOICE)] = None
    """The loss sees the number less its mean, over its spread, as they are in `train`."""

    def check(self, at: Checks) -> None:
        if self.columns is not None:
            others = [key for key in ("column", "separator") if self.get_value(key) is not None]
            if others:
                at.report(ONE_WAY, others[0], (), True, owner=at.scope.name, keys=f"`columns` or `{others[0]}`")
            if self.classes is not None:
                help = ("the columns are the classes",)
                at.report(NO_EFFECT, "classes", help, True, argument="classes", needed="`column`")
        elif self.classes is not None and self.scale is not None:
            at.report(ONE_WAY, "scale", (), True, owner=at.scope.name, keys="`classes` or `scale`")
        elif self.separator is not None and self.scale is not None:
            at.report(ONE_WAY, "scale", (), True, owner=at.scope.name, keys="`separator` or `scale`")
        for key in ("classes", "columns"):
            if (label := find_first_twice(self.get_value(key) or ())) is not None:
                at.report(TWICE, key, given=label)


@dataclass(frozen=True)
class HeadSource:
    """How the target of a head is read, and where that is written."""

    head: str
    source: TargetSource
    written: Written
    place: Place
    """The key of the head in `targets`; the head's own, where it is left out."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the table that hold it."""
        return self.source.columns or (self.source.column or self.head,)


def read_head_sources(
    node: Node | None, scope: Scope, heads: tuple[tuple[str, Place], ...]
) -> tuple[dict[str, HeadSource], frozenset[str]]:
    """How the target of each head is read, by name; and the heads whose entries could not be read."""
    found: dict[str, HeadSource] = {}
    broken: set[str] = set()
    for entry_at in _read_heads(node, scope, tuple(name for name, _ in heads), "a mapping of heads to how they are read"):
        name, key, value, at = entry_at
        reading = recall(_read_source, value, at, name)
        if isinstance(reading, Reading):
            found[name] = HeadSource(name, reading.record, reading.written, at.make_place(key))
        else:
            broken.add(name)
    for name, place in heads:
        if name not in found and name not in broken:
            found[name] = HeadSource(name, TargetSource.make(), UNWRITTEN, place)
    return found, frozenset(broken)


def _read_source(node: Node, scope: Scope, head: str) -> Reading[TargetSource] | Poison:
    return read_record(TargetSource, node, scope, head)


def _read_heads(node: Node | None, scope: Scope, heads: tuple[str, ...], words: str) -> list[tuple[str, Scalar, Node, Scope]]:
    """Name, key, value and scope of each entry of a mapping of heads; what is none is reported."""
    resolved = scope.resolve(node) if node is not None else None
    if resolved is None or (isinstance(resolved, Scalar) and resolved.value is None):
        return []
    if not isinstance(resolved, Mapping):
        report_not_by_name(resolved, scope, words, heads)
        return []
    found = []
    note_heads(resolved, scope, heads)
    for entry in resolved.entries:
        name, at = entry.key.text, scope.enter(entry.key.text)
        if name not in heads:
            near = guess(name, heads, entry.key.span)
            help = near.help or (f"the heads are {', '.join(heads)}",)
            at.report(UNKNOWN_HEAD, entry.key, name=name, help=help, fixes=near.fixes)
            continue
        value = at.resolve(entry.value)
        if value is not None:
            found.append((name, entry.key, value, at))
    return found


class WeightColumn(Record):
    """Where the weight of each sample stands."""

    column: Annotated[str, COLUMN]
    """A column of numbers of 0 or more."""


@dataclass(frozen=True)
class SampleWeight:
    """A column that weighs samples, of one head or of all."""

    head: str | None
    column: str
    place: Place


def read_sample_weight(node: Node | None, scope: Scope, heads: tuple[str, ...]) -> tuple[SampleWeight, ...]:
    """`{column: w}`, or a mapping of heads to that."""
    resolved = scope.resolve(node) if node is not None else None
    if resolved is None or (isinstance(resolved, Scalar) and resolved.value is None):
        return ()
    column = resolved.get("column") if isinstance(resolved, Mapping) else None
    if isinstance(resolved, Mapping) and (column is None or isinstance(column.value, Mapping)) and resolved.entries:
        found = []
        words = "`{column: w}`, or a mapping of heads to that"
        for name, key, value, at in _read_heads(resolved, scope, heads, words):
            reading = read_record(WeightColumn, value, at, name)
            if isinstance(reading, Reading):
                found.append(SampleWeight(name, reading.record.column, at.make_place(key)))
        return tuple(found)
    reading = read_record(WeightColumn, resolved, scope, "sample_weight")
    if reading is POISON:
        return ()
    return (SampleWeight(None, reading.record.column, reading.written.places["column"]),)
