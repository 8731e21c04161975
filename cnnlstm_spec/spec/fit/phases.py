"""`phases`: training in stretches, each with what it freezes, and an optimizer of its own."""

from __future__ import annotations

from typing import Annotated

from ...language import meanings
from ...language.catalog import KerasObject
from ...language.json_schema import Schema
from ...language.kinds import NAME, SIZE, report_wrong_type
from ...language.leaf import OpenLeaf, Reading
from ...language.list_kinds import ListOf
from ...language.named import Named
from ...language.read_record import read_record
from ...language.record import Checks, Record, describe_record
from ...language.scope import POISON, Scope
from ...text.diagnostic import Code, Words, Written
from ...text.frozen import dataclass
from ...text.nodes import WRONG_TYPE, Listing, Node, Scalar, show_given
from ...text.source import Place

A_PHASE = Words("a phase")
SAME_NAME = Code("phases-of-one-name", "error", "two phases are named `{name}`", help="give each a name of its own")
BOTH = Code("frozen-and-unfrozen", "error", "`{address}` is frozen and unfrozen in one phase", help="keep one of them")


@dataclass(frozen=True)
class WrittenAddress:
    """An address of the model, and where it is written."""

    text: str
    place: Place


class AddressLeaf(OpenLeaf[WrittenAddress]):
    """An address such as `branches.video.base`."""

    words = "an address such as `branches.video`"
    canonical = (WrittenAddress,)

    def read_node(self, node: Node, scope: Scope) -> object:
        if not isinstance(node, Scalar) or not isinstance(node.value, str) or not node.value:
            return scope.report(WRONG_TYPE, node, key=scope.name, words=self.words, given=show_given(node))
        scope.note(meanings.Address(node.span, node.value, whole=True))
        return WrittenAddress(node.value, scope.make_place(node))

    def make_schema(self) -> Schema:
        return {"type": "string", "minLength": 1}


class PhaseKeys(Record):
    """A stretch of training."""

    name: Annotated[str, NAME]
    """What the phase is called, in `history.csv` too."""
    epochs: Annotated[int, SIZE]
    """How many epochs it has."""
    freeze: Annotated[tuple[WrittenAddress, ...], ListOf(AddressLeaf())] = ()
    """Addresses of what is not trained from this phase on."""
    unfreeze: Annotated[tuple[WrittenAddress, ...], ListOf(AddressLeaf())] = ()
    """Addresses of what is trained from this phase on."""
    optimizer: Annotated[KerasObject | None, Named("optimizers")] = None
    """The optimizer of this phase; that of `compile`, made anew, if it is left out."""

    def check(self, at: Checks) -> None:
        frozen = {each.text for each in self.freeze}
        for address in self.unfreeze:
            if address.text in frozen:
                at.report(BOTH, "unfreeze", address=address.text)


@dataclass(frozen=True)
class Phase:
    """A phase, and where it is written."""

    keys: PhaseKeys
    written: Written
    place: Place

    @property
    def name(self) -> str:
        """What the phase is called."""
        return self.keys.name

    @property
    def epochs(self) -> int:
        """How many epochs it has."""
        return self.keys.epochs


class PhasesLeaf(OpenLeaf[tuple[Phase, ...]]):
    """A list of phases."""

    words = "a list of phases, such as `[{name: heads, epochs: 5}, {name: all, epochs: 20}]`"
    canonical = (tuple,)

    def read_node(self, node: Node, scope: Scope) -> object:
        if not isinstance(node, Listing) or not node.items:
            return report_wrong_type(node, scope, self.words)
        found: list[Phase] = []
        broken = False
        for index, item in enumerate(node.items):
            at = scope.enter(index)
            value = at.resolve(item)
            reading = POISON if value is None else read_record(PhaseKeys, value, at, A_PHASE)
            broken = broken or reading is POISON
            if isinstance(reading, Reading):
                name = reading.record.name
                if any(each.name == name for each in found):
                    place = reading.written.places["name"]
                    at.report(SAME_NAME, Scalar(place.span, name, name), name=name)
                    broken = True
                found.append(Phase(reading.record, reading.written, at.make_place(item)))
        return POISON if broken else tuple(found)

    def make_schema(self) -> Schema:
        return {"type": "array", "items": describe_record(PhaseKeys), "minItems": 1}
