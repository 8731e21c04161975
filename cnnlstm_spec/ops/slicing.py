"""`Slice`: one position of an axis, or a range of them, by Keras's own indexing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from ..ir.inference import Inference, Refusal
from ..ir.meaning import Meaning
from ..ir.op import Op, example
from ..ir.size import Size, at_least, ceil_div, take_larger
from ..ir.tensor import Axis, Mask, TensorType, Zeros
from ..language.kinds import COUNT, INTEGER, Optional
from ..language.record import Checks
from ..text.diagnostic import Code
from ..text.fix import Fix, Put, drop, put
from .axes import AXIS, find_axis_number, refuse_batch

if TYPE_CHECKING:
    from ..ir.lowering import Lowering
    from ..ir.program import Expression

NOT_THERE = Code(
    "slice-not-there",
    "error",
    "`Slice` takes position {index} of {axis}; {size} are there",
    sort="keras",
    help="0 is the first, -1 the last",
)
EMPTY = Code("slice-empty", "error", "`Slice` leaves nothing of {axis}", help="`start` counts from 0, `stop` is no longer taken")
WHICH = Code(
    "slice-of-what",
    "error",
    "`Slice` takes `index`, or `start`, `stop` and `step`",
    help="`index: 0` is one position, `start: 0, stop: 10` are ten",
)


class Slice(Op):
    """One position of an axis (`index`), which is then no more, or a range of them, as Python counts."""

    passes_on = True
    keeps_integers = True
    keeps_values = True
    joins_masks = True
    has_class = False
    least_rank = 1
    axis: Annotated[int, AXIS]
    """The axis; 1 is the first after the batch, -1 the last."""
    index: Annotated[int | None, Optional(INTEGER)] = None
    """The one position that is taken; -1 is the last."""
    start: Annotated[int | None, Optional(INTEGER)] = None
    """The first position of a range; that of the axis by default."""
    stop: Annotated[int | None, Optional(INTEGER)] = None
    """The position at which a range ends, itself left out; the end of the axis by default."""
    step: Annotated[int | None, Optional(COUNT)] = None
    """Every so many positions of a range."""
    examples = (
        example((6, 3), axis=1, index=-1),
        example((None, 3), axis=1, start=1, stop=5),
        example((6, 5), axis=-1, start=-3, step=2, dtype="int32"),
    )

    def decides_shape(self, argument: str) -> bool:
        return True

    def check(self, at: Checks) -> None:
        of_range = [name for name in ("start", "stop", "step") if self.get_value(name) is not None]
        if (self.index is None) != bool(of_range):
            if self.index is None:
                at.report(WHICH, None, (), True, lambda span: put(span, "index", "0"))
            else:
                at.report(WHICH, "index", (), True, lambda span: drop(span, "index", "unsafe"))
        elif self.start is not None and self.stop is not None and 0 <= self.stop <= self.start:
            turned = {"start": self.stop, "stop": max(self.start, self.stop + 1)}
            written = ", ".join(f"{name}: {number}" for name, number in turned.items())
            puts = tuple(Put(at.node.span, name, str(number)) for name, number in turned.items())
            at.report(EMPTY, "stop", (), False, lambda _: Fix(f"write `{written}`", puts), axis=f"axis {self.axis}")

    def find_axis(self, x: TensorType) -> int:
        """The axis, batch left out."""
        return find_axis_number(self.title(), self.axis, x) - 1

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """Without the axis for `index`; else along it (stop - start) / step rounded up."""
        (x,) = inputs
        place = self.find_axis(x)
        refuse_batch(self.title(), place + 1, x, "axis")
        axis = x.axes[place]
        if self.index is not None:
            needed = self.index + 1 if self.index >= 0 else -self.index
            refusal = Refusal(NOT_THERE, "index", (), index=self.index, axis=axis.name, size=axis.size)
            at.require(at_least(axis.size, needed), refusal.add_fixes(index="-1" if self.index >= 0 else "0"))
            return x.with_axes(*x.axes[:place], *x.axes[place + 1 :])
        length = self.find_end(axis.size) - self.begin(axis.size)
        wrong = "stop" if self.stop is not None else "start"
        refusal = Refusal(EMPTY, wrong, (), axis=axis)
        at.require(at_least(length, 1), refusal if self.start is None else refusal.add_fixes(start="0"))
        return x.with_axes(*x.axes[:place], Axis(axis.name, ceil_div(length, self.step or 1)), *x.axes[place + 1 :])

    def begin(self, size: Size) -> Size:
        """The first position of the range, from 0."""
        return 0 if not self.start else _place_position(self.start, size)

    def find_end(self, size: Size) -> Size:
        """The position behind the last of the range."""
        return size if self.stop is None else _place_position(self.stop, size)

    def find_range(self) -> tuple[int | None, ...]:
        """The bounds of the range as Python has them."""
        return (self.start, self.stop, self.step) if self.step is not None else (self.start, self.stop)

    def makes_mask(self, *inputs: TensorType) -> bool:
        (x,) = inputs
        return x.mask is not None and self.index is None and self.find_axis(x) == 0

    def make_mask(self, to: Lowering, *inputs: Expression) -> Expression:
        mask = to.find_mask(0)
        assert mask is not None
        return to.pick(mask, None, self.find_range())

    def empties_mask(self) -> bool:
        """What is cut off at the front may be all that is real."""
        return bool(self.start)

    def infer_mask(self, *inputs: TensorType) -> Mask | None:
        (x,) = inputs
        return None if self.find_axis(x) == 0 else x.mask

    def takes_no_padding(self, *inputs: TensorType) -> bool:
        """Behind a recurrent layer a padded step has the output of the last real one, and a class token is real.

        Of steps that come last to first only the last one is what it has read in the end.
        """
        (x,) = inputs
        if self.index is None or self.find_axis(x) != 0:
            return False
        ends = {-1} if x.mask is not None and x.mask.flipped else {0}
        still = x.meaning.still and (self.index == -1 or not x.meaning.backwards)
        return still or (x.mask is not None and x.mask.begins_real and self.index in ends)

    def infer_zeros(self, mask: Mask | None, *inputs: TensorType) -> Zeros | None:
        (x,) = inputs
        place = self.find_axis(x)
        if x.zeros is None or x.zeros.axis == place:
            return None
        return x.zeros.move_axes(-1) if self.index is not None and place < x.zeros.axis else x.zeros

    def infer_meaning(self, output: TensorType, *inputs: TensorType) -> Meaning:
        (x,) = inputs
        place, meaning = self.find_axis(x), x.meaning
        values = meaning.range
        if values is not None and values.sums is not None and place in values.sums:
            meaning = replace(meaning, range=values.loosen())
        if self.index is None:
            return meaning
        return meaning.move_axes(lambda each: None if each == place else each - (each > place))

    def lower(self, to: Lowering, *inputs: Expression) -> Expression:
        (x,) = to.inputs
        taken = self.find_range() if self.index is None else self.index
        return to.pick(inputs[0], *[None] * (self.find_axis(x) + 1), taken)


def _place_position(number: int, size: Size) -> Size:
    """Where Python lets a number stand in an axis: counted from the end below 0, and never beyond either end."""
    if number >= 0:
        return size + number - take_larger(size, number)
    return take_larger(size + number, 0)
