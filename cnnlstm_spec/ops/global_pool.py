"""Poolings over whole axes: GlobalMax/AveragePooling1D/2D/3D."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from ..ir.inference import Inference
from ..ir.meaning import Range
from ..ir.op import FLOATS, example
from ..ir.tensor import Axis, Mask, TensorType
from ..language.kinds import BOOLEAN
from .pool import SpatialPooling
from .windows import join, split

if TYPE_CHECKING:
    from ..ir.lowering import Lowering
    from ..ir.program import Expression


class GlobalPooling(SpatialPooling):
    """What the poolings over whole axes have in common."""

    keepdims: Annotated[bool, BOOLEAN] = False
    """Whether pooled axes stay, with size 1."""

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """(..., channels) to (features), or with `keepdims` to 1 for each spatial axis and the channels."""
        (x,) = inputs
        first = self.data_format == "channels_first"
        spatial, channels = split(x.axes, first)
        if not self.keepdims:
            return x.with_axes(Axis("features", channels.size))
        return x.with_axes(*join([Axis(axis.name, 1) for axis in spatial], channels, first))

    def find_channels_axis(self, output: TensorType, *inputs: TensorType) -> int | None:
        return super().find_channels_axis(output, *inputs) if output.rank == inputs[0].rank else 0


class GlobalMax(GlobalPooling):
    """GlobalMaxPooling1D/2D/3D."""

    passes_on = True
    keeps_integers = True

    def infer_range(self, output: TensorType, *inputs: TensorType) -> Range | None:
        values = inputs[0].meaning.range
        return values and values.loosen()


class GlobalAverage(GlobalPooling):
    """GlobalAveragePooling1D/2D/3D; the mean of integers is float32, whatever the policy."""

    averages = True

    def infer_dtype(self, at: Inference, *inputs: TensorType) -> str:
        return super().infer_dtype(at, *inputs) if inputs[0].dtype in FLOATS else "float32"

    def infer_range(self, output: TensorType, *inputs: TensorType) -> Range | None:
        """The mean of probabilities of the classes of each position is one of probabilities."""
        values, first = inputs[0].meaning.range, self.data_format == "channels_first"
        if values is None or values.sums is None:
            return values
        before, after = (0, 0) if first else (inputs[0].rank - 1, output.rank - 1)
        return replace(values, sums=(after,)) if values.sums == (before,) else values.loosen()


class GlobalMaxPooling1D(GlobalMax):
    """The greatest value over all steps; padded steps count."""

    n = 1
    examples = (example((9, 3)), example((None, 3), keepdims=True))


class GlobalAveragePooling1D(GlobalAverage):
    """The mean over all steps; of the real ones where there is a mask."""

    n = 1
    reads_mask = True
    examples = (example((9, 3)), example((None, 3), keepdims=True))

    def leaves_padding_out(self, x: TensorType) -> bool:
        """With the channels first it averages another axis than that of the mask."""
        return self.data_format != "channels_first"

    def infer_mask(self, *inputs: TensorType) -> Mask | None:
        return None

    def lower(self, to: Lowering, *inputs: Expression) -> Expression:
        """A sample without a real step is averaged whole: 0 / 0, as in Keras, would spoil every weight in training."""
        mask = to.find_mask(0)
        if mask is None or not self.leaves_padding_out(to.inputs[0]):
            return to.call(self, inputs, {})
        empty = to.call_ops("logical_not", to.call_ops("any", mask, axis=1, keepdims=True))
        return to.call(self, inputs, {"mask": to.call_ops("logical_or", mask, empty)})


class GlobalMaxPooling2D(GlobalMax):
    """The greatest value over height and width."""

    n = 2
    examples = (example((9, 8, 3)), example((None, None, 3), keepdims=True))


class GlobalAveragePooling2D(GlobalAverage):
    """The mean over height and width."""

    n = 2
    examples = (example((9, 8, 3)), example((None, None, 3), keepdims=True))


class GlobalMaxPooling3D(GlobalMax):
    """The greatest value over depth, height and width."""

    n = 3
    examples = (example((5, 9, 8, 3)), example((5, 9, 8, 3), keepdims=True))


class GlobalAveragePooling3D(GlobalAverage):
    """The mean over depth, height and width."""

    n = 3
    examples = (example((5, 9, 8, 3)), example((5, 9, 8, 3), keepdims=True))
