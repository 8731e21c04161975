"""Augmentations that mix images or other augmentations: AugMix, CutMix, MixUp, RandAugment."""

from __future__ import annotations

from typing import Annotated

from ...ir.op import example
from ...language.kinds import BOOLEAN, NUMBER, SIZE
from ..shared import DATA_FORMAT, SEED
from .factors import INTERPOLATION, VALUE_RANGE, Augmentation, Factor


class Mixing(Augmentation):
    """What the augmentations of this family have in common; what they draw is not alike for all frames of a clip."""

    frames = None
    seed: Annotated[int | None, SEED] = None
    """Seed of the draws."""
    data_format: Annotated[str | None, DATA_FORMAT] = None
    """Where the channels are; last by default."""


class AugMix(Mixing):
    """Blends several chains of augmentations."""

    keeps_xla_off = True
    value_range: Annotated[tuple[float, ...], VALUE_RANGE] = (0, 255)
    """Least and greatest value of the images."""
    num_chains: Annotated[int, SIZE] = 3
    """Chains that are blended."""
    chain_depth: Annotated[int, SIZE] = 3
    """Augmentations in a chain."""
    factor: Annotated[float | tuple[float, ...], Factor(0, 1, strict=True)] = 0.3
    """Strength of each, or its bounds."""
    alpha: Annotated[float, NUMBER] = 1.0
    """Parameter of the distribution of the blend."""
    all_ops: Annotated[bool, BOOLEAN] = True
    """Whether brightness, color, contrast and sharpness are used too."""
    interpolation: Annotated[str, INTERPOLATION] = "bilinear"
    """How values between pixels are found."""
    only_forward = ("bfloat16",)
    examples = (example((4, 5, 3)), example((4, 5, 2), num_chains=1, chain_depth=1, factor=[0.1, 0.2], all_ops=False))

    def list_channels_taken(self) -> tuple[int, ...]:
        return (3, 1) if self.all_ops else ()


class CutMix(Mixing):
    """Puts a part of one image of the batch into another; the labels stay."""

    factor: Annotated[float | tuple[float, ...], Factor(0, 1)] = 1.0
    """Parameter of the share that is cut, or its bounds."""
    refused_dtypes = ("float16", "bfloat16")
    examples = (example((4, 5, 3)), example((4, 5, 1), factor=0.5, seed=1))

    def without_xla(self, trained: bool) -> str | None:
        return ""


class MixUp(Mixing):
    """Blends images of the batch; the labels stay."""

    alpha: Annotated[float, NUMBER] = 0.2
    """Parameter of the distribution of the blend."""
    examples = (example((4, 5, 3)), example((4, 5, 1), alpha=0.5, seed=1))

    def without_xla(self, trained: bool) -> str | None:
        return ""


class RandAugment(Mixing):
    """Several augmentations drawn at random."""

    keeps_xla_off = True
    value_range: Annotated[tuple[float, ...], VALUE_RANGE] = (0, 255)
    """Least and greatest value of the images."""
    num_ops: Annotated[int, SIZE] = 2
    """How many are drawn."""
    factor: Annotated[float | tuple[float, ...], Factor(0, 1, strict=True)] = 0.5
    """Strength of each, or its bounds."""
    interpolation: Annotated[str, INTERPOLATION] = "bilinear"
    """How values between pixels are found."""
    channels = (3, 1)
    only_forward = ("bfloat16",)
    examples = (example((4, 5, 3)), example((4, 5, 1), num_ops=1, factor=[0.1, 0.2]))
