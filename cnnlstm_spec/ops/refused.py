"""Layers of Keras that cannot stand in a spec: why, and what to use instead. Imports nothing of ours."""

from __future__ import annotations

_CODE = "it holds Python code"
_BASE = "it is a base class"
_CELL = "a cell is one step of a recurrent layer"

_WEIGHTS = "Keras 3 has none; `SpectralNormalization` bounds weights too, `kernel_constraint: UnitNorm` fixes their length"

_TRANSFORMER = "write it out: a `Residual` of `LayerNormalization` and `MultiHeadAttention`, then one of two `Dense`"

REFUSED: dict[str, tuple[str, str]] = {
    "Equalization": ("Keras cannot trace it into a model", "use `AutoContrast`, or equalize the images before the model"),
    "FlaxLayer": ("it runs on JAX", "write the layer in `layers_from:`"),
    "GRUCell": (_CELL, "use `GRU`"),
    "InputLayer": ("an input is written as `input:`", "give the branch `input: {kind: ..., shape: [...]}`"),
    "JaxLayer": ("it runs on JAX", "write the layer in `layers_from:`"),
    "LSTMCell": (_CELL, "use `LSTM`"),
    "Lambda": (_CODE, "use `Op: {name: ...}` for a function of `keras.ops`, or `layers_from:`"),
    "Layer": (_BASE, "`Identity` passes its input on"),
    "MaxNumBoundingBoxes": ("it reads bounding boxes, not a tensor", "bring the boxes to one number before the model"),
    "Pipeline": ("a list of layers is one already", "write its layers into the list, or make a block of them"),
    "RNN": ("its cell is a layer of its own", "use `LSTM`, `GRU` or `SimpleRNN`, one after another for stacked cells"),
    "SimpleRNNCell": (_CELL, "use `SimpleRNN`"),
    "StackedRNNCells": (_CELL, "use recurrent layers one after another, with `return_sequences: true`"),
    "TFSMLayer": ("it reads a SavedModel", "use a backbone, or write the layer in `layers_from:`"),
    "TorchModuleWrapper": ("it runs on PyTorch", "write the layer in `layers_from:`"),
    "Wrapper": (_BASE, "use `TimeDistributed` or `Bidirectional`"),
}
"""Name to why and what instead."""

FORMER: dict[str, str] = {
    "AtrousConvolution1D": "`Conv1D` has `dilation_rate`",
    "AtrousConvolution2D": "`Conv2D` has `dilation_rate`",
    "ConvLSTM": "Keras has `ConvLSTM1D`, `ConvLSTM2D` and `ConvLSTM3D`",
    "CuDNNGRU": "`GRU` uses cuDNN by itself where it can",
    "CuDNNLSTM": "`LSTM` uses cuDNN by itself where it can",
    "GlobalPool": "Keras has `GlobalAveragePooling1D` to `3D` and `GlobalMaxPooling1D` to `3D`",
    "GlobalPooling": "Keras has `GlobalAveragePooling1D` to `3D` and `GlobalMaxPooling1D` to `3D`",
    "Deconvolution2D": "it is now called `Conv2DTranspose`",
    "LocallyConnected1D": "Keras 3 has none; `Conv1D` shares its weights over all positions",
    "LocallyConnected2D": "Keras 3 has none; `Conv2D` shares its weights over all positions",
    "Input": "an input is written as `input: {kind: ..., shape: [...]}`, in its branch",
    "InstanceNorm": "write `GroupNormalization: {groups: -1}`",
    "InstanceNormalization": "write `GroupNormalization: {groups: -1}`",
    **{f"InstanceNorm{n}D": "write `GroupNormalization: {groups: -1}`" for n in (1, 2, 3)},
    "PixelShuffle": "write `Op: {function: depth_to_space, block_size: 2}`",
    **dict.fromkeys(("TransformerEncoderLayer", "TransformerEncoder", "TransformerBlock", "Transformer"), _TRANSFORMER),
    "Merge": "bring branches together in `fusion:`, or paths in `Parallel`",
    "ModuleList": "a list of layers is one already: write its layers into it",
    "Sequential": "a list of layers is one already: write its layers into it, or make a block of them",
    "SyncBatchNormalization": "write `BatchNormalization: {synchronized: true}`",
    "ThresholdedReLU": "write `ReLU: {threshold: 1.0}`",
    "Upsample": "Keras has `UpSampling1D`, `UpSampling2D` and `UpSampling3D`",
    "WeightNorm": _WEIGHTS,
    "WeightNormalization": _WEIGHTS,
    "TimeDistributedDense": "`Dense` works on the last axis of every step by itself",
}
"""Names that earlier versions of Keras had, to what there is now."""
