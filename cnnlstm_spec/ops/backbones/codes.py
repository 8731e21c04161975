"""What is said of inner layers of backbones, by what reads them too, without importing any backbone."""

from __future__ import annotations

from ...text.diagnostic import Code

UNKNOWN_INNER = Code("unknown-inner-layer", "error", "`{layer}` has no layer `{name}`")
CUT_OFF = Code(
    "inner-layer-cut-off",
    "error",
    "`{name}` is cut off: nothing reads it",
    help="what is read of a backbone is part of the model, with what lies before it; nothing else of it is",
)
TWO_WAYS = Code(
    "train-from-and-trainable",
    "error",
    "`train_from` and `trainable` both say what of `{layer}` is trained",
    help="leave `trainable` out: what stands before `train_from` is frozen",
)
NO_NORM = Code("no-batch-norm", "error", "`freeze_batch_norm` finds no batch norm in `{layer}`", help="leave it out")
COLOURS = Code(
    "preprocess-channels",
    "error",
    "`preprocess_input` of `{layer}` reads 3 channels; given {given}",
    help="read images in colour, or leave `preprocess_input` out",
)
