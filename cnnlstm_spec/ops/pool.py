"""Poolings over windows: Max/AveragePooling1D/2D/3D."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from ..ir.inference import Inference
from ..ir.meaning import Range
from ..ir.op import FLOATS, Op, example
from ..ir.tensor import Axis, TensorType
from ..language.kinds import COUNT, Choice, Optional
from ..language.list_kinds import Each
from .floats import refuse_computing, refuse_integers, refuse_wide
from .shared import DATA_FORMAT, need_numbers
from .windows import join, name_window_axes, slide, split

if TYPE_CHECKING:
    pass

PADDING = Choice("valid", "same")


class SpatialPooling(Op):
    """What all poolings have in common; `n` is the number of spatial axes."""

    n: ClassVar[int]
    keeps_mask = False
    keeps_range = True
    data_format: Annotated[str | None, DATA_FORMAT] = None
    """Where the channels are; last by default."""

    def list_axes_read(self) -> tuple[str, ...]:
        return name_window_axes(self.n, self.data_format == "channels_first")

    def misreads_rank(self, rank: int, timed: bool) -> bool:
        # Keras's `TimeDistributed` has nothing checked that it calls.
        return timed

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """Each spatial axis to the number of windows along it; the channels stay."""
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

    def infer_range(self, output: TensorType, *inputs: TensorType) -> Range | None:
        values = super().infer_range(output, *inputs)
        return values.loosen() if values is not None and self.greatest else values

    def infer_pooled(self, at: Inference, spatial: tuple[Axis, ...]) -> list[Axis]:
        windows = zip(spatial, self.pool_size, self.strides or self.pool_size, strict=True)
        return [slide(at, self.title(), axis, k, s, self.padding, argument="pool_size") for axis, k, s in windows]


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
