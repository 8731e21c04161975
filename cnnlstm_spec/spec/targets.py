"""Reading `targets:`, what the labels of each head look like."""

from __future__ import annotations

from typing import Annotated, Literal

from ..language.cached_reading import recall
from ..language.catalog import NO_EFFECT
from ..language.foreign import write_flow
from ..language.kinds import NOT_A_CHOICE, NUMBER, SIZE, Choice, Optional
from ..language.leaf import Reading
from ..language.list_kinds import Each
from ..language.read_record import read_record
from ..language.record import Checks, Record
from ..language.scope import POISON, Poison, Scope
from ..ops.input import ShapeKind
from ..text.diagnostic import Code, Label, Written
from ..text.fix import Fix, Nest
from ..text.frozen import dataclass
from ..text.nodes import Entry, Mapping, Node
from ..text.spelling import guess
from .by_name import UNKNOWN_HEAD, Entries, note_heads, read_entries

TARGET_NEEDS = Code("target-needs", "error", "labels of `encoding: {encoding}` need `{argument}`")
RANGE_CROSSED = Code(
    "range-crossed", "error", "`range` runs from the least to the greatest; this is {given}", help="swap the two"
)
Encoding = Literal["integer", "one_hot", "multi_hot", "binary", "real"]
SAMPLE = "it says what labels look like, by head: `targets: {head: {encoding: integer, classes: 10}}`"

ENCODINGS = Choice("integer", "one_hot", "multi_hot", "binary", "real", code=NOT_A_CHOICE)


class Target(Record):
    """What the labels of a head look like."""

    encoding: Annotated[Encoding, ENCODINGS]
    """How a label is written."""
    classes: Annotated[int | None, SIZE] = None
    """How many classes there are; of all encodings but `binary` and `real`."""
    shape: Annotated[tuple[int | str | None, ...] | None, ShapeKind()] = None
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


@dataclass(frozen=True)
class Labels:
    """What `targets` says of the labels of a head."""

    head: str
    target: Target
    written: Written


def read_targets(node: Node, scope: Scope, heads: tuple[str, ...]) -> tuple[Labels, ...]:
    """The section `targets`, as far as it could be read."""
    found = []
    note_heads(node, scope, heads)
    entries = read_entries(node, scope, SAMPLE)
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


def _is_of_no_head(entries: Entries, scope: Scope, heads: tuple[str, ...]) -> bool:
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


def _read_target(node: Node, scope: Scope, head: str) -> Reading[Target] | Poison:
    return read_record(Target, node, scope, head)
