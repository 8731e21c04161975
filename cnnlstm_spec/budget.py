"""Reading `budget:`, ceilings for what a model costs."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from .argument import Kind, Record, arg, read_record
from .catalog import NO_EFFECT
from .diagnostic import Diagnostic
from .kinds import NOT_ALLOWED, SIZE, wrong_type
from .nodes import Node, Scalar
from .promises import SizesKind
from .recall import recall
from .scope import POISON, Scope
from .spec import ModelSpec

POWERS = {"": 1, "k": 1000, "M": 1000**2, "G": 1000**3, "Ki": 1024, "Mi": 1024**2, "Gi": 1024**3}
QUANTITY = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,18})?) ?(|k|M|G|Ki|Mi|Gi)(B?)")


class Amount(int):
    """A whole number, and the unit in which it was written: `KiB` of `1Ki`, nothing of `1024`."""

    unit: str = ""


class Quantity(Kind):
    """A whole number, also with `k`, `M` or `G`; of memory with `B`, and `KiB`, `MiB`, `GiB` too."""

    def __init__(self, memory: bool = False) -> None:
        self.memory = memory
        self.words = "a number of bytes such as 512MiB" if memory else "a count such as 5000000 or 5M"

    def read(self, node: Node, scope: Scope) -> Any:
        value = node.value if isinstance(node, Scalar) else None
        if isinstance(value, int) and not isinstance(value, bool):
            if value < 0:
                return scope.report(NOT_ALLOWED, node, key=scope.name, words=self.words, given=value)
            return value
        match = QUANTITY.fullmatch(value) if isinstance(value, str) else None
        if match is None or not self.fits(match[2], match[3]):
            return wrong_type(node, scope, self.words)
        amount = Amount(round(float(match[1]) * POWERS[match[2]]))
        amount.unit = match[2] + "B" if self.memory else match[2]
        return amount

    def fits(self, power: str, byte: str) -> bool:
        """Whether a suffix belongs to such a quantity."""
        return (bool(byte) or not power.endswith("i")) if self.memory else not byte and not power.endswith("i")

    def schema(self) -> dict[str, Any]:
        suffix = "(k|M|G|Ki|Mi|Gi)?B?" if self.memory else "[kMG]?"
        return {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": rf"^[0-9]+(\.[0-9]+)? ?{suffix}$"}]}


class Budget(Record):
    """Ceilings on what the model costs, held before anything is built."""

    params: int | None = arg(Quantity(), None, doc="Most parameters.")
    trainable_params: int | None = arg(Quantity(), None, doc="Most parameters that training changes.")
    macs: int | None = arg(Quantity(), None, doc="Most multiply-adds for one sample.")
    activation_memory: int | None = arg(
        Quantity(memory=True), None, doc="Most memory for the outputs of all layers, for one batch."
    )
    batch_size: int | None = arg(SIZE, None, doc="The batch of the estimate.")
    sizes: dict[str, int] | None = arg(SizesKind(), None, doc="For the estimate, sizes known only at run time, by name.")

    def check(self, scope: Scope, node: Node) -> bool:
        if self.is_written("batch_size") and not self.is_written("activation_memory"):
            at = Scope(scope.found, self.keys["batch_size"].path)
            at.report(NO_EFFECT, Node(self.keys["batch_size"].span), argument="batch_size", needed="`activation_memory`")
            return False
        return True


def read_budget(spec: ModelSpec, found: list[Diagnostic]) -> Budget | None:
    """The section `budget`; None where there is none, or it could not be read."""
    if "budget" not in spec.sections:
        return None
    node, scope = spec.sections["budget"]
    at = replace(scope, found=found)
    resolved = at.resolve(node)
    record = POISON if resolved is None else recall(_read_budget, resolved, at)
    return record if isinstance(record, Budget) else None


def _read_budget(node: Node, scope: Scope) -> Any:
    return read_record(Budget, node, scope, "budget", partial=True)
