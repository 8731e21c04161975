"""Augmentations of place and form: flips, crops, rotations, shifts, zooms and the like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from ...ir.expressions import make_expression
from ...ir.inference import Inference, Refusal
from ...ir.op import FramesAs, example
from ...ir.size import at_least, equal
from ...ir.tensor import Axis, TensorType
from ...language.kinds import NOT_A_CHOICE, NOT_ALLOWED, NUMBER, RATE, SIZE, Choice, Optional
from ...language.list_kinds import OneOrMore
from ..rescaling import VALUES
from ..shared import DATA_FORMAT, SEED
from ..windows import KERNEL_LARGER, join, split
from .factors import FILL_MODE, INTERPOLATION, VALUE_RANGE, Augmentation, Factor, SavedPair

if TYPE_CHECKING:
    from ...ir.lowering import Lowering
    from ...ir.program import Expression

FLIPS = Choice("horizontal", "vertical", "horizontal_and_vertical", code=NOT_A_CHOICE)


class Geometry(Augmentation):
    """What the augmentations of this family have in common."""

    keeps_pixels = True
    seed: Annotated[int | None, SEED] = None
    """Seed of the draws."""
    data_format: Annotated[str | None, DATA_FORMAT] = None
    """Where the channels are; last by default."""


class Transform(Geometry):
    """Augmentations that read values between pixels and beyond the edges."""

    fill_mode: Annotated[str, FILL_MODE] = "reflect"
    """What lies beyond the edges."""
    interpolation: Annotated[str, INTERPOLATION] = "bilinear"
    """How values between pixels are found."""
    fill_value: Annotated[float, NUMBER] = 0.0
    """Value beyond the edges with `constant`."""


class RandomFlip(Geometry):
    """Mirrors some images."""

    mode: Annotated[str, FLIPS] = "horizontal_and_vertical"
    """Which way."""
    examples = (example((4, 5, 3)), example((None, None, 1), mode="horizontal", seed=1))


class RandomCrop(Geometry):
    """A random part of an image in training; else, and of a small one, the largest middle part of that form, resized."""

    keeps_xla_off = True
    height: Annotated[int, SIZE]
    """Height of the output."""
    width: Annotated[int, SIZE]
    """Width of the output."""
    keeps_mask = False
    only_in_training = False
    examples = (example((9, 8, 3), height=4, width=6), example((None, None, 3), height=4, width=6, seed=1))

    def list_parts(self, inputs: int) -> tuple[str, ...]:
        return ("_resized", *super().list_parts(inputs))

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        """(height, width, channels) to (`height`, `width`, channels)."""
        x = super().infer(at, *inputs)
        (height, width), channels = split(x.axes, self.channels_first)
        cut = (Axis(height.name, self.height), Axis(width.name, self.width))
        return x.with_axes(*join(cut, channels, self.channels_first))

    def lower(self, to: Lowering, *inputs: Expression) -> Expression:
        """Keras 3.15's layer gives images as they came outside training; what it documents is what `Resizing` does then.

        In training the size is right already, and stays as it is.
        """
        written = self.list_keras_arguments()
        same: dict[str, Expression] = {
            name: make_expression(written[name]) for name in ("data_format", "dtype") if name in written
        }
        cropped = super().lower(to, *inputs)
        return to.write_layer(
            "keras.layers.Resizing", cropped, self.height, self.width, suffix="_resized", crop_to_aspect_ratio=True, **same
        )


class RandomRotation(Transform):
    """Turns images."""

    keeps_xla_off = True
    factor: Annotated[float | tuple[float, ...], Factor(-1, 1)]
    """Greatest turn as a share of a full one, or the bounds it is drawn from."""
    only_forward = ("bfloat16",)
    examples = (
        example((4, 5, 3), factor=0.2),
        example((None, 5, 1), factor=[-0.1, 0.3], fill_mode="constant", fill_value=1),
    )


class RandomTranslation(Transform):
    """Shifts images."""

    keeps_xla_off = True
    height_factor: Annotated[float | tuple[float, ...], Factor(-1, 1, strict=True)]
    """Greatest shift down as a share of the height, or its bounds."""
    width_factor: Annotated[float | tuple[float, ...], Factor(-1, 1, strict=True)]
    """Greatest shift right as a share of the width, or its bounds."""
    only_forward = ("bfloat16",)
    examples = (
        example((4, 5, 3), height_factor=0.2, width_factor=0.1),
        example((3, 4, 5), height_factor=[-0.1, 0.2], width_factor=0, data_format="channels_first", interpolation="nearest"),
    )


class RandomZoom(Transform):
    """Zooms in (below 0) and out (above 0)."""

    keeps_xla_off = True
    height_factor: Annotated[float | tuple[float, ...], Factor(-1, 1, strict=True, above=True)]
    """Greatest zoom of the height, or its bounds."""
    width_factor: Annotated[float | tuple[float, ...] | None, Optional(Factor(-1, 1, strict=True, above=True))] = None
    """As `height_factor`; null keeps the aspect ratio."""
    only_forward = ("bfloat16",)
    examples = (
        example((4, 5, 3), height_factor=0.2),
        example((None, 5, 1), height_factor=[-0.2, 0.1], width_factor=0.1),
    )


class RandomShear(Transform):
    """Shears images."""

    keeps_xla_off = True
    x_factor: Annotated[float | tuple[float, ...], SavedPair(0, 1)] = 0.0
    """Bounds of the shear across, to the one side or the other."""
    y_factor: Annotated[float | tuple[float, ...], SavedPair(0, 1)] = 0.0
    """Bounds of the shear down, or up where across is the other way too."""
    only_forward = ("bfloat16",)
    examples = (example((4, 5, 3), x_factor=[0.0, 0.2]), example((4, 5, 1), y_factor=[0.1, 0.2], fill_mode="wrap"))


class RandomPerspective(Geometry):
    """Looks at images from another place."""

    keeps_xla_off = True
    factor: Annotated[float | tuple[float, ...], Factor(0, 1)] = 1.0
    """Share of the images, or the bounds it is drawn from."""
    scale: Annotated[float, RATE] = 1.0
    """Strength of the distortion."""
    interpolation: Annotated[str, INTERPOLATION] = "bilinear"
    """How values between pixels are found."""
    fill_value: Annotated[float, NUMBER] = 0.0
    """Value beyond the edges."""
    only_forward = ("bfloat16",)
    examples = (example((4, 5, 3)), example((4, 5, 1), factor=0.5, scale=0.3, interpolation="nearest"))

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        x = super().infer(at, *inputs)
        for axis in split(x.axes, self.channels_first)[0]:
            facts: dict[str, Any] = {"layer": self.title(), "needed": 2, "axis": axis.name, "left": axis.size}
            at.require(at_least(axis.size, 2), Refusal(KERNEL_LARGER, None, (), **facts))
        return x


class RandomElasticTransform(Transform):
    """Bends images."""

    factor: Annotated[float | tuple[float, ...], Factor(0, 1)] = 1.0
    """Share of the images, or the bounds it is drawn from."""
    scale: Annotated[float | tuple[float, ...], Factor(0, 1)] = 1.0
    """Strength of the distortion, or its bounds."""
    value_range: Annotated[tuple[float, ...], VALUE_RANGE] = (0, 255)
    """Least and greatest value of the images."""
    refused_dtypes = ("float16",)
    frames = None
    examples = (
        example((4, 5, 3)),
        example((4, 5, 1), factor=0.5, scale=[0.1, 0.3], fill_mode="nearest"),
        example((4, 5, 3), factor=0),
    )

    def acts(self) -> bool:
        """Whether any image can be bent; Keras leaves all out else."""
        return all(max(each) if isinstance(each, tuple) else each for each in (self.factor, self.scale))

    def list_refused_dtypes(self) -> tuple[str, ...]:
        return super().list_refused_dtypes() if self.acts() else ()

    def without_xla(self, trained: bool) -> str | None:
        return "" if self.acts() else None


class RandomErasing(Geometry):
    """Fills a part of some images."""

    factor: Annotated[float | tuple[float, ...], Factor(0, 1)] = 1.0
    """Share of the images, or the bounds it is drawn from."""
    scale: Annotated[float | tuple[float, ...], Factor(0, 1)] = (0.02, 0.33)
    """Share of the area that is filled, or its bounds."""
    fill_value: Annotated[float | tuple[float, ...] | None, Optional(OneOrMore(NUMBER))] = None
    """What it is filled with, or one for each channel; noise by default."""
    value_range: Annotated[tuple[float, ...], VALUE_RANGE] = (0, 255)
    """Least and greatest value of the images."""
    refused_dtypes = ("float16",)
    examples = (example((4, 5, 3)), example((4, 5, 3), factor=0.5, scale=[0.1, 0.3], fill_value=[1, 2, 3]))

    def place_frames(self) -> FramesAs | None:
        """Noise is drawn for each channel, and of a list each channel has its own: one number is alike for all frames."""
        return "channels" if isinstance(self.fill_value, int | float) else None

    def clip_help(self) -> tuple[str, ...]:
        return ("with a number as `fill_value` it draws once for all frames", *super().clip_help())

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        x = super().infer(at, *inputs)
        channels = split(x.axes, self.channels_first)[1]
        if isinstance(self.fill_value, tuple):
            if self.channels_first:
                # Keras asks for as many as there are channels, and gives them to the columns.
                words = "one number where channels come first"
                raise Refusal(NOT_ALLOWED, "fill_value", (), key="fill_value", words=words, given=list(self.fill_value))
            facts: dict[str, Any] = {"argument": "fill_value", "count": len(self.fill_value), "axis": channels}
            at.require(equal(channels.size, len(self.fill_value)), Refusal(VALUES, "fill_value", (), **facts))
        return x
