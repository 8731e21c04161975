"""Keras's `preprocess_input` for each backbone, by stock layers: its own functions are no part of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...ir.lowering import Lowering
    from ...ir.program import Expression

PIXELS = {
    "caffe": "BGR pixels less the mean of each channel",
    "tf": "pixels of -1 to 1",
    "torch": "pixels less their mean, divided by their deviation",
    "identity": "pixels of 0 to 255, which it scales inside",
}
"""What pretrained weights expect, by what Keras's `preprocess_input` does."""
PART = "_preprocessed"
"""What the name of its layer adds to that of the backbone."""
OF_COLOURS = ("caffe", "torch")
"""What treats each of three channels by itself."""
MEANS, DEVIATIONS = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of the channels of ImageNet's pixels, from 0 to 1."""
BGR_MEANS = (103.939, 116.779, 123.68)
"""Of its pixels from 0 to 255, blue first."""


def preprocess(to: Lowering, image: Expression, mode: str | None) -> Expression:
    """What `preprocess_input` makes of pixels of 0 to 255."""
    match mode:
        case "tf":
            return _rescale(to, image, 1 / 127.5, -1.0)
        case "torch":
            scales: list[Expression] = [1 / (255 * each) for each in DEVIATIONS]
            return _rescale(to, image, scales, [-mean / each for mean, each in zip(MEANS, DEVIATIONS, strict=True)])
        case "caffe":
            return _rescale(to, to.call_ops("flip", image, axis=-1), 1.0, [-each for each in BGR_MEANS])
    return image


def _rescale(to: Lowering, image: Expression, scale: Expression, offset: Expression) -> Expression:
    return to.write_layer("keras.layers.Rescaling", image, scale, suffix=PART, offset=offset)
