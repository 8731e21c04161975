"""Augmentations of color and light: brightness, contrast, hue, saturation and the like."""

from __future__ import annotations

from typing import Annotated, ClassVar

from ...ir.inference import Inference, Refusal
from ...ir.meaning import Range
from ...ir.op import example
from ...ir.size import at_least, ceil_div
from ...ir.tensor import TensorType
from ...language.kinds import COUNT, NOT_A_CHOICE, NUMBER, RATE, Choice, Optional
from ...language.list_kinds import Each, ListOf
from ...text.diagnostic import Code
from ..shared import DATA_FORMAT, SEED, as_written
from ..windows import split
from .factors import VALUE_RANGE, Augmentation, Factor

TILES = Code(
    "tiles-do-not-fit",
    "error",
    "{tiles} tiles do not fit into {given} of {axis}",
    sort="keras",
    help="take fewer tiles, or larger images",
)
EVEN_KERNEL = Code(
    "blur-kernel-even",
    "error",
    "`kernel_size` of `RandomGaussianBlur` is odd; this is {given}",
    sort="keras",
    help="write an odd number, such as 3 or 5",
)


class Ranged(Augmentation):
    """Augmentations that know the range of the values."""

    value_range: Annotated[tuple[float, ...], VALUE_RANGE] = (0, 255)
    """Least and greatest value of the images."""
    sets_range: ClassVar[bool] = False
    """Whether it brings the values into that range, in training or not."""

    def infer_range(self, output: TensorType, *inputs: TensorType) -> Range | None:
        if not self.sets_range:
            return super().infer_range(output, *inputs)
        return Range(min(self.value_range), max(self.value_range), True, by=self.title())


class Seeded(Ranged):
    """Ranged augmentations with a seed and a data format."""

    seed: Annotated[int | None, SEED] = None
    """Seed of the draws."""
    data_format: Annotated[str | None, DATA_FORMAT] = None
    """Where the channels are; last by default."""


class RandomBrightness(Ranged):
    """Adds a random amount."""

    factor: Annotated[float | tuple[float, ...], Factor(-1, 1)]
    """Share of the range that is added, or the bounds it is drawn from."""
    seed: Annotated[int | None, SEED] = None
    """Seed of the draws."""
    examples = (
        example((4, 5, 3), factor=0.2),
        example((4, 5, 1), dtype="uint8", factor=[-0.1, 0.3], value_range=[0, 1], seed=1),
    )


class RandomContrast(Ranged):
    """Stretches around the mean at random."""

    factor: Annotated[float | tuple[float, ...], Factor(0, 1)]
    """Greatest change, or the bounds it is drawn from."""
    seed: Annotated[int | None, SEED] = None
    """Seed of the draws."""
    examples = (
        example((4, 5, 3), factor=0.2),
        example((None, 5, 1), dtype="uint8", factor=[0.1, 0.3], value_range=[0, 1]),
    )


class RandomColorDegeneration(Seeded):
    """Blends with a gray image at random."""

    factor: Annotated[float | tuple[float, ...], Factor(-1, 1)]
    """Share of gray, or the bounds it is drawn from."""
    channels = (3,)
    frames = "height"
    examples = (example((4, 5, 3), factor=0.2), example((3, 4, 5), factor=[0.1, 0.3], data_format="channels_first"))


class RandomColorJitter(Seeded):
    """Brightness, contrast, saturation and hue changed at random."""

    brightness_factor: Annotated[float | tuple[float, ...] | None, Optional(Factor(-1, 1))] = None
    """As in `RandomBrightness`."""
    contrast_factor: Annotated[float | tuple[float, ...] | None, Optional(Factor(0, 1))] = None
    """As in `RandomContrast`."""
    saturation_factor: Annotated[float | tuple[float, ...] | None, Optional(Factor(-1, 1))] = None
    """As in `RandomSaturation`."""
    hue_factor: Annotated[float | tuple[float, ...] | None, Optional(Factor(0, 1))] = None
    """As in `RandomHue`."""
    data_format: Annotated[str | None, Optional(Choice("channels_last", code=NOT_A_CHOICE, any_case=True))] = None
    """Channels come last: what Keras makes the layer of is not told that they come first."""
    frames = "height"
    examples = (
        example((4, 5, 1), brightness_factor=0.2, contrast_factor=0.1),
        example((4, 5, 3), saturation_factor=0.2, hue_factor=[0.1, 0.2], value_range=[0, 1]),
    )

    def turns_colors(self) -> bool:
        """Whether it goes by hue and saturation, which are those of three channels."""
        return self.saturation_factor is not None or self.hue_factor is not None

    def list_channels_taken(self) -> tuple[int, ...]:
        return (3,) if self.turns_colors() else ()

    def is_flat(self) -> bool:
        return self.turns_colors()


class RandomGrayscale(Augmentation):
    """Some images made gray."""

    factor: Annotated[float, RATE] = 0.5
    """Share of the images."""
    data_format: Annotated[str | None, DATA_FORMAT] = None
    """Where the channels are; last by default."""
    seed: Annotated[int | None, SEED] = None
    """Seed of the draws, which Keras forgets when it saves a model."""
    channels = (3, 1)
    frames = "height"
    examples = (example((4, 5, 3)), example((4, 5, 1), factor=0.2, seed=1))


class RandomHue(Seeded):
    """Hue turned at random."""

    factor: Annotated[float | tuple[float, ...], Factor(0, 1)]
    """Greatest turn, or the bounds it is drawn from."""
    channels = (3,)
    frames = "height"
    flat = True
    examples = (example((4, 5, 3), factor=0.2), example((None, 5, 3), factor=[0.1, 0.3], value_range=[0, 1]))


class RandomInvert(Seeded):
    """Some images inverted."""

    factor: Annotated[float | tuple[float, ...], Factor(0, 1)] = 1.0
    """Share of the images, or the bounds it is drawn from."""
    examples = (example((4, 5, 3)), example((4, 5, 2), factor=0.2, value_range=[0, 1]))


class RandomPosterization(Seeded):
    """Fewer bits for each value, at random."""

    factor: Annotated[int | tuple[int, ...], Factor(1, 8, integers=True)]
    """Bits that are kept, or the bounds they are drawn from."""
    flat = True
    examples = (example((4, 5, 3), factor=4), example((4, 5, 1), factor=[2, 6], value_range=[0, 1]))


class RandomSaturation(Seeded):
    """Saturation changed at random."""

    factor: Annotated[float | tuple[float, ...], Factor(-1, 1)]
    """Greatest change, or the bounds it is drawn from; 0.5 leaves it."""
    channels = (3,)
    frames = "height"
    flat = True
    examples = (example((4, 5, 3), factor=0.2), example((None, 5, 3), factor=[0.1, 0.3], value_range=[0, 1]))


class RandomSharpness(Seeded):
    """Blends with a smoothed image at random."""

    factor: Annotated[float | tuple[float, ...], Factor(0, 1)]
    """Greatest change, or the bounds it is drawn from."""
    examples = (example((4, 5, 3), factor=0.2), example((4, 5, 1), factor=[0.1, 0.3], value_range=[0, 1]))


class RandomGaussianBlur(Seeded):
    """Blurs some images."""

    factor: Annotated[float | tuple[float, ...], Factor(0, 1)] = 1.0
    """Share of the images, or the bounds it is drawn from."""
    kernel_size: Annotated[tuple[int, ...], Each(COUNT, 2)] = as_written(3)
    """Size of the kernel, odd."""
    sigma: Annotated[float | tuple[float, ...], Factor(0, 1)] = 1.0
    """Deviation of the kernel, or the bounds it is drawn from."""
    refused_dtypes = ("float16",)
    examples = (
        example((4, 5, 3)),
        example((4, 5, 1), factor=0.5, kernel_size=[3, 5], sigma=[0.1, 0.9], value_range=[0, 1]),
    )

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        if any(size % 2 == 0 for size in self.kernel_size):
            raise Refusal(EVEN_KERNEL, "kernel_size", (), given=list(self.kernel_size))
        return super().infer(at, *inputs)


class Solarization(Ranged):
    """Inverts values above a threshold."""

    addition_factor: Annotated[float | tuple[float, ...], Factor(0, 1, strict=True)] = 0.0
    """Share of the range that is added, or its bounds."""
    threshold_factor: Annotated[float | tuple[float, ...], Factor(0, 1, strict=True)] = 0.0
    """Threshold as a share of the range, or its bounds."""
    seed: Annotated[int | None, SEED] = None
    """Seed of the draws."""
    examples = (
        example((4, 5, 3)),
        example((4, 5, 1), addition_factor=0.2, threshold_factor=[0.1, 0.3], value_range=[0, 1]),
    )


class AutoContrast(Ranged):
    """Stretches each channel to the whole range."""

    draws_for_images = False
    only_in_training = False
    sets_range = True
    examples = (example((4, 5, 3)), example((None, 5, 1), dtype="uint8", value_range=[0, 1]))


class ContrastLimitedAdaptiveHistogramEqualization(Ranged):
    """Equalizes the histogram of tiles, with limited contrast."""

    draws_for_images = False
    only_in_training = False
    sets_range = True
    clip_limit: Annotated[float, NUMBER] = 4.0
    """Limit of the contrast."""
    tile_grid_size: Annotated[tuple[int, ...], ListOf(COUNT, 2)] = (8, 8)
    """Tiles down and across."""
    data_format: Annotated[str | None, DATA_FORMAT] = None
    """Where the channels are; last by default."""
    flat = True
    examples = (example((8, 8, 3)), example((8, 8, 1), dtype="uint8", tile_grid_size=[2, 2], clip_limit=2))

    def infer(self, at: Inference, *inputs: TensorType) -> TensorType:
        x = super().infer(at, *inputs)
        # Keras fills the last tiles with the image mirrored, of which there must be enough.
        for axis, tiles in zip(split(x.axes, self.channels_first)[0], self.tile_grid_size, strict=True):
            refusal = Refusal(TILES, "tile_grid_size", (), tiles=tiles, axis=axis.name, given=axis.size)
            at.require(at_least(axis.size * 2 - ceil_div(axis.size, tiles) * tiles, 0), refusal)
        return x
