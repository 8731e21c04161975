"""Rules, one file for a theme: of the whole graph and its spec, of one head, or of one node by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ...ir.graph import TypedGraph, TypedNode
from ...spec.model_spec import ModelSpec
from ...text.diagnostic import Diagnostic
from .activations import check_activation, check_softmax
from .biases import check_biases
from .budget import check_budget
from .channels import check_channels, check_image_channels
from .clips import check_clips
from .common import HeadUse, Setting
from .domains import check_domains, check_largest
from .dtypes import check_cast, check_dtypes
from .expect import check_expect
from .frozen import check_frozen
from .gradients import check_gradients, check_missing_gradients
from .half import check_half
from .images import check_images
from .indices import check_indices
from .kernels import check_kernels
from .lengths import check_lengths
from .losses import check_loss
from .mask_readers import check_mask_readers
from .maskings import check_maskings
from .masks import check_mask, check_unread_masks
from .metrics import check_metrics
from .optimizers import check_optimizer
from .penalties import check_padded_penalty, check_penalties
from .pixels import check_pixels, check_value_range
from .probabilities import check_axis_of_classes, check_last_probabilities, check_softmax_axis
from .recurrent import check_recurrent
from .runs import check_runs
from .steps import check_loops, check_order
from .targets import check_targets
from .weight_arguments import check_weight_arguments
from .weights import check_weights
from .xla import check_xla

Rule = Callable[[TypedGraph, ModelSpec], Iterable[Diagnostic]]
HeadRule = Callable[[HeadUse], Iterable[Diagnostic]]
NodeRule = Callable[[TypedNode, Setting], Iterable[Diagnostic]]

RULES: tuple[Rule, ...] = (
    check_optimizer,
    check_gradients,
    check_missing_gradients,
    check_xla,
    check_penalties,
    check_half,
    check_images,
    check_image_channels,
    check_pixels,
    check_order,
    check_domains,
    check_largest,
    check_last_probabilities,
    check_maskings,
    check_unread_masks,
    check_lengths,
    check_kernels,
    check_biases,
    check_targets,
    check_expect,
    check_budget,
    check_runs,
)
"""Every rule of the whole graph, in the order in which they run."""

RULES_BEYOND_MISTAKES: tuple[Rule, ...] = (check_targets,)
"""Those of them that hold of what follows a mistake, since they judge each head by what it gives alone."""

HEAD_RULES: tuple[HeadRule, ...] = (check_loss, check_metrics, check_activation, check_axis_of_classes, check_mask_readers)
"""Every rule of a head of known type, in a spec that is compiled."""

NODE_RULES: tuple[NodeRule, ...] = (
    check_softmax,
    check_weights,
    check_dtypes,
    check_clips,
    check_cast,
    check_weight_arguments,
    check_frozen,
    check_mask,
    check_padded_penalty,
    check_recurrent,
    check_loops,
    check_channels,
    check_softmax_axis,
    check_value_range,
    check_indices,
)
"""Every rule of a node whose type is known."""
