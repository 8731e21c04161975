"""Reading `expect:`, shapes and counts that must come out."""

from __future__ import annotations

from ..language.list_kinds import ListOf
from ..language.meanings import Address
from ..language.scope import POISON, Scope
from ..ops.input import SizeKind
from ..text.frozen import dataclass
from ..text.nodes import Node, Scalar
from ..text.source import Place
from .budget import Quantity
from .by_name import read_entries

SAMPLE = "it says what must come out, by address: `expect: {branches.video: [frames, 128], head: [10]}`"
COUNTS = ("params", "trainable_params", "macs")


class ExpectedSize(SizeKind):
    """A size, null for any that is known only at run time, a name, or an expression as `shapes` prints it."""

    def read_node(self, node: Node, scope: Scope) -> object:
        if isinstance(node, Scalar) and isinstance(node.value, str) and any(sign in node.value for sign in "+-*/ "):
            return "".join(node.value.split())
        return super().read_node(node, scope)


SHAPE = ListOf(ExpectedSize())
COUNT = Quantity()


@dataclass(frozen=True)
class Expected:
    """An entry of `expect`: an address and its shape, or a count and its value."""

    name: str
    wanted: int | tuple[int | str | None, ...]
    place: Place
    key: Place


def read_expect(node: Node, scope: Scope) -> tuple[Expected, ...]:
    """The section `expect`, as far as it could be read."""
    found = []
    for key, value, at in read_entries(node, scope, SAMPLE):
        scope.note(Address(key.span, key.text, whole=True))
        wanted = (COUNT if key.text in COUNTS else SHAPE).read(value, at)
        if wanted is not POISON:
            found.append(Expected(key.text, wanted, at.make_place(value), at.make_place(key)))
    return tuple(found)
