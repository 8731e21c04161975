"""Convolutions of each channel by itself: DepthwiseConv1D/2D, and SeparableConv1D/2D, which mix them afterwards."""

from __future__ import annotations

from math import prod
from typing import Annotated

from ..ir.op import Weight, example
from ..ir.size import Size
from ..ir.tensor import TensorType
from ..language.catalog import KerasObject
from ..language.kinds import COUNT
from ..language.list_kinds import Each
from .conv import Convolution
from .shared import CONSTRAINT, INITIALIZER, REGULARIZER, as_written


class Depthwise(Convolution):
    """DepthwiseConv1D/2D: each channel is convolved by itself."""

    depth_multiplier: Annotated[int, COUNT] = 1
    """Output channels for each channel of the input."""
    depthwise_initializer: Annotated[KerasObject, INITIALIZER] = as_written("glorot_uniform")
    """Initial values of the kernel."""
    depthwise_regularizer: Annotated[KerasObject | None, REGULARIZER] = None
    """Penalty on the kernel."""
    depthwise_constraint: Annotated[KerasObject | None, CONSTRAINT] = None
    """Constraint on the kernel."""

    def count_filters(self, channels: int) -> int:
        return channels * self.depth_multiplier

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        channels = self.count_channels(inputs[0])
        kernel = Weight("kernel", (*self.kernel_size, channels, self.depth_multiplier))
        return (kernel, *self.make_bias(channels * self.depth_multiplier))

    def macs(self, output: TensorType, *inputs: TensorType) -> Size:
        return self.count_output_positions(output) * prod(self.kernel_size) * self.count_filters(self.count_channels(inputs[0]))


class Separable(Depthwise):
    """SeparableConv1D/2D: depthwise, then pointwise."""

    filters: Annotated[int, COUNT]
    """Channels of the output."""
    pointwise_initializer: Annotated[KerasObject, INITIALIZER] = as_written("glorot_uniform")
    """Initial values of the pointwise kernel."""
    pointwise_regularizer: Annotated[KerasObject | None, REGULARIZER] = None
    """Penalty on the pointwise kernel."""
    pointwise_constraint: Annotated[KerasObject | None, CONSTRAINT] = None
    """Constraint on the pointwise kernel."""

    def count_filters(self, channels: int) -> int:
        return self.filters

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        channels = self.count_channels(inputs[0])
        depthwise = Weight("depthwise_kernel", (*self.kernel_size, channels, self.depth_multiplier))
        ones = (1,) * self.n
        pointwise = Weight("pointwise_kernel", (*ones, channels * self.depth_multiplier, self.filters))
        return (depthwise, pointwise, *self.make_bias(self.filters))

    def macs(self, output: TensorType, *inputs: TensorType) -> Size:
        middle = self.count_channels(inputs[0]) * self.depth_multiplier
        return self.count_output_positions(output) * (prod(self.kernel_size) * middle + middle * self.filters)


class SeparableConv1D(Separable):
    """Depthwise then pointwise convolution over steps."""

    n = 1
    kernel_size: Annotated[tuple[int, ...], Each(COUNT, 1)]
    """Steps that the kernel covers."""
    strides: Annotated[tuple[int, ...], Each(COUNT, 1)] = (1,)
    """Steps between windows."""
    dilation_rate: Annotated[tuple[int, ...], Each(COUNT, 1)] = (1,)
    """Steps between the taps of the kernel."""
    examples = (
        example((20, 3), filters=4, kernel_size=3),
        example((20, 3), filters=4, kernel_size=3, padding="same", depth_multiplier=2),
    )


class SeparableConv2D(Separable):
    """Depthwise then pointwise convolution over height and width."""

    n = 2
    kernel_size: Annotated[tuple[int, ...], Each(COUNT, 2)]
    """Height and width of the kernel."""
    strides: Annotated[tuple[int, ...], Each(COUNT, 2)] = (1, 1)
    """Positions between windows."""
    dilation_rate: Annotated[tuple[int, ...], Each(COUNT, 2)] = (1, 1)
    """Positions between the taps of the kernel."""
    examples = (
        example((9, 8, 3), filters=4, kernel_size=3),
        example((9, 8, 3), filters=4, kernel_size=[3, 3], strides=2, padding="same", depth_multiplier=2, use_bias=False),
    )


class DepthwiseConv1D(Depthwise):
    """Convolution of each channel over steps."""

    n = 1
    kernel_size: Annotated[tuple[int, ...], Each(COUNT, 1)]
    """Steps that the kernel covers."""
    strides: Annotated[tuple[int, ...], Each(COUNT, 1)] = (1,)
    """Steps between windows."""
    dilation_rate: Annotated[tuple[int, ...], Each(COUNT, 1)] = (1,)
    """Steps between the taps of the kernel."""
    examples = (example((20, 3), kernel_size=3), example((20, 3), kernel_size=3, depth_multiplier=2, padding="same"))


class DepthwiseConv2D(Depthwise):
    """Convolution of each channel over height and width."""

    n = 2
    kernel_size: Annotated[tuple[int, ...], Each(COUNT, 2)]
    """Height and width of the kernel."""
    strides: Annotated[tuple[int, ...], Each(COUNT, 2)] = (1, 1)
    """Positions between windows."""
    dilation_rate: Annotated[tuple[int, ...], Each(COUNT, 2)] = (1, 1)
    """Positions between the taps of the kernel."""
    examples = (
        example((9, 8, 3), kernel_size=3),
        example((9, 8, 3), kernel_size=[3, 3], strides=[1, 2], padding="same", depth_multiplier=2, activation="relu"),
        example((9, 8, 3), kernel_size=2, strides=2, dilation_rate=2),
    )
