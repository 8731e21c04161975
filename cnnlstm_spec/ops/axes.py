"""Axes as Keras counts them: the batch is 0, -1 is the last. Imports no family of layers."""

from __future__ import annotations

from collections.abc import Sequence

from ..ir.inference import Refusal
from ..ir.tensor import Axis, TensorType
from ..language.kinds import INTEGER
from ..language.list_kinds import OneOrMore
from ..text.diagnostic import Code

AXIS = INTEGER
AXES = OneOrMore(INTEGER)

NO_SUCH_AXIS = Code("no-such-axis", "error", "`{layer}` is given axis {axis}; its input has axes {least} to {most}", sort="keras")
BATCH_AXIS = Code(
    "axis-is-the-batch", "error", "`{layer}` is given axis {axis}, the batch, whose size is not known", sort="keras"
)
OVER_BATCH = Code("works-over-the-batch", "error", "`{layer}` would work over the batch{how}; {axes}")
SAME_AXIS = Code(
    "axis-twice", "error", "`{layer}` is given axis {axis} twice", sort="keras", help="write each axis once; -1 is the last"
)


def find_axis_number(layer: str, axis: int, x: TensorType, argument: str = "axis") -> int:
    """The number of an axis from 0, the batch, up; refuses one that is not there."""
    count = x.rank + 1
    if -count <= axis < count:
        return axis % count
    help = ("axis 0 is the batch, -1 the last axis",)
    raise _fix_to_last(Refusal(NO_SUCH_AXIS, argument, help, layer=layer, axis=axis, least=-count, most=count - 1), argument)


def find_axis_numbers(layer: str, axes: int | Sequence[int], x: TensorType, argument: str = "axis") -> tuple[int, ...]:
    """The numbers of axes that must differ."""
    numbers: list[int] = []
    for axis in (axes,) if isinstance(axes, int) else axes:
        number = find_axis_number(layer, axis, x, argument)
        if number in numbers:
            raise Refusal(SAME_AXIS, argument, (), layer=layer, axis=number)
        numbers.append(number)
    return tuple(numbers)


def find_axis(layer: str, axis: int, x: TensorType, argument: str = "axis") -> Axis:
    """The axis of that number, which may not be the batch."""
    number = find_axis_number(layer, axis, x, argument)
    if number == 0:
        raise _fix_to_last(Refusal(BATCH_AXIS, argument, ("-1 is the last axis",), layer=layer, axis=axis), argument)
    return x.axes[number - 1]


def refuse_batch(layer: str, number: int, x: TensorType, argument: str, left_out: bool = False) -> None:
    """Refuses axis 0, of what Keras would take over the samples of a batch."""
    if number == 0:
        how = f", for want of `{argument}`" if left_out and x.axes else ""
        axes = ", ".join(f"{axis.name} is {place}" for place, axis in enumerate(x.axes, 1)) or "there is no other axis"
        help = (f"write `{argument}`: 1 is the first axis after the batch, -1 the last",)
        if not x.axes:
            help = ("a sample is one number here; give it an axis before: `Op: {function: expand_dims, axis: -1}`",)
        refusal = Refusal(OVER_BATCH, None if left_out else argument, help, layer=layer, how=how, axes=axes)
        raise refusal.add_fixes(axis="1") if argument == "axis" and x.axes else refusal


def number_axes_of_sample(layer: str, axes: int | Sequence[int], x: TensorType, left_out: bool = False) -> tuple[int, ...]:
    """The numbers of axes that must differ, none of them the batch."""
    numbers = find_axis_numbers(layer, axes, x)
    for number in numbers:
        refuse_batch(layer, number, x, "axis", left_out)
    return numbers


def _fix_to_last(refusal: Refusal, argument: str) -> Refusal:
    """A refusal of one axis, which the last one mends."""
    return refusal.add_fixes(axis="-1") if argument == "axis" else refusal
