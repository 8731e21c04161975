"""Volumes: `.npy`, and `.nii`, `.nii.gz` by nibabel, scaled and turned to RAS+."""

from __future__ import annotations

from pathlib import Path

import numpy

from ..libraries import import_needed
from ..problems import Broken
from .npy import Array, open_npy

MOST = 1 << 30
"""Values."""


def is_nifti(path: Path) -> bool:
    """Whether a file is a volume of NIfTI by its name."""
    return path.name.lower().endswith((".nii", ".nii.gz"))


def read_volume(path: Path, expected: tuple[int | None, ...]) -> Array:
    """The volume (depth, height, width, channels); what the header announces is held against `expected` first."""
    if path.suffix.lower() == ".npy":
        return open_npy(path)
    if not is_nifti(path):
        raise Broken("not-a-kind", "a volume ends in `.npy`, `.nii` or `.nii.gz`")
    nibabel = import_needed("nibabel", "a volume")
    try:
        image = nibabel.Nifti1Image.from_filename(str(path))
        image = nibabel.as_closest_canonical(image)
    except Exception:
        raise Broken("not-readable", "it is no NIfTI file") from None
    shape = tuple(int(each) for each in image.shape)
    shape = (*shape, 1) if len(shape) == 3 else shape
    differs = len(shape) != len(expected) or any(
        want is not None and want != has for want, has in zip(expected, shape, strict=False)
    )
    if differs:
        raise Broken(
            "shape-differs", f"the volume is {list(shape)}; the branch takes {['?' if e is None else e for e in expected]}"
        )
    if int(numpy.prod(shape, dtype="int64")) > MOST:
        raise Broken("too-large", "the volume is larger than what is read")
    try:
        values = numpy.asarray(image.get_fdata(dtype=numpy.float32, caching="unchanged"))
    except Exception:
        raise Broken("not-readable", "the volume is cut off or damaged") from None
    return values.reshape(shape)
