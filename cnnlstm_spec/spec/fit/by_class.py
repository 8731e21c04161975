"""What of `fit` is said of classes: `class_weight` and `threshold`, of one head or of several."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from dataclasses import field, replace
from typing import Annotated, Literal

from ...language.json_schema import Schema
from ...language.kinds import NOT_A_CHOICE, NOT_NEGATIVE, Choice, Number, report_wrong_type
from ...language.read_record import read_record
from ...language.record import Record, describe_record
from ...language.scope import POISON, Poison, Scope
from ...text.diagnostic import Code
from ...text.frozen import dataclass
from ...text.nodes import Entry, Mapping, Node, Scalar
from ...text.source import Place
from ...text.spelling import guess
from ..by_name import UNKNOWN_HEAD, note_heads

FOR_ALL = Code("class-weight-for-several-heads", "error", "class weights for {count} heads: each head has classes of its own")
BALANCED = Choice("balanced", code=NOT_A_CHOICE)
WEIGHTS_WORDS = "`balanced`, or a weight for each class by name"
SCORES = ("f1", "accuracy", "balanced_accuracy", "precision", "recall")
SCORE = Choice(*SCORES, code=NOT_A_CHOICE)
SHARE = Number(above=0, below=1)


@dataclass(frozen=True)
class ClassWeight:
    """The weights of a head's classes: None for `balanced`, or by the class's name as text."""

    weights: MappingOf[str, float] | None
    place: Place
    """The value, as it is written."""
    places: MappingOf[str, Place] = field(default_factory=dict, compare=False)
    """Of each class, its key."""


class BestThreshold(Record):
    """The threshold at which a score is greatest on validation."""

    maximize: Annotated[Literal["f1", "accuracy", "balanced_accuracy", "precision", "recall"], SCORE]
    """The score."""


@dataclass(frozen=True)
class Threshold:
    """From which probability on a binary head is 1: a number, or the one at which a score is greatest on validation."""

    value: float | None
    maximize: Literal["f1", "accuracy", "balanced_accuracy", "precision", "recall"] | None
    place: Place
    key: Place | None = field(default=None, compare=False)
    """The name of the head that it is for, where one is written."""


def read_class_weight(node: Node, scope: Scope, heads: tuple[str, ...]) -> dict[str, ClassWeight]:
    """The weights of each head that has some, by head."""
    resolved = scope.resolve(node)
    if resolved is None or (isinstance(resolved, Scalar) and resolved.value is None):
        return {}
    if isinstance(resolved, Mapping) and resolved.entries and _are_heads(resolved, heads):
        found = {}
        for head, entry in _read_heads(resolved, scope, heads).items():
            at = scope.enter(entry.key.text)
            value = at.resolve(entry.value)
            weight = POISON if value is None else _read_class_weight(value, at)
            if weight is not POISON:
                found[head] = weight
        return found
    if len(heads) > 1:
        help = (f"write a mapping of the heads that learn classes, such as {{{heads[0]}: balanced}}",)
        scope.report(FOR_ALL, resolved, count=len(heads), help=help)
        return {}
    weight = _read_class_weight(resolved, scope)
    return {} if weight is POISON else {heads[0]: weight}


def _are_heads(node: Mapping, heads: tuple[str, ...]) -> bool:
    """Whether the keys of a mapping are heads, and not classes: one is a head's name, or the values are no numbers."""
    if any(entry.key.text in heads for entry in node.entries):
        return True
    return len(heads) > 1 and not all(
        isinstance(e.value, Scalar) and isinstance(e.value.value, int | float) for e in node.entries
    )


def _read_heads(node: Mapping, scope: Scope, heads: tuple[str, ...]) -> dict[str, Entry]:
    found = {}
    note_heads(node, scope, heads)
    for entry in node.entries:
        name = entry.key.text
        if name in heads:
            found[name] = entry
        else:
            near = guess(name, heads, entry.key.span)
            help = near.help or (f"the heads are {', '.join(heads)}",)
            scope.enter(name).report(UNKNOWN_HEAD, entry.key, name=name, help=help, fixes=near.fixes)
    return found


def _read_class_weight(node: Node, scope: Scope) -> ClassWeight | Poison:
    if isinstance(node, Scalar) and isinstance(node.value, str):
        return POISON if BALANCED.read(node, scope) is POISON else ClassWeight(None, scope.make_place(node))
    if not isinstance(node, Mapping) or not node.entries:
        return report_wrong_type(node, scope, WEIGHTS_WORDS)
    read = {each.key.text: NOT_NEGATIVE.read(each.value, scope.enter(each.key.text)) for each in node.entries}
    weights = {name: weight for name, weight in read.items() if weight is not POISON}
    if len(weights) < len(read):
        return POISON
    places = {each.key.text: scope.enter(each.key.text).make_place(each.key) for each in node.entries}
    return ClassWeight({name: float(weight) for name, weight in weights.items()}, scope.make_place(node), places)


def read_threshold(node: Node, scope: Scope, heads: tuple[str, ...]) -> dict[str | None, Threshold]:
    """The threshold of each head, by head; under None that of all binary heads."""
    resolved = scope.resolve(node)
    if resolved is None:
        return {}
    if isinstance(resolved, Mapping) and any(entry.key.text in heads for entry in resolved.entries):
        found: dict[str | None, Threshold] = {}
        for head, entry in _read_heads(resolved, scope, heads).items():
            at = scope.enter(entry.key.text)
            value = at.resolve(entry.value)
            threshold = POISON if value is None else _read_threshold(value, at)
            if threshold is not POISON:
                found[head] = replace(threshold, key=at.make_place(entry.key))
        return found
    threshold = _read_threshold(resolved, scope)
    return {} if threshold is POISON else {None: threshold}


def _read_threshold(node: Node, scope: Scope) -> Threshold | Poison:
    if not isinstance(node, Mapping):
        if not isinstance(node, Scalar) or not isinstance(node.value, int | float | str) or isinstance(node.value, bool):
            return report_wrong_type(node, scope, "a number between 0 and 1, or `{maximize: f1}`")
        value = SHARE.read(node, scope)
        return POISON if value is POISON else Threshold(float(value), None, scope.make_place(node))
    if not node.entries:
        return report_wrong_type(node, scope, "a number between 0 and 1, or `{maximize: f1}`")
    reading = read_record(BestThreshold, node, scope, "threshold")
    return POISON if reading is POISON else Threshold(None, reading.record.maximize, reading.written.places["maximize"])


def make_class_weight_schema() -> Schema:
    """`balanced`, weights by class, or either of them by head."""
    one = {"anyOf": [BALANCED.make_schema(), {"type": "object", "additionalProperties": NOT_NEGATIVE.make_schema()}]}
    return {"anyOf": [*one["anyOf"], {"type": "object", "additionalProperties": one}]}


def make_threshold_schema() -> Schema:
    """A number, `{maximize: f1}`, or either of them by head."""
    one = {"anyOf": [SHARE.make_schema(), describe_record(BestThreshold)]}
    return {"anyOf": [*one["anyOf"], {"type": "object", "additionalProperties": one}]}
