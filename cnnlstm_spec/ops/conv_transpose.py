"""Transposed convolutions: Conv1DTranspose, Conv2DTranspose, Conv3DTranspose."""

from __future__ import annotations

from math import prod
from typing import Annotated

from ..ir.inference import Inference, Refusal
from ..ir.op import Weight, example
from ..ir.size import Size
from ..ir.tensor import Axis, TensorType
from ..language.catalog import KerasObject
from ..language.kinds import COUNT, NATURAL, Optional
from ..language.list_kinds import Each
from ..text.diagnostic import Code
from .conv import STRIDES_AND_DILATION, Convolution
from .floats import refuse_integers
from .shared import CONSTRAINT, INITIALIZER, REGULARIZER, as_written, known
from .windows import count_positions, join, split

OUTPUT_PADDING = Code(
    "output-padding-too-large", "error", "`output_padding` is below `strides` {stride}; this is {given}", sort="keras"
)
EVEN_KERNEL = Code(
    "output-padding-even-kernel",
    "error",
    "`output_padding: 0` and `same` need an odd kernel; this covers {reach}",
    sort="keras",
)


class Transposed(Convolution):
    """What the transposed convolutions have in common."""

    filters: Annotated[int, COUNT]
    """Channels of the output."""
    output_padding: tuple[int, ...] | None
    kernel_initializer: Annotated[KerasObject, INITIALIZER] = as_written("glorot_uniform")
    """Initial values of the kernel."""
    kernel_regularizer: Annotated[KerasObject | None, REGULARIZER] = None
    """Penalty on the kernel."""
    kernel_constraint: Annotated[KerasObject | None, CONSTRAINT] = None
    """Constraint on the kernel."""

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """Each spatial axis to what `grow` says, with `same` to size * stride; channels to `filters`."""
        (x,) = inputs
        spatial, channels = split(x.axes, self.channels_first)
        known(self.title(), channels)
        refuse_integers(self.title(), x)
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise Refusal(STRIDES_AND_DILATION, "dilation_rate", ("leave one of them at 1",), layer=self.title())
        grown = [Axis(axis.name, self.grow(index, axis.size)) for index, axis in enumerate(spatial)]
        return x.with_axes(*join(grown, Axis(channels.name, self.filters), self.channels_first))

    def grow(self, index: int, size: Size) -> Size:
        """The size of a spatial axis of the output."""
        stride = self.strides[index]
        reach = (self.kernel_size[index] - 1) * self.dilation_rate[index] + 1
        if self.output_padding is None:
            return size * stride if self.padding == "same" else (size - 1) * stride + max(reach, stride)
        extra = self.output_padding[index]
        if extra >= stride:
            help = ("leave it out for the usual size",)
            raise Refusal(OUTPUT_PADDING, "output_padding", help, stride=stride, given=extra)
        if self.padding == "valid":
            return (size - 1) * stride + reach + extra
        if reach % 2 == 0 and extra == 0:
            raise Refusal(EVEN_KERNEL, "output_padding", ("leave it out for the usual size",), reach=reach)
        return (size - 1) * stride + reach % 2 + extra

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        shape = (*self.kernel_size, self.filters, self.count_channels(inputs[0]))
        return (Weight("kernel", shape), *self.make_bias(self.filters))

    def macs(self, output: TensorType, *inputs: TensorType) -> Size:
        (x,) = inputs
        each = prod(self.kernel_size) * self.count_channels(x) * self.filters
        return count_positions(split(x.axes, self.channels_first)[0]) * each


class Conv1DTranspose(Transposed):
    """Transposed convolution over steps."""

    n = 1
    kernel_size: Annotated[tuple[int, ...], Each(COUNT, 1)]
    """Steps that the kernel covers."""
    strides: Annotated[tuple[int, ...], Each(COUNT, 1)] = (1,)
    """Factor by which the steps grow."""
    dilation_rate: Annotated[tuple[int, ...], Each(COUNT, 1)] = (1,)
    """Steps between the taps of the kernel."""
    output_padding: Annotated[tuple[int, ...] | None, Optional(Each(NATURAL, 1))] = None
    """Steps added at the end; below `strides`."""
    examples = (
        example((6, 3), filters=4, kernel_size=3, strides=2),
        example((None, 3), filters=4, kernel_size=2, strides=3, padding="same", use_bias=False),
        example((6, 3), filters=4, kernel_size=3, strides=3, padding="same", output_padding=1),
    )


class Conv2DTranspose(Transposed):
    """Transposed convolution over height and width."""

    n = 2
    kernel_size: Annotated[tuple[int, ...], Each(COUNT, 2)]
    """Height and width of the kernel."""
    strides: Annotated[tuple[int, ...], Each(COUNT, 2)] = (1, 1)
    """Factors by which height and width grow."""
    dilation_rate: Annotated[tuple[int, ...], Each(COUNT, 2)] = (1, 1)
    """Positions between the taps of the kernel."""
    output_padding: Annotated[tuple[int, ...] | None, Optional(Each(NATURAL, 2))] = None
    """Added at the end; below `strides`."""
    examples = (
        example((6, 5, 3), filters=4, kernel_size=3, strides=2),
        example((None, 5, 3), filters=4, kernel_size=[2, 3], strides=[3, 1], padding="same", activation="relu"),
        example((6, 5, 3), filters=4, kernel_size=3, strides=3, output_padding=[1, 2]),
        example((3, 6, 5), filters=4, kernel_size=3, dilation_rate=2, data_format="channels_first"),
    )


class Conv3DTranspose(Transposed):
    """Transposed convolution over depth, height and width."""

    n = 3
    kernel_size: Annotated[tuple[int, ...], Each(COUNT, 3)]
    """Depth, height and width of the kernel."""
    strides: Annotated[tuple[int, ...], Each(COUNT, 3)] = (1, 1, 1)
    """Factors by which depth, height and width grow."""
    dilation_rate: Annotated[tuple[int, ...], Each(COUNT, 3)] = (1, 1, 1)
    """Positions between the taps of the kernel."""
    output_padding: Annotated[tuple[int, ...] | None, Optional(Each(NATURAL, 3))] = None
    """Added at the end; below `strides`."""
    examples = (
        example((3, 4, 5, 2), filters=3, kernel_size=3, strides=2),
        example((3, 4, 5, 2), filters=3, kernel_size=[1, 2, 3], strides=2, padding="same", use_bias=False),
    )
