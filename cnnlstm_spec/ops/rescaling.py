"""Rescaling, Resizing, CenterCrop and Normalization: what is done to images and features before a network."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from ..ir.inference import Inference, Refusal
from ..ir.meaning import ANY, Range, infer_scaled_pixels, merge_ranges
from ..ir.op import FramesAs, Op, example
from ..ir.size import Expr, at_least, equal
from ..ir.tensor import Axis, TensorType
from ..language.kinds import BOOLEAN, NUMBER, SIZE, Choice, Optional
from ..language.list_kinds import OneOrMore
from ..text.diagnostic import Code
from .axes import AXES, BATCH_AXIS, find_axis_number
from .floats import as_floats
from .shared import DATA_FORMAT, FRAME_PARTS, known
from .windows import KERNEL_LARGER, join, name_window_axes, split

if TYPE_CHECKING:
    from ..ir.lowering import Lowering
    from ..ir.program import Expression

VALUES = Code("values-do-not-fit", "error", "`{argument}` has {count} values; the input has {axis}", sort="keras")
CROP_AND_PAD = Code(
    "crop-and-pad", "error", "`Resizing` takes `crop_to_aspect_ratio` or `pad_to_aspect_ratio`, not both", sort="keras"
)
NEEDS_ADAPT = Code("normalization-without-values", "error", "`Normalization` needs `mean` and `variance`")
ONE_OF_TWO = Code(
    "mean-without-variance",
    "error",
    "`Normalization` needs `mean` and `variance` of the same shape",
    sort="keras",
    help="give both, or neither",
)
INTERPOLATION = Choice("bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5")
NOT_IN_XLA = ("bicubic", "area", "lanczos3", "lanczos5")
"""Ways to find values between pixels that XLA has no operation for."""
OVERSHOOTING = ("bicubic", "lanczos3", "lanczos5")
"""Those that give values beyond the pixels that they lie between."""
STATISTIC = Optional(OneOrMore(OneOrMore(NUMBER)))


class Rescaling(Op):
    """The input times `scale` plus `offset`, each a number or one for every position of the last axis."""

    scale: Annotated[float | tuple[float, ...], OneOrMore(NUMBER)]
    """Factor, or a list of one for each channel."""
    offset: Annotated[float | tuple[float, ...], OneOrMore(NUMBER)] = 0.0
    """What is added, or a list of one for each channel."""
    last_axis_only = True
    examples = (
        example((4, 4, 3), scale="1/255"),
        example((None, 3), scale=[1, 2, 3], offset=[0.5, 0, 1]),
        example((4,), dtype="uint8", scale=2, offset=-1),
    )

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """The shape of the input."""
        (x,) = inputs
        for name in ("scale", "offset"):
            values = getattr(self, name)
            if not isinstance(values, tuple) or len(values) == 1:
                continue
            facts: dict[str, Any] = {
                "argument": name,
                "count": len(values),
                "axis": x.axes[-1] if x.axes else "no axis",
            }
            refusal = Refusal(VALUES, name, ("give one value, or one for each of the last axis",), **facts)
            if not x.axes:
                raise refusal
            at.require(equal(x.axes[-1].size, len(values)), refusal)
        return x

    def infer_range(self, output: TensorType, *inputs: TensorType) -> Range | None:
        """The bounds scaled and moved; of pixels as they come, the scale tells what they were."""
        values = inputs[0].meaning.range
        scales, offsets = (each if isinstance(each, tuple) else (each,) for each in (self.scale, self.offset))
        if values is not None and values.pixels:
            values = infer_scaled_pixels(max(map(abs, scales)))
        if values is None:
            return None
        longest = max(len(scales), len(offsets))
        pairs = zip(scales * (longest // len(scales)), offsets * (longest // len(offsets)), strict=True)
        return merge_ranges(replace(values.map_values(partial(_scale_value, *pair)), by="Rescaling") for pair in pairs)

    def keeps_zeros(self) -> bool:
        return not any(self.offset if isinstance(self.offset, tuple) else (self.offset,))


def _scale_value(scale: float, offset: float, value: float) -> float:
    return value * scale + offset


class Sized(Op):
    """Resizing and CenterCrop: images of another height and width."""

    keeps_pixels = True
    height: Annotated[int, SIZE]
    """Height of the output."""
    width: Annotated[int, SIZE]
    """Width of the output."""
    keeps_mask = False
    keeps_range = True

    data_format: str | None = None

    def list_axes_read(self) -> tuple[str, ...]:
        return name_window_axes(2, self.data_format == "channels_first")

    def misreads_rank(self, rank: int, timed: bool) -> bool:
        # Keras takes it for one image, and its batch for the height.
        return rank == 2

    def place_frames(self) -> FramesAs | None:
        return "channels"

    def list_parts(self, inputs: int) -> tuple[str, ...]:
        return FRAME_PARTS

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """(height, width, channels) to (`height`, `width`, channels)."""
        (x,) = inputs
        first = self.data_format == "channels_first"
        (height, width), channels = split(x.axes, first)
        return x.with_axes(*join((Axis(height.name, self.height), Axis(width.name, self.width)), channels, first))

    def lower(self, to: Lowering, *inputs: Expression) -> Expression:
        return to.call(self, as_floats(to, inputs))


class Resizing(Sized):
    """Images resized; integers become floats, which are not rounded."""

    interpolation: Annotated[str, INTERPOLATION] = "bilinear"
    """How values between pixels are found."""
    crop_to_aspect_ratio: Annotated[bool, BOOLEAN] = False
    """Whether to crop rather than distort."""
    pad_to_aspect_ratio: Annotated[bool, BOOLEAN] = False
    """Whether to pad rather than distort."""
    fill_mode: Annotated[str, Choice("constant")] = "constant"
    """How padding is filled; Keras knows only `constant`."""
    fill_value: Annotated[float, NUMBER] = 0.0
    """What padding is filled with."""
    antialias: Annotated[bool, BOOLEAN] = False
    """Whether to smooth when the output is smaller."""
    data_format: Annotated[str | None, DATA_FORMAT] = None
    """Where the channels are; last by default."""
    examples = (
        example((9, 8, 3), height=4, width=6),
        example((None, None, 3), height=4, width=6, interpolation="nearest", pad_to_aspect_ratio=True, fill_value=1),
        example((9, 8, 3), dtype="uint8", height=4, width=6, crop_to_aspect_ratio=True, antialias=True),
        example((3, 9, 8), height=4, width=6, data_format="channels_first"),
    )

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        if self.crop_to_aspect_ratio and self.pad_to_aspect_ratio:
            raise Refusal(CROP_AND_PAD, "pad_to_aspect_ratio", ("remove one of them",))
        return super().infer(at, x)

    def infer_range(self, output: TensorType, *inputs: TensorType) -> Range | None:
        """Some interpolations go beyond the values that they lie between."""
        values = inputs[0].meaning.range
        if values is None or values.pixels or self.interpolation in OVERSHOOTING:
            return values if values is not None and values.pixels else None
        around = Range(self.fill_value, self.fill_value, True)
        return merge_ranges((values, around)) if self.pad_to_aspect_ratio else values.loosen()

    def without_xla(self, trained: bool) -> str | None:
        if self.interpolation in NOT_IN_XLA or (self.interpolation == "nearest" and trained):
            return "interpolation"
        return "antialias" if self.antialias and self.interpolation == "bilinear" else None

    def without_gradient(self, dtype: str) -> str | None:
        return "interpolation" if self.interpolation == "area" else None


class CenterCrop(Sized):
    """The middle of images; images that are too small are resized."""

    data_format: Annotated[str | None, DATA_FORMAT] = None
    """Where the channels are; last by default."""
    examples = (
        example((9, 8, 3), height=4, width=6),
        example((3, 3, 3), height=4, width=6),
        example((None, None, 3), height=4, width=6),
        example((3, 9, 8), dtype="uint8", height=4, width=6, data_format="channels_first"),
    )

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        (x,) = inputs
        if self.crops(x):
            for axis, least, argument in self.list_wanted(x):
                facts: dict[str, Any] = {"layer": self.title(), "needed": least, "axis": axis.name, "left": axis.size}
                at.require(at_least(axis.size, least), Refusal(KERNEL_LARGER, argument, (), **facts))
        return super().infer(at, x)

    def list_wanted(self, x: TensorType) -> list[tuple[Axis, int, str]]:
        """Height and width of the input, what is wanted of each, and the argument that says so."""
        spatial, _ = split(x.axes, self.data_format == "channels_first")
        return list(zip(spatial, (self.height, self.width), ("height", "width"), strict=True))

    def crops(self, x: TensorType) -> bool:
        """Whether Keras crops; it chooses when it builds, and takes a size it does not know yet to be enough."""
        return all(isinstance(axis.size, Expr) or axis.size >= least for axis, least, _ in self.list_wanted(x))

    def infer_dtype(self, at: Inference, *inputs: TensorType) -> str:
        return super().infer_dtype(at, *inputs) if self.crops(inputs[0]) else "float32"


def measure_shape(value: object) -> tuple[int, ...]:
    """The shape of nested tuples; of one element where they are ragged."""
    return (len(value), *measure_shape(value[0])) if isinstance(value, tuple) else ()


class Normalization(Op):
    """The input less `mean`, divided by the square root of `variance`; both are written, or measured of a spec's `data`."""

    axis: Annotated[int | tuple[int, ...] | None, Optional(AXES)] = -1
    """Axes that have values of their own; null for one value for all."""
    mean: Annotated[float | tuple[float | tuple[float, ...], ...] | None, STATISTIC] = None
    """Mean, one number or a list of one for each position of `axis`."""
    variance: Annotated[float | tuple[float | tuple[float, ...], ...] | None, STATISTIC] = None
    """Variance, of the same shape as `mean`."""
    invert: Annotated[bool, BOOLEAN] = False
    """Whether to go back: times the deviation, plus the mean."""
    examples = (
        example((4,), mean=0.5, variance=2),
        example((None, 4), mean=[1, 2, 3, 4], variance=[1, 1, 1, 2.5], invert=True),
        example((3, 4), axis=None, mean=0.5, variance=2),
        example((2, 3), axis=[1, 2], mean=[[1, 2, 3], [4, 5, 6]], variance=[[1, 2, 3], [4, 5, 6]]),
    )

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """The shape of the input."""
        (x,) = inputs
        if self.is_to_measure():
            if at.has_data:
                for axis in () if self.axis is None else (self.axis,) if isinstance(self.axis, int) else self.axis:
                    if find_axis_number(self.title(), axis, x) == 0:
                        raise Refusal(BATCH_AXIS, "axis", (), layer=self.title(), axis=0)
                    known(self.title(), x.axes[find_axis_number(self.title(), axis, x) - 1])
                return x
            help = (
                "write both, a number or a list; this spec has no section `data` to measure them of",
                "or use `BatchNormalization`",
            )
            raise Refusal(NEEDS_ADAPT, None, help)
        shape = measure_shape(self.mean)
        if self.mean is None or self.variance is None or shape != measure_shape(self.variance):
            raise Refusal(ONE_OF_TWO, "mean" if self.variance is None else "variance", ())
        axes = () if self.axis is None else (self.axis,) if isinstance(self.axis, int) else self.axis
        kept = sorted(find_axis_number(self.title(), axis, x) for axis in axes)
        if kept and kept[0] == 0:
            raise Refusal(BATCH_AXIS, "axis", (), layer=self.title(), axis=0)
        sizes = [known(self.title(), x.axes[number - 1]) for number in kept]
        text = " x ".join(str(size) for size in sizes) or "no axis"
        fits = (len(shape) <= len(sizes) and len(set(kept)) == len(kept)) or not shape
        for given, size in zip(reversed(shape), reversed(sizes), strict=False):
            fits = fits and given in (1, size)
        if not fits:
            count = " x ".join(str(size) for size in shape)
            raise Refusal(VALUES, "mean", (), argument="mean", count=count, axis=text)
        return x

    def reads_rank_beside(self, first: int, rank: int) -> bool:
        """Keras gives what it takes off the axes of the first, to which it widens an input of fewer."""
        return rank >= first

    def is_to_measure(self) -> bool:
        return self.mean is None and self.variance is None

    def infer_range(self, output: TensorType, *inputs: TensorType) -> Range | None:
        return ANY
