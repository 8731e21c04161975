"""Images: PNG, JPEG, GIF, BMP, WebP, TIFF, by Pillow; grey, RGB or RGBA by the branch's channels, turned by EXIF."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy

from ....spec.data.inputs import ImageSource
from ..libraries import import_needed
from ..places import open_named
from ..problems import Broken
from .npy import Array

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".gif": "GIF",
    ".bmp": "BMP",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
}
MOST = 256 * 10**6
"""Pixels."""
MODES = {1: "L", 3: "RGB", 4: "RGBA"}
TURN_AFTER = "images are read with the channels last; `Permute: {dims: [3, 1, 2]}` in the branch puts them first"
WIDE = 16
"""The width from which on an image of as many rows as there are colours has its channels first."""
ORIENTATION = 0x0112
TURNED = (5, 6, 7, 8)
"""Orientations of EXIF in which height and width change places."""


def is_image(path: Path) -> bool:
    """Whether a file is an image by its name."""
    return path.suffix.lower() in FORMATS


@contextmanager
def open_image(path: Path) -> Iterator[Image]:
    """The image, its pixels not yet read; raises Broken."""
    image = import_needed("PIL.Image", "an image")
    ending = path.suffix.lower()
    if ending not in FORMATS:
        raise Broken("not-a-kind", f"an image ends in {', '.join(f'`{each}`' for each in FORMATS)}")
    # From a stream: of a path Pillow maps plain TIFF into memory, and turns it wrongly.
    with open_named(path) as stream:
        # What the header announces is held against our own limit, before anything is unpacked.
        image.__dict__["MAX_IMAGE_PIXELS"] = None
        try:
            opened = image.open(stream, formats=[FORMATS[ending]])
        except Exception:
            raise Broken("not-readable", f"it is no {FORMATS[ending]} image") from None
        if opened.width * opened.height > MOST:
            raise Broken("too-large", "the image has more than 256 megapixels")
        yield opened


def check_image(path: Path, height: int | None, width: int | None) -> None:
    """Raises Broken for a file whose header says that its image is of another size."""
    with open_image(path) as opened:
        need_size(opened, height, width)


def need_size(opened: Image, height: int | None, width: int | None) -> None:
    """Raises Broken where an image that is not yet unpacked does not fit as EXIF turns it."""
    stored = (opened.height, opened.width)
    fitting = [has for has in (stored, stored[::-1]) if (height or has[0], width or has[1]) == has]
    # Of a PNG Pillow says what EXIF has once it is unpacked: what fits neither way is not.
    has = _measure_size(opened) if fitting and stored[0] != stored[1] else stored
    if has not in fitting:
        way = TURN_AFTER if height in MODES and (width or 0) >= WIDE else "give it `resize`"
        raise Broken("shape-differs", f"the image is {has[0]}x{has[1]}; the branch takes {height}x{width}: {way}")


def _measure_size(opened: Image) -> tuple[int, int]:
    """Height and width, as EXIF turns them."""
    try:
        # Pillow turns TIFF by itself; of a PNG it unpacks the picture for what EXIF has.
        turned = opened.format != "TIFF" and opened.getexif().get(ORIENTATION) in TURNED
    except Exception:
        raise Broken("not-readable", "the image is cut off or damaged") from None
    return (opened.width, opened.height) if turned else (opened.height, opened.width)


def read_image(path: Path, source: ImageSource, height: int | None, width: int | None, channels: int | None) -> Array:
    """The image (height, width, channels) with values as stored, brought to a size where `source` says how."""
    with open_image(path) as opened:
        if source.resize is None:
            need_size(opened, height, width)
        return convert(opened, source, height, width, channels)


def convert(image: Image, source: ImageSource, height: int | None, width: int | None, channels: int | None) -> Array:
    """An image of Pillow's as an array (height, width, channels)."""
    try:
        image.seek(0) if getattr(image, "n_frames", 1) > 1 else None
        # TIFF is turned while it is loaded, and then says no more of it.
        image.load()
        if image.getexif().get(ORIENTATION, 1) != 1:
            image = import_needed("PIL.ImageOps", "an image").exif_transpose(image)
        image = _with_channels(image, channels or len(image.getbands()))
        if source.resize is not None and height is not None and width is not None:
            image = _resize(image, source, height, width)
    except Broken:
        raise
    except Exception:
        raise Broken("not-readable", "the image is cut off or damaged") from None
    values = numpy.asarray(image)
    return values[..., None] if values.ndim == 2 else values


def _with_channels(image: Image, channels: int) -> Image:
    """In the mode of so many channels; alpha is laid on black unless there are four."""
    if channels not in MODES:
        raise Broken("shape-differs", f"an image has 1, 3 or 4 channels; the branch takes {channels}: {TURN_AFTER}")
    mode = MODES[channels]
    if channels == 1 and image.mode in ("I;16", "I;16B", "I;16L", "I", "F"):
        return image
    if channels != 4 and (image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info):
        pillow = import_needed("PIL.Image", "an image")
        clear = image.convert("RGBA")
        black = pillow.new("RGBA", clear.size, (0, 0, 0, 255))
        image = pillow.alpha_composite(black, clear)
    if image.mode.startswith("I;16") or image.mode == "I":
        pillow = import_needed("PIL.Image", "an image")
        image = pillow.fromarray((numpy.asarray(image) // 256).astype("uint8"))
    return image if image.mode == mode else image.convert(mode)


def _resize(image: Image, source: ImageSource, height: int, width: int) -> Image:
    pillow = import_needed("PIL.Image", "an image")
    filters = {
        "nearest": pillow.Resampling.NEAREST,
        "bilinear": pillow.Resampling.BILINEAR,
        "bicubic": pillow.Resampling.BICUBIC,
        "lanczos": pillow.Resampling.LANCZOS,
    }
    assert source.resize is not None
    chosen = filters[source.resize]
    if image.mode.startswith("I;16"):
        image = image.convert("I")
    if source.crop_to_aspect_ratio:
        ops = import_needed("PIL.ImageOps", "an image")
        image = ops.fit(image, (width, height), chosen)
    elif source.pad_to_aspect_ratio:
        ops = import_needed("PIL.ImageOps", "an image")
        image = ops.pad(image, (width, height), chosen, color=0)
    return image if image.size == (width, height) else image.resize((width, height), chosen)
