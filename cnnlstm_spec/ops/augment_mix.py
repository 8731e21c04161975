"""Augmentations that mix images or other augmentations: AugMix, CutMix, MixUp, RandAugment."""

from __future__ import annotations

from typing import Any

from ..argument import arg
from ..kinds import BOOLEAN, INTEGER, NUMBER
from ..op import example
from .common import DATA_FORMAT, SEED
from .factors import INTERPOLATION, VALUE_RANGE, Augmentation, Factor


class Mixing(Augmentation):
    """What the augmentations of this family have in common; what they draw is not alike for all frames of a clip."""

    frames = None
    seed: int | None = arg(SEED, None, doc="Seed of the draws.")
    data_format: str | None = arg(DATA_FORMAT, None, doc="Where the channels are; last by default.")


class AugMix(Mixing):
    """Blends several chains of augmentations."""

    keeps_xla_off = True
    value_range: Any = arg(VALUE_RANGE, (0, 255), doc="Least and greatest value of the images.")
    num_chains: int = arg(INTEGER, 3, doc="Chains that are blended.")
    chain_depth: int = arg(INTEGER, 3, doc="Augmentations in a chain.")
    factor: Any = arg(Factor(0, 1, strict=True), 0.3, doc="Strength of each, or its bounds.")
    alpha: float = arg(NUMBER, 1.0, doc="Parameter of the distribution of the blend.")
    all_ops: bool = arg(BOOLEAN, True, doc="Whether brightness, color, contrast and sharpness are used too.")
    interpolation: str = arg(INTERPOLATION, "bilinear", doc="How values between pixels are found.")
    refused_dtypes = ("bfloat16",)
    examples = (example((4, 5, 3)), example((4, 5, 2), num_chains=1, chain_depth=1, factor=[0.1, 0.2], all_ops=False))

    def channels_taken(self) -> tuple[int, ...]:
        return (3, 1) if self.all_ops else ()


class CutMix(Mixing):
    """Puts a part of one image of the batch into another; the labels stay."""

    factor: Any = arg(Factor(0, 1), 1.0, doc="Parameter of the share that is cut, or its bounds.")
    refused_dtypes = ("float16", "bfloat16")
    examples = (example((4, 5, 3)), example((4, 5, 1), factor=0.5, seed=1))

    def without_xla(self, trained: bool) -> str | None:
        return ""


class MixUp(Mixing):
    """Blends images of the batch; the labels stay."""

    alpha: float = arg(NUMBER, 0.2, doc="Parameter of the distribution of the blend.")
    examples = (example((4, 5, 3)), example((4, 5, 1), alpha=0.5, seed=1))

    def without_xla(self, trained: bool) -> str | None:
        return ""


class RandAugment(Mixing):
    """Several augmentations drawn at random."""

    keeps_xla_off = True
    value_range: Any = arg(VALUE_RANGE, (0, 255), doc="Least and greatest value of the images.")
    num_ops: int = arg(INTEGER, 2, doc="How many are drawn.")
    factor: Any = arg(Factor(0, 1, strict=True), 0.5, doc="Strength of each, or its bounds.")
    interpolation: str = arg(INTERPOLATION, "bilinear", doc="How values between pixels are found.")
    channels = (3, 1)
    refused_dtypes = ("bfloat16",)
    examples = (example((4, 5, 3)), example((4, 5, 1), num_ops=1, factor=[0.1, 0.2]))
