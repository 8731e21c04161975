"""Rules: each a function of a typed graph and its spec to findings, one file for a theme."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..diagnostic import Diagnostic
from ..graph import TypedGraph
from ..spec import ModelSpec
from .activations import check_activations
from .biases import check_biases
from .budget import check_budget
from .dtypes import check_dtypes
from .expect import check_expect
from .frozen import check_frozen
from .gradients import check_gradients
from .images import check_images
from .kernels import check_kernels
from .losses import check_losses
from .mask_readers import check_mask_readers
from .masks import check_masks
from .metrics import check_metrics
from .optimizers import check_optimizer
from .penalties import check_penalties
from .pixels import check_pixels
from .recurrent import check_recurrent
from .targets import check_targets
from .weights import check_weights

Rule = Callable[[TypedGraph, ModelSpec], Iterable[Diagnostic]]

RULES: tuple[Rule, ...] = (
    check_losses,
    check_metrics,
    check_activations,
    check_weights,
    check_dtypes,
    check_optimizer,
    check_gradients,
    check_frozen,
    check_penalties,
    check_images,
    check_pixels,
    check_masks,
    check_mask_readers,
    check_kernels,
    check_biases,
    check_recurrent,
    check_targets,
    check_expect,
    check_budget,
)
"""Every rule, in the order in which they run."""
