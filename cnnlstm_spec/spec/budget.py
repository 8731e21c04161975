"""Reading `budget:`, ceilings for what a model costs."""

from __future__ import annotations

import re
from typing import Annotated, Self

from ..language.cached_reading import recall
from ..language.catalog import NO_EFFECT
from ..language.foreign import suggest_line
from ..language.json_schema import Schema
from ..language.kinds import NOT_ALLOWED, SIZE, report_wrong_type
from ..language.leaf import OpenLeaf, Reading
from ..language.read_record import read_record
from ..language.record import Checks, Record
from ..language.scope import POISON, Poison, Scope
from ..text.nodes import WRONG_TYPE, Mapping, Node, Scalar, show_given

POWERS = {"": 1, "k": 1000, "M": 1000**2, "G": 1000**3, "Ki": 1024, "Mi": 1024**2, "Gi": 1024**3}
LOOSE = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,18})?) ?([kmg]?)(i?)b?", re.I)
LARGEST = 1e15
QUANTITY = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,18})?) ?(|k|M|G|Ki|Mi|Gi)(B?)")


class Amount(int):
    """A whole number, and the unit in which it was written: `KiB` of `1Ki`, nothing of `1024`."""

    unit: str

    def __new__(cls, value: int, unit: str = "") -> Self:
        """A number in a unit."""
        made = super().__new__(cls, value)
        made.unit = unit
        return made


class Quantity(OpenLeaf[int]):
    """A whole number, also with `k`, `M` or `G`; of memory with `B`, and `KiB`, `MiB`, `GiB` too."""

    def __init__(self, memory: bool = False) -> None:
        self.memory = memory
        self.words = "a number of bytes such as 512MiB" if memory else "a count such as 5000000 or 5M"

    canonical = (Amount,)

    def read_node(self, node: Node, scope: Scope) -> int | Poison:
        value = node.value if isinstance(node, Scalar) else None
        if isinstance(value, int) and not isinstance(value, bool):
            if value < 0:
                return scope.report(NOT_ALLOWED, node, key=scope.name, words=self.words, given=value)
            return value
        match = QUANTITY.fullmatch(value) if isinstance(value, str) else None
        if match is None or not self.fits(match[2], match[3]):
            help, fixes = suggest_line(self.find_meant(value), node)
            if not help:
                return report_wrong_type(node, scope, self.words)
            return scope.report(
                WRONG_TYPE, node, key=scope.name, words=self.words, given=show_given(node), help=help, fixes=fixes
            )
        return Amount(round(float(match[1]) * POWERS[match[2]]), match[2] + "B" if self.memory else match[2])

    def find_meant(self, value: object) -> str | None:
        """The quantity that is meant by one with letters in another case, with `B` where nothing is in bytes, or by `1e6`."""
        if isinstance(value, float) and 0 <= value < LARGEST and value.is_integer():
            return f"{value:.0f}"
        found = LOOSE.fullmatch(value.strip()) if isinstance(value, str) else None
        if found is None:
            return None
        power = {"": "", "k": "k", "m": "M", "g": "G"}[found[2].lower()]
        if not self.memory:
            return f"{found[1]}{power}" if not found[3] else None
        return f"{found[1]}{power.upper() if found[3] else power}{'i' if found[3] else ''}B"

    def fits(self, power: str, byte: str) -> bool:
        """Whether a suffix belongs to such a quantity."""
        return (bool(byte) or not power.endswith("i")) if self.memory else not byte and not power.endswith("i")

    def make_schema(self) -> Schema:
        suffix = "([kMG]?B?|[KMG]iB)" if self.memory else "[kMG]?"
        return {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": rf"^[0-9]+(\.[0-9]+)? ?{suffix}$"}]}


class SizesKind(OpenLeaf[dict[str, int]]):
    """Values for sizes known only at run time, by name."""

    words = "a mapping of names of sizes to positive integers"

    canonical = (dict,)

    def read_node(self, node: Node, scope: Scope) -> object:
        if not isinstance(node, Mapping):
            return report_wrong_type(node, scope, self.words)
        values: dict[str, int | Poison] = {}
        for entry in node.entries:
            values[entry.key.text] = SIZE.read(entry.value, scope.enter(entry.key.text))
        return POISON if POISON in values.values() else values

    def make_schema(self) -> Schema:
        return {"type": "object", "additionalProperties": SIZE.make_schema()}


class Budget(Record):
    """Ceilings on what the model costs, held before anything is built."""

    params: Annotated[int | None, Quantity()] = None
    """Most parameters."""
    trainable_params: Annotated[int | None, Quantity()] = None
    """Most parameters that training changes."""
    macs: Annotated[int | None, Quantity()] = None
    """Most multiply-adds for one sample."""
    activation_memory: Annotated[int | None, Quantity(memory=True)] = None
    """Most memory for the outputs of all layers, for one batch."""
    batch_size: Annotated[int | None, SIZE] = None
    """The batch of the estimate."""
    sizes: Annotated[dict[str, int] | None, SizesKind()] = None
    """For the estimate, sizes known only at run time, by name."""

    def check(self, at: Checks) -> None:
        if self.is_written("batch_size") and not self.is_written("activation_memory"):
            at.report(NO_EFFECT, "batch_size", (), True, argument="batch_size", needed="`activation_memory`")


def read_budget(node: Node, scope: Scope) -> Reading[Budget] | None:
    """The section `budget`; None where it could not be read."""
    resolved = scope.resolve(node)
    reading = POISON if resolved is None else recall(_read_budget, resolved, scope)
    return reading if isinstance(reading, Reading) else None


def _read_budget(node: Node, scope: Scope) -> Reading[Budget] | Poison:
    return read_record(Budget, node, scope, "budget", partial=True)
