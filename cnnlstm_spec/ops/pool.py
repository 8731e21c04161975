"""Poolings: Max/AveragePooling1D/2D/3D and GlobalMax/AveragePooling1D/2D/3D."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, ClassVar

from ..ir.inference import Inference
from ..ir.meaning import Range
from ..ir.op import FLOATS, Op, example
from ..ir.tensor import Axis, Mask, TensorType
from ..language.kinds import BOOLEAN, COUNT, Choice, Optional
from ..language.list_kinds import Each
from .floats import refuse_computing, refuse_integers, refuse_wide
from .shared import DATA_FORMAT, need_numbers
from .windows import join, slide, split, window_axes

if TYPE_CHECKING:
    from ..ir.lowering import Lowering
    from ..ir.program import Expression

PADDING = Choice("valid", "same")


class SpatialPooling(Op):
    """What all poolings have in common; `n` is the number of spatial axes."""

    n: ClassVar[int]
    keeps_mask = False
    keeps_range = True
    data_format: Annotated[str | None, DATA_FORMAT] = None
    """Where the channels are; last by default."""

    def axes_read(self) -> tuple[str, ...]:
        return window_axes(self.n, self.data_format == "channels_first")

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        if not self.keeps_integers:
            refuse_integers(self.title(), x)
        need_numbers(self.title(), x)
        refuse_wide(self.title(), x)
        first = self.data_format == "channels_first"
        spatial, channels = split(x.axes, first)
        return x.with_axes(*join(self.infer_pooled(at, spatial), channels, first))

    def infer_pooled(self, at: Inference, spatial: tuple[Axis, ...]) -> list[Axis]:
        """The spatial axes of the output."""
        raise NotImplementedError(type(self).__name__)


class Pooling(SpatialPooling):
    """What the poolings over windows have in common."""

    keeps_pixels = True
    pool_size: tuple[int, ...]
    strides: tuple[int, ...] | None
    padding: Annotated[str, PADDING] = "valid"
    """`same` pads so that strides alone change the size."""
    greatest: ClassVar[bool] = False
    """Whether it takes the greatest value, not the mean: of probabilities it leaves none."""

    def range_after(self, output: TensorType, *inputs: TensorType) -> Range | None:
        values = super().range_after(output, *inputs)
        return values.loosened() if values is not None and self.greatest else values

    def infer_pooled(self, at: Inference, spatial: tuple[Axis, ...]) -> list[Axis]:
        windows = zip(spatial, self.pool_size, self.strides or self.pool_size, strict=True)
        return [slide(at, self.title(), axis, k, s, self.padding, argument="pool_size") for axis, k, s in windows]


class GlobalPooling(SpatialPooling):
    """What the poolings over whole axes have in common."""

    keepdims: Annotated[bool, BOOLEAN] = False
    """Whether pooled axes stay, with size 1."""

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        first = self.data_format == "channels_first"
        spatial, channels = split(x.axes, first)
        if not self.keepdims:
            return x.with_axes(Axis("features", channels.size))
        return x.with_axes(*join([Axis(axis.name, 1) for axis in spatial], channels, first))

    def channels_after(self, output: TensorType, *inputs: TensorType) -> int | None:
        return inputs[0].meaning.channels if output.rank == inputs[0].rank else 0


class GlobalMax(GlobalPooling):
    """GlobalMaxPooling1D/2D/3D."""

    passes_on = True
    keeps_integers = True

    def range_after(self, output: TensorType, *inputs: TensorType) -> Range | None:
        values = inputs[0].meaning.range
        return values and values.loosened()


class GlobalAverage(GlobalPooling):
    """GlobalAveragePooling1D/2D/3D; the mean of integers is float32, whatever the policy."""

    averages = True

    def dtype_after(self, at: Inference, *inputs: TensorType) -> str:
        return super().dtype_after(at, *inputs) if inputs[0].dtype in FLOATS else "float32"

    def range_after(self, output: TensorType, *inputs: TensorType) -> Range | None:
        """The mean of probabilities of the classes of each position is one of probabilities."""
        values, first = inputs[0].meaning.range, self.data_format == "channels_first"
        if values is None or values.sums is None:
            return values
        before, after = (0, 0) if first else (inputs[0].rank - 1, output.rank - 1)
        return replace(values, sums=(after,)) if values.sums == (before,) else values.loosened()


class Windows1D(Pooling):
    """Pooling over steps."""

    n = 1
    strides: Annotated[tuple[int, ...] | None, Optional(Each(COUNT, 1))] = None
    """Steps between windows; `pool_size` by default."""


class MaxPooling1D(Windows1D):
    """The greatest value of each window of steps."""

    greatest = True
    keeps_integers = True
    pool_size: Annotated[tuple[int, ...], Each(COUNT, 1)] = (2,)
    """Steps in a window."""
    examples = (
        example((9, 3)),
        example((9, 3), pool_size=3, strides=2, padding="same"),
        example((None, 3), pool_size=[2]),
    )


class AveragePooling1D(Windows1D):
    """The mean of each window of steps."""

    pool_size: Annotated[tuple[int, ...], Each(COUNT, 1)]
    """Steps in a window."""
    examples = (example((9, 3), pool_size=2), example((9, 3), pool_size=3, strides=2, padding="same"))


class Windows2D(Pooling):
    """Pooling over height and width."""

    n = 2
    strides: Annotated[tuple[int, ...] | None, Optional(Each(COUNT, 2))] = None
    """Positions between windows; `pool_size` by default."""


class MaxPooling2D(Windows2D):
    """The greatest value of each window."""

    greatest = True
    keeps_integers = True
    pool_size: Annotated[tuple[int, ...], Each(COUNT, 2)] = (2, 2)
    """Height and width of a window."""
    examples = (example((9, 8, 3)), example((9, 8, 3), pool_size=[3, 2], strides=2, padding="same"))


class AveragePooling2D(Windows2D):
    """The mean of each window."""

    pool_size: Annotated[tuple[int, ...], Each(COUNT, 2)]
    """Height and width of a window."""
    examples = (example((9, 8, 3), pool_size=2), example((9, 8, 3), pool_size=[3, 2], strides=[1, 2], padding="same"))


class Windows3D(Pooling):
    """Pooling over depth, height and width."""

    n = 3
    strides: Annotated[tuple[int, ...] | None, Optional(Each(COUNT, 3))] = None
    """Positions between windows; `pool_size` by default."""


class MaxPooling3D(Windows3D):
    """The greatest value of each window."""

    greatest = True
    pool_size: Annotated[tuple[int, ...], Each(COUNT, 3)] = (2, 2, 2)
    """Depth, height and width of a window."""
    examples = (example((5, 9, 8, 3)), example((5, 9, 8, 3), pool_size=[1, 3, 2], strides=2, padding="same"))

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        if inputs[0].dtype in FLOATS:
            refuse_computing(self, at, "float64")
        return super().infer(at, *inputs)


class AveragePooling3D(Windows3D):
    """The mean of each window."""

    pool_size: Annotated[tuple[int, ...], Each(COUNT, 3)]
    """Depth, height and width of a window."""
    examples = (example((5, 9, 8, 3), pool_size=2), example((5, 9, 8, 3), pool_size=[1, 3, 2], padding="same"))


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

    def mask_after(self, *inputs: TensorType) -> Mask | None:
        return None

    def lower(self, to: Lowering, *inputs: Expression) -> Expression:
        """A sample without a real step is averaged whole: 0 / 0, as in Keras, would spoil every weight in training."""
        mask = to.mask(0)
        if mask is None or not self.leaves_padding_out(to.inputs[0]):
            return to.call(self, inputs, {})
        empty = to.ops("logical_not", to.ops("any", mask, axis=1, keepdims=True))
        return to.call(self, inputs, {"mask": to.ops("logical_or", mask, empty)})


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
