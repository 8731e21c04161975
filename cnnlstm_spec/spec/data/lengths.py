"""`length` of an input with steps, and `augment`, which changes samples in training alone."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from ...language.catalog import NO_EFFECT
from ...language.json_schema import Schema
from ...language.kinds import NOT_A_CHOICE, SIZE, Choice, Number, report_wrong_type
from ...language.leaf import OpenLeaf
from ...language.list_kinds import Each, ListOf
from ...language.read_record import read_record
from ...language.record import Checks, Record, describe_record
from ...language.record_leaf import RecordLeaf
from ...language.scope import POISON, Poison, Scope
from ...text.diagnostic import Code
from ...text.fix import write
from ...text.frozen import dataclass
from ...text.nodes import Listing, Mapping, Node

NOT_RISING = Code("buckets-not-rising", "error", "`bucket` rises from one length to the next; this is {given}")
RANGE = Code("augment-range", "error", "`{name}` runs from the least to the greatest; this is {given}", help="swap the two")

END = Choice("end", "start", code=NOT_A_CHOICE)


class Length(Record):
    """What is done with samples of other lengths, along the steps."""

    max: Annotated[int | None, SIZE] = None
    """So many steps are kept of a longer sample."""
    bucket: Annotated[tuple[int, ...] | None, ListOf(SIZE, least=1)] = None
    """Samples up to each of these lengths are batched together."""
    truncate: Annotated[str, END] = "end"
    """What is lost of a sample that is longer than `max`: its `end` or its `start`."""
    pad: Annotated[str | None, END] = None
    """Where a sample that is too short for a fixed number of steps is filled up."""

    def check(self, at: Checks) -> None:
        if self.is_written("truncate") and self.max is None:
            at.report(NO_EFFECT, "truncate", (), True, argument="truncate", needed="`max`")
        if self.bucket is None:
            return
        if any(low >= high for low, high in zip(self.bucket, self.bucket[1:], strict=False)):
            rising = str(sorted(set(self.bucket)))
            at.report(
                NOT_RISING, "bucket", (f"write {rising}",), False, lambda span: write(span, rising), given=list(self.bucket)
            )
        elif self.max is not None and self.bucket[0] > self.max:
            at.report(NO_EFFECT, "bucket", (), True, argument="bucket", needed=f"a `max` above {self.bucket[0]}")
        elif self.max is not None and len(self.bucket) > 1 and self.bucket[-2] >= self.max:
            last, kept = self.bucket[-1], str(list(self.bucket[:-1]))
            facts = {"argument": f"bucket: {last}", "needed": f"a `max` above {self.bucket[-2]}"}
            at.report(NO_EFFECT, "bucket", (), False, lambda span: write(span, kept, title=f"leave {last} out"), **facts)


LENGTH = RecordLeaf(Length)


class TimeMask(Record):
    """Puts a stretch of steps out of sight, a new one each time a sample is seen."""

    max: Annotated[int, SIZE]
    """The longest stretch, in steps."""


class StepChange(Record):
    """One change of samples in training, under its name."""

    time_mask: Annotated[TimeMask | None, RecordLeaf(TimeMask)] = None
    """Puts a stretch of steps out of sight."""
    speed: Annotated[tuple[float, ...] | None, Each(Number(above=0, most=100), 2)] = None
    """The least and the greatest factor by which a sample is made faster."""

    def check(self, at: Checks) -> None:
        if self.speed is None or self.speed[0] <= self.speed[1]:
            return
        swapped = str([self.speed[1], self.speed[0]])
        mend = partial(write, text=swapped, title="swap the two")
        at.report(RANGE, "speed", (), False, mend, name="speed", given=list(self.speed))


@dataclass(frozen=True)
class StepAugmentation:
    """One change of a sample in training: `time_mask` or `speed`, with its range."""

    name: str
    least: float
    most: float
    """Of `time_mask` steps, of `speed` a factor."""


class AugmentLeaf(OpenLeaf[tuple[StepAugmentation, ...]]):
    """A list of changes."""

    words = "a list such as `[{time_mask: {max: 8}}, {speed: [0.8, 1.2]}]`"
    canonical = (tuple,)

    def read_node(self, node: Node, scope: Scope) -> tuple[StepAugmentation, ...] | Poison:
        if not isinstance(node, Listing) or not node.items:
            return report_wrong_type(node, scope, self.words)
        read = [self.read_one(scope.resolve(item), scope.enter(index)) for index, item in enumerate(node.items)]
        found = tuple(each for each in read if each is not POISON)
        return found if len(found) == len(read) else POISON

    def read_one(self, node: Node | None, scope: Scope) -> StepAugmentation | Poison:
        """One change, as `name: range`."""
        if node is None:
            return POISON
        if not isinstance(node, Mapping) or len(node.entries) != 1:
            return report_wrong_type(node, scope, "a mapping of one name, such as `{time_mask: {max: 8}}`")
        reading = read_record(StepChange, node, scope, "augment")
        if reading is POISON:
            return POISON
        change = reading.record
        if change.time_mask is not None:
            return StepAugmentation("time_mask", 0, change.time_mask.max)
        assert change.speed is not None
        least, most = map(float, change.speed)
        return StepAugmentation("speed", least, most)

    def make_schema(self) -> Schema:
        one = {**describe_record(StepChange), "minProperties": 1, "maxProperties": 1}
        return {"type": "array", "items": one, "minItems": 1}
