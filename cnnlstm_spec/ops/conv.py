"""Convolutions of all channels at once: Conv1D/2D/3D."""

from __future__ import annotations

from math import prod
from typing import Annotated, ClassVar

from ..ir.inference import Inference, Refusal
from ..ir.op import Op, Weight, example
from ..ir.size import Size
from ..ir.tensor import Axis, TensorType
from ..language.catalog import KerasObject
from ..language.kinds import BOOLEAN, COUNT, Choice
from ..language.list_kinds import Each
from ..text.diagnostic import Code
from .floats import refuse_integers
from .shared import ACTIVATION, CONSTRAINT, DATA_FORMAT, GROUPS, INITIALIZER, REGULARIZER, as_written, known
from .windows import count_positions, join, name_window_axes, slide, split

STRIDES_AND_DILATION = Code(
    "strides-with-dilation", "error", "`{layer}` takes strides above 1 or dilation above 1, not both", sort="keras"
)
VALID_SAME = Choice("valid", "same", any_case=True)
CAUSAL = Choice("valid", "same", "causal", any_case=True)


class Convolution(Op):
    """What the convolutions have in common; `n` is the number of spatial axes."""

    n: ClassVar[int]
    keeps_mask = False
    gives_channels = True

    kernel_size: tuple[int, ...]
    strides: tuple[int, ...]
    dilation_rate: tuple[int, ...]
    padding: Annotated[str, VALID_SAME] = "valid"
    """`same` pads with zeros so that strides alone change the size."""
    data_format: Annotated[str | None, DATA_FORMAT] = None
    """Where the channels are; last by default."""
    activation: Annotated[KerasObject | None, ACTIVATION] = None
    """Activation of the output."""
    use_bias: Annotated[bool, BOOLEAN] = True
    """Whether a bias is added."""
    bias_initializer: Annotated[KerasObject, INITIALIZER] = as_written("zeros")
    """Initial values of the bias."""
    bias_regularizer: Annotated[KerasObject | None, REGULARIZER] = None
    """Penalty on the bias."""
    activity_regularizer: Annotated[KerasObject | None, REGULARIZER] = None
    """Penalty on the output."""
    bias_constraint: Annotated[KerasObject | None, CONSTRAINT] = None
    """Constraint on the bias."""

    @property
    def channels_first(self) -> bool:
        """Whether the channels are the first axis."""
        return self.data_format == "channels_first"

    def list_axes_read(self) -> tuple[str, ...]:
        return name_window_axes(self.n, self.channels_first)

    def count_filters(self, channels: int) -> int:
        """The channels of the output."""
        raise NotImplementedError

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """Each spatial axis to (size - dilation * (kernel - 1) - 1) // stride + 1, with `same` to size / stride rounded up.

        Channels to `filters`.
        """
        (x,) = inputs
        layer = self.title()
        spatial, channels = split(x.axes, self.channels_first)
        count = known(layer, channels)
        refuse_integers(layer, x)
        self.check_channels(count)
        windows = zip(spatial, self.kernel_size, self.strides, self.dilation_rate, strict=True)
        moved = [slide(at, layer, axis, k, s, self.padding, d) for axis, k, s, d in windows]
        return x.with_axes(*join(moved, Axis(channels.name, self.count_filters(count)), self.channels_first))

    def check_channels(self, channels: int) -> None:
        """Refuses what cannot be done with so many channels."""

    def count_channels(self, x: TensorType) -> int:
        """The channels of the input."""
        return known(self.title(), split(x.axes, self.channels_first)[1])

    def count_output_positions(self, output: TensorType) -> Size:
        """The spatial positions of the output."""
        return count_positions(split(output.axes, self.channels_first)[0])

    def make_bias(self, filters: int) -> tuple[Weight, ...]:
        """The bias, where there is one."""
        return (Weight("bias", (filters,)),) if self.use_bias else ()


class Grouped(Convolution):
    """Conv1D/2D/3D."""

    filters: Annotated[int, COUNT]
    """Channels of the output."""
    groups: Annotated[int, COUNT] = 1
    """Groups of channels that are convolved apart."""
    kernel_initializer: Annotated[KerasObject, INITIALIZER] = as_written("glorot_uniform")
    """Initial values of the kernel."""
    kernel_regularizer: Annotated[KerasObject | None, REGULARIZER] = None
    """Penalty on the kernel."""
    kernel_constraint: Annotated[KerasObject | None, CONSTRAINT] = None
    """Constraint on the kernel."""

    def count_filters(self, channels: int) -> int:
        return self.filters

    def decides_last_axis(self) -> bool:
        return self.padding != "valid" and max(self.strides) == self.groups == 1 and not self.channels_first

    def check_channels(self, channels: int) -> None:
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise Refusal(STRIDES_AND_DILATION, "dilation_rate", ("leave one of them at 1",), layer=self.title())
        for count, what in ((channels, "channels of the input"), (self.filters, "filters")):
            if count % self.groups:
                raise Refusal(GROUPS, "groups", (), groups=self.groups, count=count, what=what)

    def weights(self, *inputs: TensorType) -> tuple[Weight, ...]:
        shape = (*self.kernel_size, self.count_channels(inputs[0]) // self.groups, self.filters)
        return (Weight("kernel", shape), *self.make_bias(self.filters))

    def macs(self, output: TensorType, *inputs: TensorType) -> Size:
        kernel = prod(self.kernel_size) * (self.count_channels(inputs[0]) // self.groups) * self.filters
        return self.count_output_positions(output) * kernel


class Conv1D(Grouped):
    """Convolution over steps; `causal` looks only back."""

    n = 1
    kernel_size: Annotated[tuple[int, ...], Each(COUNT, 1)]
    """Steps that the kernel covers."""
    strides: Annotated[tuple[int, ...], Each(COUNT, 1)] = (1,)
    """Steps between windows."""
    dilation_rate: Annotated[tuple[int, ...], Each(COUNT, 1)] = (1,)
    """Steps between the taps of the kernel."""
    padding: Annotated[str, CAUSAL] = "valid"
    """`same` pads both sides with zeros, `causal` the left one alone."""
    examples = (
        example((20, 3), filters=4, kernel_size=3),
        example((20, 4), filters=6, kernel_size=[2], strides=2, padding="causal", groups=2, activation="relu"),
        example((None, 3), filters=2, kernel_size=3, padding="same", dilation_rate=2, use_bias=False),
    )


class Conv2D(Grouped):
    """Convolution over height and width."""

    n = 2
    kernel_size: Annotated[tuple[int, ...], Each(COUNT, 2)]
    """Height and width of the kernel."""
    strides: Annotated[tuple[int, ...], Each(COUNT, 2)] = (1, 1)
    """Positions between windows."""
    dilation_rate: Annotated[tuple[int, ...], Each(COUNT, 2)] = (1, 1)
    """Positions between the taps of the kernel."""
    examples = (
        example((9, 8, 3), filters=4, kernel_size=3),
        example(
            (9, 8, 4),
            filters=6,
            kernel_size=[3, 2],
            strides=2,
            padding="same",
            groups=2,
            kernel_initializer="he_normal",
        ),
        example((9, 8, 4), filters=6, kernel_size=[3, 2], strides=[1, 2], activation="relu", use_bias=False),
        example((12, 12, 1), filters=2, kernel_size=3, dilation_rate=[2, 3], kernel_regularizer="l2"),
        example((3, 9, 8), filters=2, kernel_size=3, data_format="channels_first"),
    )


class Conv3D(Grouped):
    """Convolution over depth, height and width."""

    n = 3
    kernel_size: Annotated[tuple[int, ...], Each(COUNT, 3)]
    """Depth, height and width of the kernel."""
    strides: Annotated[tuple[int, ...], Each(COUNT, 3)] = (1, 1, 1)
    """Positions between windows."""
    dilation_rate: Annotated[tuple[int, ...], Each(COUNT, 3)] = (1, 1, 1)
    """Positions between the taps of the kernel."""
    examples = (
        example((6, 7, 8, 2), filters=3, kernel_size=3),
        example((6, 7, 8, 2), filters=4, kernel_size=[1, 2, 3], strides=2, padding="same", activation="relu"),
    )
