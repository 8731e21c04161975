"""What a spec promises of itself: the values of `budget`, `expect` and `targets`, and how they are written."""

from __future__ import annotations

from typing import Annotated

from ..language.cached_reading import recall
from ..language.catalog import NO_EFFECT
from ..language.foreign import write_flow
from ..language.kinds import NOT_A_CHOICE, NUMBER, SIZE, Choice, Optional
from ..language.leaf import Reading
from ..language.list_kinds import Each, ListOf
from ..language.meanings import Address, HeadName
from ..language.read_record import NOT_A_MAPPING, read_record
from ..language.record import Checks, Record
from ..language.scope import POISON, Scope
from ..ops.input import SizeKind
from ..text.diagnostic import Code, Label, Written
from ..text.fix import Fix, Nest
from ..text.frozen import dataclass
from ..text.nodes import Entry, Mapping, Node, Scalar, describe_sort
from ..text.source import Place
from ..text.spelling import guess
from .budget import Quantity

UNKNOWN_HEAD = Code("unknown-head", "error", "there is no head `{name}`")
TARGET_NEEDS = Code("target-needs", "error", "labels of `encoding: {encoding}` need `{argument}`")
RANGE_CROSSED = Code(
    "range-crossed", "error", "`range` runs from the least to the greatest; this is {given}", help="swap the two"
)

ENCODINGS = Choice("integer", "one_hot", "multi_hot", "binary", "real", code=NOT_A_CHOICE)


class Target(Record):
    """What the labels of a head look like."""

    encoding: Annotated[str, ENCODINGS]
    """How a label is written."""
    classes: Annotated[int | None, SIZE] = None
    """How many classes there are; of all encodings but `binary` and `real`."""
    shape: Annotated[tuple[int | str | None, ...] | None, ListOf(SizeKind())] = None
    """The shape of a `real` label, batch left out."""
    range: Annotated[tuple[float | None, float | None] | None, Each(Optional(NUMBER), 2)] = None
    """Least and greatest value of a `real` label; null for no bound."""

    def check(self, at: Checks) -> None:
        counted = self.encoding in ("integer", "one_hot", "multi_hot")
        if counted and self.classes is None:
            at.report(TARGET_NEEDS, None, ("add `classes: 10`",), encoding=self.encoding, argument="classes")
        allowed = {"classes"} if counted else {"shape", "range"} if self.encoding == "real" else set()
        for name in at.written.places:
            if name != "encoding" and name not in allowed:
                needed = "`encoding: real`" if name in ("shape", "range") else "classes to choose from"
                at.report(NO_EFFECT, name, (), True, argument=name, needed=needed)
        low, high = self.bounds
        if low is not None and high is not None and low >= high:
            at.report(RANGE_CROSSED, "range", given=[low, high])

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """The least and the greatest value; None for no bound."""
        return (None, None) if self.range is None else self.range


class ExpectedSize(SizeKind):
    """A size, null for any that is known only at run time, a name, or an expression as `shapes` prints it."""

    def read_node(self, node: Node, scope: Scope) -> object:
        if isinstance(node, Scalar) and isinstance(node.value, str) and any(sign in node.value for sign in "+-*/ "):
            return "".join(node.value.split())
        return super().read_node(node, scope)


SAMPLES = {
    "targets": "it says what labels look like, by head: `targets: {head: {encoding: integer, classes: 10}}`",
    "expect": "it says what must come out, by address: `expect: {branches.video: [frames, 128], head: [10]}`",
}
COUNTS = ("params", "trainable_params", "macs")
EXPECTED_SHAPE = ListOf(ExpectedSize())
EXPECTED_COUNT = Quantity()


@dataclass(frozen=True)
class Labels:
    """What `targets` says of the labels of a head."""

    head: str
    target: Target
    written: Written


@dataclass(frozen=True)
class Expected:
    """An entry of `expect`: an address and its shape, or a count and its value."""

    name: str
    wanted: int | tuple[int | str | None, ...]
    place: Place
    key: Place


def note_heads(node: Node, scope: Scope, heads: tuple[str, ...]) -> None:
    """Notes the keys of a mapping that are names of heads."""
    for entry in node.entries if scope.index is not None and isinstance(node, Mapping) else ():
        scope.note(HeadName(entry.key.span, heads))
        if entry.key.text in heads:
            scope.note_word(entry.key, "heads", entry.key.text)


def read_targets(node: Node, scope: Scope, heads: tuple[str, ...]) -> tuple[Labels, ...]:
    """The section `targets`, as far as it could be read."""
    found = []
    note_heads(node, scope, heads)
    entries = _read_entries(node, scope, "targets")
    if _is_of_no_head(entries, scope, heads):
        return ()
    for key, value, at in entries:
        if key.text not in heads:
            near = guess(key.text, heads, key.span)
            help = near.help or (f"the heads are {', '.join(heads)}",)
            at.report(UNKNOWN_HEAD, key, name=key.text, help=help, fixes=near.fixes)
            continue
        reading = recall(_read_target, value, at, key.text)
        if reading is not POISON:
            found.append(Labels(key.text, reading.record, reading.written))
    return tuple(found)


def _is_of_no_head(entries: tuple[tuple[Scalar, Node, Scope], ...], scope: Scope, heads: tuple[str, ...]) -> bool:
    """Whether all keys are those of labels, without the head that they are of, which is then said."""
    if not entries or any(key.text in heads or key.text not in Target.arguments for key, _, _ in entries):
        return False
    span = entries[0][0].span
    whole = f"{{{heads[0]}: {write_flow(Mapping(span, tuple(Entry(key, value) for key, value, _ in entries)))}}}"
    labels = [Label(at.make_place(key), f"nor `{key.text}`") for key, _, at in entries[1:]]
    first, last = entries[0][0], entries[-1][0]
    fixes = (Fix(f"put it under `{heads[0]}`", (Nest(first.span, last.span, heads[0]),)),)
    help = (f"what labels look like stands under the name of their head: `targets: {whole}`",)
    entries[0][2].report(UNKNOWN_HEAD, first, name=first.text, labels=labels, help=help, fixes=fixes)
    return True


def _read_target(node: Node, scope: Scope, head: str) -> Reading[Target]:
    return read_record(Target, node, scope, head)


def read_expect(node: Node, scope: Scope) -> tuple[Expected, ...]:
    """The section `expect`, as far as it could be read."""
    found = []
    for key, value, at in _read_entries(node, scope, "expect"):
        scope.note(Address(key.span, key.text, whole=True))
        wanted = (EXPECTED_COUNT if key.text in COUNTS else EXPECTED_SHAPE).read(value, at)
        if wanted is not POISON:
            found.append(Expected(key.text, wanted, at.make_place(value), at.make_place(key)))
    return tuple(found)


def _read_entries(node: Node, scope: Scope, section: str) -> tuple[tuple[Scalar, Node, Scope], ...]:
    """Key, value and scope of each entry, variables replaced."""
    resolved = scope.resolve(node)
    if resolved is None or (isinstance(resolved, Scalar) and resolved.value is None):
        return ()
    if not isinstance(resolved, Mapping):
        scope.report(NOT_A_MAPPING, resolved, owner=section, given=describe_sort(resolved), help=(SAMPLES[section],))
        return ()
    inner = [(each.key, scope.enter(each.key.text).resolve(each.value), scope.enter(each.key.text)) for each in resolved.entries]
    return tuple((key, value, at) for key, value, at in inner if value is not None)
