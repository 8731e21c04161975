"""What a spec promises of itself: the values of `budget`, `expect` and `targets`, and how they are written."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from .argument import NOT_A_MAPPING, Kind, Record, arg, read_record
from .catalog import NO_EFFECT
from .diagnostic import Code, Diagnostic
from .inputs import SizeKind
from .kinds import NOT_A_CHOICE, NUMBER, SIZE, Choice, Each, ListOf, Optional, wrong_type
from .nodes import Mapping, Node, Scalar, words_for
from .recall import recall
from .scope import POISON, Scope
from .spec import ModelSpec

TARGET_NEEDS = Code("target-needs", "error", "labels of `encoding: {encoding}` need `{argument}`")
RANGE_CROSSED = Code(
    "range-crossed", "error", "`range` runs from the least to the greatest; this is {given}", help="swap the two"
)

ENCODINGS = Choice("integer", "one_hot", "multi_hot", "binary", "real", code=NOT_A_CHOICE)


class SizesKind(Kind):
    """Values for sizes known only at run time, by name."""

    words = "a mapping of names of sizes to positive integers"

    def read(self, node: Node, scope: Scope) -> Any:
        if not isinstance(node, Mapping):
            return wrong_type(node, scope, self.words)
        values: dict[str, Any] = {}
        for entry in node.entries:
            resolved = scope.at(entry.key.text).resolve(entry.value)
            values[entry.key.text] = POISON if resolved is None else SIZE.read(resolved, scope.at(entry.key.text))
        return POISON if POISON in values.values() else values

    def schema(self) -> dict[str, Any]:
        return {"type": "object", "additionalProperties": SIZE.schema()}


class Target(Record):
    """What the labels of a head look like."""

    encoding: str = arg(ENCODINGS, doc="How a label is written.")
    classes: int | None = arg(SIZE, None, doc="How many classes there are; of all encodings but `binary` and `real`.")
    shape: Any = arg(ListOf(SizeKind()), None, doc="The shape of a `real` label, batch left out.")
    range: Any = arg(Each(Optional(NUMBER), 2), None, doc="Least and greatest value of a `real` label; null for no bound.")

    def check(self, scope: Scope, node: Node) -> bool:
        before = len(scope.found)
        counted = self.encoding in ("integer", "one_hot", "multi_hot")
        if counted and self.classes is None:
            scope.report(TARGET_NEEDS, node, encoding=self.encoding, argument="classes", help=("add `classes: 10`",))
        allowed = {"classes"} if counted else {"shape", "range"} if self.encoding == "real" else set()
        for name in self.places:
            if name != "encoding" and name not in allowed:
                needed = "`encoding: real`" if name in ("shape", "range") else "classes to choose from"
                Scope(scope.found, self.keys[name].path).report(
                    NO_EFFECT, Node(self.keys[name].span), argument=name, needed=needed
                )
        low, high = self.bounds
        if low is not None and high is not None and low >= high:
            place = self.places["range"]
            Scope(scope.found, place.path).report(RANGE_CROSSED, Node(place.span), given=[low, high])
        return len(scope.found) == before

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """The least and the greatest value; None for no bound."""
        return (None, None) if self.range is None else self.range


def read_target(node: Node, scope: Scope, head: str) -> Target | None:
    """What `targets` says of the labels of a head; None where it could not be read."""
    record = recall(_read_target, node, scope, head)
    return record if isinstance(record, Target) else None


def _read_target(node: Node, scope: Scope, head: str) -> Any:
    return read_record(Target, node, scope, head)


def entries(spec: ModelSpec, section: str, found: list[Diagnostic]) -> tuple[tuple[Scalar, Node, Scope], ...]:
    """Key, value and scope of each entry of `expect` or `targets`, variables replaced."""
    if section not in spec.sections:
        return ()
    node, scope = spec.sections[section]
    at = replace(scope, found=found)
    resolved = at.resolve(node)
    if resolved is None or (isinstance(resolved, Scalar) and resolved.value is None):
        return ()
    if not isinstance(resolved, Mapping):
        at.report(NOT_A_MAPPING, resolved, owner=section, given=words_for(resolved))
        return ()
    inner = [(each.key, at.at(each.key.text).resolve(each.value), at.at(each.key.text)) for each in resolved.entries]
    return tuple((key, value, scope) for key, value, scope in inner if value is not None)
