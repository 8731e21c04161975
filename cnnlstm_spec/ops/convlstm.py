"""Recurrent layers whose steps are images: ConvLSTM1D, ConvLSTM2D, ConvLSTM3D."""

from __future__ import annotations

from math import prod
from typing import Annotated, ClassVar

from ..ir.inference import Inference, Refusal
from ..ir.op import Weight, example
from ..ir.size import Size
from ..ir.tensor import Axis, TensorType
from ..language.catalog import KerasObject
from ..language.kinds import BOOLEAN, COUNT
from ..language.list_kinds import Each
from .conv import STRIDES_AND_DILATION, VALID_SAME
from .floats import refuse_integers
from .recurrent import Recurrent
from .shared import ACTIVATION, DATA_FORMAT, as_written, known
from .windows import count_positions, join, slide, split

SPATIAL = {1: ("rows",), 2: ("height", "width"), 3: ("depth", "height", "width")}


class ConvLSTM(Recurrent):
    """An LSTM whose products are convolutions; `n` is the number of spatial axes of a step."""

    n: ClassVar[int]
    cell = "conv_lstm_cell"

    filters: Annotated[int, COUNT]
    """Channels of the output."""
    kernel_size: tuple[int, ...]
    strides: tuple[int, ...]
    dilation_rate: tuple[int, ...]
    padding: Annotated[str, VALID_SAME] = "valid"
    """`same` pads with zeros so that strides alone change the size."""
    data_format: Annotated[str | None, DATA_FORMAT] = None
    """Where the channels of a step are; last by default."""
    recurrent_activation: Annotated[KerasObject | None, ACTIVATION] = as_written("sigmoid")
    """Activation of the gates."""
    unit_forget_bias: Annotated[bool, BOOLEAN] = True
    """Whether the bias of the forget gate starts at 1."""

    states = 2

    @property
    def width(self) -> int:
        return self.filters

    @property
    def channels_first(self) -> bool:
        """Whether the channels are the first axis of a step."""
        return self.data_format == "channels_first"

    def list_axes_read(self) -> tuple[str, ...]:
        spatial = SPATIAL[self.n]
        return ("steps", "channels", *spatial) if self.channels_first else ("steps", *spatial, "channels")

    def find_channels_axis(self, output: TensorType, *inputs: TensorType) -> int | None:
        return int(self.return_sequences) if self.channels_first else output.rank - 1

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        refuse_integers(self.title(), inputs[0])
        return super().infer(at, *inputs)

    def infer_step_axes(self, at: Inference, axes: tuple[Axis, ...]) -> tuple[Axis, ...]:
        layer = self.title()
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise Refusal(STRIDES_AND_DILATION, "dilation_rate", ("leave one of them at 1",), layer=layer)
        for axis in axes:
            known(layer, axis)
        spatial, channels = split(axes, self.channels_first)
        windows = zip(spatial, self.kernel_size, self.strides, self.dilation_rate, strict=True)
        moved = [slide(at, layer, axis, k, s, self.padding, d) for axis, k, s, d in windows]
        return join(moved, Axis(channels.name, self.filters), self.channels_first)

    def count_channels(self, x: TensorType) -> int:
        """The channels of a step of the input."""
        return known(self.title(), split(x.axes[1:], self.channels_first)[1])

    def list_cell_weights(self, x: TensorType) -> tuple[Weight, ...]:
        width = 4 * self.filters
        kernel = Weight("kernel", (*self.kernel_size, self.count_channels(x), width))
        recurrent = Weight("recurrent_kernel", (*self.kernel_size, self.filters, width))
        return (kernel, recurrent, Weight("bias", (width,))) if self.use_bias else (kernel, recurrent)

    def macs(self, output: TensorType, *inputs: TensorType) -> Size:
        x = inputs[0]
        step = output.axes[1:] if self.return_sequences else output.axes
        places = count_positions(split(step, self.channels_first)[0])
        both = prod(self.kernel_size) * (self.count_channels(x) + self.filters) * 4 * self.filters
        return x.axes[0].size * places * both


class ConvLSTM1D(ConvLSTM):
    """Over (steps, rows, channels)."""

    n = 1
    kernel_size: Annotated[tuple[int, ...], Each(COUNT, 1)]
    """Rows that the kernel covers."""
    strides: Annotated[tuple[int, ...], Each(COUNT, 1)] = (1,)
    """Rows between windows of the input."""
    dilation_rate: Annotated[tuple[int, ...], Each(COUNT, 1)] = (1,)
    """Rows between the taps of the input's kernel."""
    examples = (
        example((4, 7, 2), filters=3, kernel_size=3),
        example((None, 7, 2), filters=3, kernel_size=[2], padding="same", strides=2, return_sequences=True, use_bias=False),
        example((4, 7, 2), filters=3, kernel_size=2, dilation_rate=2, go_backwards=True),
    )


class ConvLSTM2D(ConvLSTM):
    """Over (steps, height, width, channels)."""

    n = 2
    kernel_size: Annotated[tuple[int, ...], Each(COUNT, 2)]
    """Height and width of the kernel."""
    strides: Annotated[tuple[int, ...], Each(COUNT, 2)] = (1, 1)
    """Positions between windows of the input."""
    dilation_rate: Annotated[tuple[int, ...], Each(COUNT, 2)] = (1, 1)
    """Positions between the taps of the input's kernel."""
    examples = (
        example((4, 7, 6, 2), filters=3, kernel_size=3),
        example((None, 7, 6, 2), filters=3, kernel_size=[2, 3], padding="same", strides=[2, 1], return_sequences=True),
        example((4, 7, 6, 2), filters=2, kernel_size=2, dilation_rate=[1, 2], unit_forget_bias=False),
    )


class ConvLSTM3D(ConvLSTM):
    """Over (steps, depth, height, width, channels)."""

    n = 3
    kernel_size: Annotated[tuple[int, ...], Each(COUNT, 3)]
    """Depth, height and width of the kernel."""
    strides: Annotated[tuple[int, ...], Each(COUNT, 3)] = (1, 1, 1)
    """Positions between windows of the input."""
    dilation_rate: Annotated[tuple[int, ...], Each(COUNT, 3)] = (1, 1, 1)
    """Positions between the taps of the input's kernel."""
    examples = (
        example((3, 4, 5, 6, 2), filters=2, kernel_size=3),
        example((None, 4, 5, 6, 2), filters=2, kernel_size=[1, 2, 3], padding="same", recurrent_dropout=0.1),
    )
