"""A class a layer, a file a family; here is the registry: every layer by name, and the file that holds it.

It imports `ir` and the rooms below. A name comes in and the class of an op goes out; its file is imported then.
`augment/` changes images, `backbones/` has the models of `keras.applications`, `fusions/` what joins several inputs.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..ir.op import Op

FAMILIES: dict[str, str] = {
    "activation": "ReLU LeakyReLU ELU PReLU Softmax",
    "adaptive_pool": "AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D AdaptiveMaxPooling1D "
    "AdaptiveMaxPooling2D AdaptiveMaxPooling3D",
    "attention": "Attention AdditiveAttention",
    "augment.color": "RandomBrightness RandomContrast RandomColorDegeneration RandomColorJitter RandomGrayscale RandomHue "
    "RandomInvert RandomPosterization RandomSaturation RandomSharpness RandomGaussianBlur Solarization "
    "AutoContrast ContrastLimitedAdaptiveHistogramEqualization",
    "augment.geometry": "RandomFlip RandomCrop RandomRotation RandomTranslation RandomZoom RandomShear RandomPerspective "
    "RandomElasticTransform RandomErasing",
    "augment.mix": "AugMix CutMix MixUp RandAugment",
    "class_token": "ClassToken",
    "conv": "Conv1D Conv2D Conv3D",
    "conv_transpose": "Conv1DTranspose Conv2DTranspose Conv3DTranspose",
    "convlstm": "ConvLSTM1D ConvLSTM2D ConvLSTM3D",
    "core": "Dense Activation Identity",
    "discretize": "CategoryEncoding Discretization Hashing HashedCrossing",
    "einsum": "EinsumDense",
    "embedding": "Embedding ReversibleEmbedding",
    "global_pool": "GlobalMaxPooling1D GlobalAveragePooling1D GlobalMaxPooling2D GlobalAveragePooling2D GlobalMaxPooling3D "
    "GlobalAveragePooling3D",
    "join": "Concatenate Dot",
    "lookup": "TextVectorization StringLookup IntegerLookup",
    "masking": "Masking",
    "merge": "Add Average Maximum Minimum Multiply Subtract",
    "multihead": "MultiHeadAttention GroupQueryAttention",
    "normalization": "BatchNormalization LayerNormalization GroupNormalization UnitNormalization RMSNormalization",
    "padding": "ZeroPadding1D ZeroPadding2D ZeroPadding3D Cropping1D Cropping2D Cropping3D UpSampling1D UpSampling2D "
    "UpSampling3D",
    "pool": "MaxPooling1D AveragePooling1D MaxPooling2D AveragePooling2D MaxPooling3D AveragePooling3D",
    "positional": "PositionEmbedding SinePositionEncoding",
    "recurrent": "LSTM GRU SimpleRNN",
    "regularization": "Dropout AlphaDropout GaussianDropout GaussianNoise SpatialDropout1D SpatialDropout2D "
    "SpatialDropout3D ActivityRegularization",
    "rescaling": "Rescaling Resizing CenterCrop Normalization",
    "separable": "SeparableConv1D SeparableConv2D DepthwiseConv1D DepthwiseConv2D",
    "shape": "Flatten Reshape Permute RepeatVector",
    "slicing": "Slice",
    "spectrogram": "STFTSpectrogram MelSpectrogram",
    "unary": "Op",
    "wrappers": "Bidirectional SpectralNormalization",
}
"""File to the layers in it."""

ALIASES: dict[str, str] = {
    "MaxPool1D": "MaxPooling1D",
    "MaxPool2D": "MaxPooling2D",
    "MaxPool3D": "MaxPooling3D",
    "AvgPool1D": "AveragePooling1D",
    "AvgPool2D": "AveragePooling2D",
    "AvgPool3D": "AveragePooling3D",
    "GlobalMaxPool1D": "GlobalMaxPooling1D",
    "GlobalMaxPool2D": "GlobalMaxPooling2D",
    "GlobalMaxPool3D": "GlobalMaxPooling3D",
    "GlobalAvgPool1D": "GlobalAveragePooling1D",
    "GlobalAvgPool2D": "GlobalAveragePooling2D",
    "GlobalAvgPool3D": "GlobalAveragePooling3D",
    "Convolution1D": "Conv1D",
    "Convolution2D": "Conv2D",
    "Convolution3D": "Conv3D",
    "SeparableConvolution1D": "SeparableConv1D",
    "SeparableConvolution2D": "SeparableConv2D",
    "Convolution1DTranspose": "Conv1DTranspose",
    "Convolution2DTranspose": "Conv2DTranspose",
    "Convolution3DTranspose": "Conv3DTranspose",
}
"""Keras's second names."""

_FILES = {name: file for file, names in FAMILIES.items() for name in names.split()}


@cache
def find_op(name: str) -> type[Op] | None:
    """The layer of that name, or None; imports its file."""
    name = ALIASES.get(name, name)
    file = _FILES.get(name)
    if file is not None:
        found: type[Op] = getattr(import_module(f"{__name__}.{file}"), name)
        return found
    from .backbones.arguments import BACKBONES

    if name in BACKBONES:
        from .backbones.op import make_backbone_op

        return make_backbone_op(name)
    return None


def list_known_layers() -> tuple[str, ...]:
    """Every name that a layer can have, backbones and second names too."""
    from .backbones.arguments import BACKBONES

    return (*_FILES, *ALIASES, *BACKBONES)


def is_known_layer(name: str) -> bool:
    """Whether Keras has a layer of that name that can stand in a spec."""
    return name in list_known_layers()


def list_ops() -> tuple[type[Op], ...]:
    """Every layer but the backbones; imports every family."""
    return tuple(op for name in _FILES if (op := find_op(name)) is not None)


def find_former(name: str) -> str | None:
    """What there is now in place of a layer that earlier versions of Keras had."""
    from ..text.synonyms import fold_word
    from .refused import FORMER

    return {fold_word(each): now for each, now in FORMER.items()}.get(fold_word(name))


def explain_refusal(name: str) -> tuple[str, str] | None:
    """Why a layer of Keras cannot stand in a spec, and what to use instead."""
    from .refused import REFUSED

    return REFUSED.get(name)
