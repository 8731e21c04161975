"""The ops that structure becomes: entering and leaving time, a shortcut's projection, the sum, an output."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..ir.inference import Inference, Refusal
from ..ir.meaning import Meaning
from ..ir.op import FLOATS, Op, Weight
from ..ir.size import Size, ceil_div, equal, measure_growth_ratio
from ..ir.tensor import Axis, Mask, TensorType
from ..text.diagnostic import Code
from .floats import refuse_integers
from .padding_mask import HALF
from .shared import known
from .windows import count_positions, join, split

if TYPE_CHECKING:
    from ..ir.lowering import Lowering
    from ..ir.program import Expression

NO_STEPS = Code(
    "nothing-to-distribute", "error", "`TimeDistributed` reads steps of at least one axis; given {given}", sort="keras"
)
CANNOT_PROJECT = Code("projection-does-not-fit", "error", "no strides bring {given} to {wanted}")


class Fold(Op):
    """One side of a `TimeDistributed`, which is what messages call it."""

    passes_on = True
    keeps_pixels = True
    keeps_integers = True
    keeps_values = True

    @classmethod
    def title(cls) -> str:
        return "TimeDistributed"


class EnterTime(Fold):
    """The first axis goes into the batch: what follows sees one step."""

    least_rank = 1

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """(steps, ...) to (...): the steps go into the batch."""
        (x,) = inputs
        if x.rank < 2:
            help = ("a vector has no steps: take its layers out of `TimeDistributed`",) if x.rank == 1 and not x.outer else ()
            raise Refusal(NO_STEPS, None, help, given=x)
        return replace(x, axes=x.axes[1:], mask=None, outer=(*x.outer, (x.axes[0], x.mask)))

    def infer_dtype(self, at: Inference, *inputs: TensorType) -> str:
        return inputs[0].dtype

    def infer_mask(self, *inputs: TensorType) -> Mask | None:
        return None

    def infer_meaning(self, output: TensorType, *inputs: TensorType) -> Meaning:
        x = inputs[0].meaning
        step = x.move_axes(lambda place: place - 1 if place else None)
        return replace(step, steps=None, backwards=False, outer=(*x.outer, x.backwards and x.steps == 0))

    def lower(self, to: Lowering, *inputs: Expression) -> Expression:
        return to.fold(inputs[0], to.inputs[0])


class LeaveTime(Fold):
    """The axis that was entered last comes back out of the batch."""

    leaves_time = True

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """(...) to (steps, ...): the steps come back out of the batch."""
        (x,) = inputs
        axis, _ = x.outer[-1]
        return replace(x, axes=(axis, *x.axes), outer=x.outer[:-1])

    def infer_dtype(self, at: Inference, *inputs: TensorType) -> str:
        return inputs[0].dtype

    def infer_mask(self, *inputs: TensorType) -> Mask | None:
        return inputs[0].outer[-1][1]

    def infer_meaning(self, output: TensorType, *inputs: TensorType) -> Meaning:
        x = inputs[0].meaning
        return replace(x.move_axes(lambda place: place + 1), steps=0, backwards=x.outer[-1:] == (True,), outer=x.outer[:-1])

    def lower(self, to: Lowering, *inputs: Expression) -> Expression:
        return to.unfold(inputs[0], to.inputs[0])


class Projection(Op):
    """A convolution of kernel 1 with bias (Dense on vectors) that brings a shortcut to the path's shape.

    Its channels are where those of the path are: first behind layers of `data_format: channels_first`.
    """

    arity = (2, 2)
    keeps_mask = False
    gives_channels = True

    @classmethod
    def title(cls) -> str:
        return "projection"

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """The shape of the second input, to which the first is brought."""
        x, wanted = inputs
        facts: dict[str, Any] = {"given": x, "wanted": wanted}
        if x.rank != wanted.rank or not 1 <= x.rank <= 4:
            raise Refusal(CANNOT_PROJECT, None, ("the path must keep the number of axes",), **facts)
        first = self.finds_channels_first(x, wanted)
        (spatial, channels), (targets, width) = split(x.axes, first), split(wanted.axes, first)
        axes = []
        for axis, target, stride in zip(spatial, targets, self.compute_strides(x, wanted), strict=True):
            given = ceil_div(axis.size, stride)
            # One that Keras does not know stays so, though it must come to the target's.
            axes.append(Axis(target.name, given) if isinstance(target.size, int) else target)
            condition = equal(given, target.size)
            at.require(condition, Refusal(CANNOT_PROJECT, None, ("pad the path with `padding: same`",), **facts))
        if x.rank > 1:
            refuse_integers("Residual", x)
        known("Residual", channels)
        known("Residual", width)
        return wanted.with_axes(*join(axes, width, first))

    def finds_channels_first(self, x: TensorType, wanted: TensorType) -> bool:
        """Whether the channels of the path come first; those of the shortcut where the path says nothing of them."""
        said = (x if wanted.meaning.channels is None else wanted).meaning
        return wanted.rank > 1 and said.channels_first and said.channels == 0

    def infer_meaning(self, output: TensorType, *inputs: TensorType) -> Meaning:
        meaning, first = super().infer_meaning(output, *inputs), self.finds_channels_first(*inputs)
        return replace(meaning, channels=0 if first else output.rank - 1, channels_first=first)

    def compute_strides(self, x: TensorType, wanted: TensorType) -> tuple[int, ...]:
        """The ratios of the sizes, rounded up; 1 where one is known only at run time and they are equal."""
        first = self.finds_channels_first(x, wanted)
        spatial, targets = split(x.axes, first)[0], split(wanted.axes, first)[0]
        return tuple(_divide_sizes(axis.size, target.size) for axis, target in zip(spatial, targets, strict=True))

    def count_channels(self, x: TensorType, wanted: TensorType) -> tuple[int, int]:
        """The channels of the shortcut and of the path."""
        first = self.finds_channels_first(x, wanted)
        return known("Residual", split(x.axes, first)[1]), known("Residual", split(wanted.axes, first)[1])

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        a, b = self.count_channels(*inputs)
        return (Weight("kernel", (*(1,) * (inputs[0].rank - 1), a, b)), Weight("bias", (b,)))

    def macs(self, output: TensorType, *inputs: TensorType) -> Size:
        return count_positions(output.axes) * self.count_channels(*inputs)[0]

    def infer_mask(self, *inputs: TensorType) -> Mask | None:
        x, wanted = inputs
        if self.finds_channels_first(x, wanted):
            # The steps are no longer the first axis, that of a mask.
            return None
        return x.mask if set(self.compute_strides(x, wanted)[:1]) <= {1} else wanted.mask

    def lower(self, to: Lowering, *inputs: Expression) -> Expression:
        x, wanted = to.inputs
        _, width = self.count_channels(x, wanted)
        frozen: dict[str, Any] = {} if self.trainable else {"trainable": False}
        if x.rank == 1:
            return to.write_layer("keras.layers.Dense", inputs[0], width, **frozen)
        strides = self.compute_strides(x, wanted)
        keywords: dict[str, Any] = ({"strides": strides} if max(strides) > 1 else {}) | frozen
        if self.finds_channels_first(x, wanted):
            keywords["data_format"] = "channels_first"
        return to.write_layer(f"keras.layers.Conv{x.rank - 1}D", inputs[0], width, 1, **keywords)


def _divide_sizes(size: Size, target: Size) -> int:
    """The stride from one size to another; of sizes known only at run time the one that fits large ones, if any does."""
    if isinstance(size, int) and isinstance(target, int):
        return -(-size // target)
    return max(measure_growth_ratio(size, target) or 1, 1)


class Output(Op):
    """An output of the model, named as its head; a mask that it still has reaches loss and metrics."""

    passes_on = True
    is_output = True

    keeps_integers = True
    keeps_values = True
    naming = ("head",)

    head: str
    carries_mask: bool = True
    trained: bool = True

    def __init__(self, head: str, carries_mask: bool = True, trained: bool = True) -> None:
        super().__init__(head=head, carries_mask=carries_mask, trained=trained)  # type: ignore[call-arg]

    @classmethod
    def title(cls) -> str:
        return "head"

    def list_parts(self, inputs: int) -> tuple[str, ...]:
        return ("_mask",)

    def infer_dtype(self, at: Inference, *inputs: TensorType) -> str:
        masked_half = self.infer_mask(*inputs) is not None and inputs[0].dtype in HALF
        return "float32" if masked_half else inputs[0].dtype

    def infer_mask(self, *inputs: TensorType) -> Mask | None:
        """Of the inputs with an axis after the steps: a loss averages over the last axis before it reads the mask.

        None for a loss that fails where the output has a mask.
        """
        (x,) = inputs
        return x.mask if self.carries_mask and x.rank > 1 and x.dtype in FLOATS else None

    def lower(self, to: Lowering, *inputs: Expression) -> Expression:
        if not self.trained:
            return to.write_output_without_mask(inputs[0])
        return to.write_output(inputs[0])
