"""A call of a function: the axes that its arguments name, what it needs of them, and what it does with them. Imports no op."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any

from ...ir.inference import TOO_FEW_AXES, Inference, Refusal
from ...ir.size import Size, are_alike_known, at_least, divisible, equal
from ...ir.tensor import Axis, TensorType
from ...text.diagnostic import Code
from ...text.frozen import dataclass
from ..axes import SAME_AXIS, find_axis_number, find_axis_numbers, refuse_batch

NOT_SQUARE = Code(
    "matrix-not-square",
    "error",
    "`{layer}` reads square matrices; given {given}",
    sort="keras",
    help="the last two axes must be equal",
)
TOO_SHORT = Code(
    "axis-too-short",
    "error",
    "`{layer}` needs {needed} along {axis} or more; {size} are there",
    sort="keras",
    help="give it more, or take less",
)
NOTHING_LEFT = Code(
    "nothing-left", "error", "`{layer}` leaves nothing of {axis}, which has {size}", help="give it more, or take less"
)
UNEVEN = Code(
    "axis-not-divisible",
    "error",
    "`{layer}` cuts {axis} into parts of {parts}; {size} does not divide",
    sort="keras",
    help="pad or cut it to a size that does",
)


@dataclass(frozen=True)
class Shaped:
    """The axes that come out, and where those that came in have gone, None for one that is no more or has lost its order."""

    axes: tuple[Axis, ...]
    places: tuple[int | None, ...]
    mixed: frozenset[int] = frozenset()
    """The axes, of the input, along which a position no longer has what it had by itself."""


class FunctionCall:
    """A function with its arguments, on a tensor."""

    def __init__(self, name: str, values: dict[str, Any], at: Inference, x: TensorType) -> None:
        self.name, self.values, self.at, self.x = name, values, at, x

    def find_one_axis(self, argument: str = "axis") -> int:
        """The axis that an argument names, batch left out; refuses the batch, and none where Keras would take all."""
        axis = self.values.get(argument)
        if not isinstance(axis, int):
            refuse_batch(self.name, 0, self.x, argument, left_out=axis is None)
        number = find_axis_number(self.name, axis or 0, self.x, argument)
        refuse_batch(self.name, number, self.x, argument, left_out=argument not in self.values)
        return number - 1

    def find_two_axes(self) -> tuple[int, int]:
        """The axes that `axis1` and `axis2` name, of which one would be no matrix."""
        first, second = self.find_one_axis("axis1"), self.find_one_axis("axis2")
        if first == second:
            raise Refusal(SAME_AXIS, "axis2", (), layer=self.name, axis=first + 1)
        return first, second

    def find_several_axes(self, argument: str = "axis", may_repeat: bool = False) -> tuple[int, ...]:
        """The axes that an argument names, one or a list of them; with `may_repeat` it may name one twice."""
        axes = self.values.get(argument)
        if axes is None:
            refuse_batch(self.name, 0, self.x, argument, left_out=True)
            axes = ()
        elif may_repeat and not isinstance(axes, int):
            axes = tuple(dict.fromkeys(find_axis_number(self.name, axis, self.x, argument) for axis in axes))
        numbers = find_axis_numbers(self.name, axes, self.x, argument)
        for number in numbers:
            refuse_batch(self.name, number, self.x, argument)
        return tuple(number - 1 for number in numbers)

    def resize_axes(self, changed: dict[int, Size], mixed: bool = True) -> Shaped:
        """The same axes with other sizes of some."""
        axes = tuple(Axis(axis.name, changed.get(place, axis.size)) for place, axis in enumerate(self.x.axes))
        return Shaped(axes, self.list_kept(changed if mixed else ()), frozenset(changed))

    def list_kept(self, gone: Container[int]) -> tuple[int | None, ...]:
        """Each axis where it was, but for those that are gone."""
        return tuple(None if place in gone else place for place in range(self.x.rank))

    def drop_axes(self, gone: Sequence[int]) -> Shaped:
        """Without some axes, over whose positions something was taken."""
        kept = [place for place in range(self.x.rank) if place not in gone]
        places = tuple(kept.index(place) if place in kept else None for place in range(self.x.rank))
        return Shaped(tuple(self.x.axes[place] for place in kept), places, frozenset(gone))

    def move_axes(self, order: Sequence[int], argument: str) -> Shaped:
        """The axes in another order, the batch counted; refuses one that moves the batch."""
        if order[0]:
            refuse_batch(self.name, 0, self.x, argument)
        kept = [number - 1 for number in order[1:]]
        places = tuple(kept.index(place) for place in range(self.x.rank))
        return Shaped(tuple(self.x.axes[place] for place in kept), places)

    def find_matrix(self) -> tuple[Axis, Axis]:
        """The last two axes, neither of which may be the batch."""
        if self.x.rank < 2:
            raise Refusal(TOO_FEW_AXES, None, (), layer=self.name, least="2 axes", origin="what comes in", given=self.x)
        return self.x.axes[-2], self.x.axes[-1]

    def require_square(self) -> None:
        """Refuses matrices that are not square."""
        (rows, columns), refusal = self.find_matrix(), Refusal(NOT_SQUARE, None, (), layer=self.name, given=self.x)
        if not are_alike_known(rows.size, columns.size):
            raise refusal  # Keras compares what it knows of both
        self.at.require(equal(rows.size, columns.size), refusal)

    def require_length(self, axis: Axis, needed: Size, argument: str) -> None:
        """Refuses an axis that is too short."""
        refusal = Refusal(TOO_SHORT, argument, (), layer=self.name, needed=needed, axis=axis.name, size=axis.size)
        self.at.require(at_least(axis.size - needed, 0), refusal)

    def require_rest(self, axis: Axis, needed: int, argument: str) -> None:
        """Refuses an axis of which nothing would be left."""
        refusal = Refusal(NOTHING_LEFT, argument, (), layer=self.name, axis=axis.name, size=axis.size)
        self.at.require(at_least(axis.size, needed), refusal)

    def require_even(self, axis: Axis, parts: int, argument: str) -> None:
        """Refuses an axis that does not come out even."""
        refusal = Refusal(UNEVEN, argument, (), layer=self.name, parts=parts, axis=axis.name, size=axis.size)
        self.at.require(divisible(axis.size, parts), refusal)
