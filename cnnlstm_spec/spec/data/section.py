"""The section `data`: its keys, the value that it is read into, and its reader."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from dataclasses import field
from typing import Annotated, Any

from ...language.json_schema import Schema
from ...language.kinds import OWN_NATURAL, AnyKind
from ...language.read_record import NOT_A_MAPPING, read_fields
from ...language.record import Record, describe_record
from ...language.record_leaf import RecordLeaf
from ...language.scope import Scope
from ...ops.input import Input
from ...text.diagnostic import UNWRITTEN, Written
from ...text.fix import Fix
from ...text.frozen import dataclass
from ...text.nodes import Entry, Mapping, Node, Scalar, describe_sort
from ...text.source import Place
from ..branch_rounds import Bound
from ..elsewhere import find_home_elsewhere, move_home, tell_home
from ..paths import PathLeaf, WrittenPath
from .inputs import SOURCES, BranchSource, read_inputs
from .sources import TRAIN, DataSource
from .splits import PartLeaf, Split
from .targets import HeadSource, SampleWeight, TargetSource, WeightColumn, read_head_sources, read_sample_weight
from .window import Window


class DataSection(Record):
    """Where the samples come from, how they are shared out, and how each branch and head is read."""

    train: Annotated[tuple[DataSource, ...], TRAIN]
    """What the model is trained on: a source, or a list of tables that are one."""
    validation: Annotated[DataSource | Split | None, PartLeaf(folds=True)] = None
    """What each epoch is measured on: a source, or a share of `train`."""
    test: Annotated[DataSource | Split | None, PartLeaf(folds=False)] = None
    """What `evaluate` measures on: a source, or a share of `train`."""
    root: Annotated[WrittenPath | None, PathLeaf("the path of a folder")] = None
    """The folder that paths in cells are relative to; each table's own if it is left out."""
    seed: Annotated[int, OWN_NATURAL] = 0
    """What the shares that are drawn depend on."""
    window: Annotated[Window | None, RecordLeaf(Window)] = None
    """Samples that are rows one after the other."""
    inputs: Annotated[Node | None, AnyKind("a mapping of branches to how they are read")] = None
    """How each branch is read; one whose column has its own name may be left out."""
    targets: Annotated[Node | None, AnyKind("a mapping of heads to how they are read")] = None
    """How the target of each head is read; one whose column has its own name may be left out."""
    sample_weight: Annotated[Node | None, AnyKind("`{column: w}`, or a mapping of heads to that")] = None
    """A column that weighs samples."""

    @classmethod
    def find_home(cls, entry: Entry, node: Mapping) -> str | None:
        """What belongs into one other section is told at once."""
        home = find_home_elsewhere(entry)
        return home.section if home is not None else None

    @classmethod
    def explain_keys(cls, entries: tuple[Entry, ...], node: Mapping, scope: Scope) -> tuple[str, ...]:
        """What belongs into `fit`, and shares of `train`, are told so."""
        homes = [home for each in entries if (home := find_home_elsewhere(each)) is not None]
        return (tell_home(entries, homes, "data"),) if homes else ()

    @classmethod
    def mend_keys(cls, entries: tuple[Entry, ...], node: Mapping) -> tuple[Fix, ...]:
        return move_home(entries, [home for each in entries if (home := find_home_elsewhere(each)) is not None], "data")


@dataclass(frozen=True)
class DataSpec:
    """The section `data` as read. What could not be read has been reported, and is in `broken`."""

    place: Place
    """The key `data`."""
    written: Written = UNWRITTEN
    train: tuple[DataSource, ...] = ()
    validation: DataSource | Split | None = None
    test: DataSource | Split | None = None
    root: WrittenPath | None = None
    seed: int = 0
    window: Window | None = None
    inputs: MappingOf[str, BranchSource] = field(default_factory=dict)
    """How each branch is read, by name; those that the section leaves out too."""
    targets: MappingOf[str, HeadSource] = field(default_factory=dict)
    """How the target of each head is read, by name; those that the section leaves out too."""
    sample_weights: tuple[SampleWeight, ...] = ()
    broken: frozenset[str] = frozenset()
    """Keys, and `inputs.BRANCH` and `targets.HEAD`, that could not be read."""

    @property
    def parts(self) -> dict[str, DataSource | Split | None]:
        """`validation` and `test`, by name."""
        return {"validation": self.validation, "test": self.test}

    def has(self, part: str) -> bool:
        """Whether there is such a part, or one that could not be read."""
        return self.parts[part] is not None or part in self.broken


def read_data(
    node: Node,
    scope: Scope,
    branches: tuple[tuple[str, Input | None, Place, Bound], ...],
    heads: tuple[tuple[str, Place], ...],
    key: Node,
) -> DataSpec:
    """The section, as far as it can be read; `key` is where it begins."""
    place = scope.make_place(key)
    resolved = scope.resolve(node)
    if resolved is None:
        return DataSpec(place, broken=frozenset(DataSection.arguments))
    if isinstance(resolved, Scalar) and resolved.value is None:
        resolved = Mapping(resolved.span, ())
    if not isinstance(resolved, Mapping):
        scope.report(NOT_A_MAPPING, resolved, owner="data", given=describe_sort(resolved))
        return DataSpec(place, broken=frozenset(DataSection.arguments))
    values, written = read_fields(DataSection, resolved, scope, "data", key)
    inputs, unread = read_inputs(values.pop("inputs", None), scope.enter("inputs"), branches)
    targets, unknown = read_head_sources(values.pop("targets", None), scope.enter("targets"), heads)
    weights = read_sample_weight(
        values.pop("sample_weight", None), scope.enter("sample_weight"), tuple(name for name, _ in heads)
    )
    known: dict[str, Any] = {name: value for name, value in values.items() if value is not None}
    broken = {name for name in DataSection.arguments if name not in values} - {"inputs", "targets", "sample_weight"}
    broken |= {f"inputs.{name}" for name in unread} | {f"targets.{name}" for name in unknown}
    return DataSpec(place, written, **known, inputs=inputs, targets=targets, sample_weights=weights, broken=frozenset(broken))


def make_data_schemas() -> Schema:
    """The schemas of the keys whose values rest on the names of branches and heads."""
    of_head = describe_record(WeightColumn)
    return {
        "inputs": {"type": "object", "additionalProperties": {"anyOf": [describe_record(each) for each in SOURCES]}},
        "targets": {"type": "object", "additionalProperties": describe_record(TargetSource)},
        "sample_weight": {"anyOf": [of_head, {"type": "object", "additionalProperties": of_head}]},
    }
