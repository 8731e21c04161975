"""Rules: each a function of a typed graph and its spec to findings, one file for a theme."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..diagnostic import Diagnostic
from ..graph import TypedGraph
from ..spec import ModelSpec
from .activations import check_activations
from .budget import check_budget
from .dtypes import check_dtypes
from .expect import check_expect
from .images import check_images
from .losses import check_losses
from .mask_readers import check_mask_readers
from .masks import check_masks
from .metrics import check_metrics
from .targets import check_targets
from .weights import check_weights

Rule = Callable[[TypedGraph, ModelSpec], Iterable[Diagnostic]]

RULES: tuple[Rule, ...] = (
    check_losses,
    check_metrics,
    check_activations,
    check_weights,
    check_dtypes,
    check_images,
    check_masks,
    check_mask_readers,
    check_targets,
    check_expect,
    check_budget,
)
"""Every rule, in the order in which they run."""
