"""Sums that end the process: TensorFlow makes one of a convolution, its bias and a sum with what is padded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ...ir.graph import TypedGraph, TypedNode
from ...ir.op import Op
from ...ops.stand_in import stand_for
from ...spec.model_spec import ModelSpec
from ...text.diagnostic import Code, Diagnostic, Label
from ...text.fix import Fix, put
from ..padded_sums import find_padded_sums, is_fused
from .common import find_compile_spec, find_title

if TYPE_CHECKING:
    from ...ops.conv import Conv2D
else:
    Conv2D = stand_for("conv", "Conv2D")

ENDS = Code("padding-ends-process", "warning", "`predict` ends by a fault of oneDNN: `{layer}` plus a padded image")


def check_onednn(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """Each convolution with a bias that is added to what `ZeroPadding2D` gives, where XLA does not compile it."""
    section = find_compile_spec(spec)
    if section is not None and (section.plain.get("jit_compile") is True or section.plain.get("run_eagerly")):
        return
    for convolution, padding in find_padded_sums(typed):
        op = convolution.node.op
        if op is None or not is_fused(typed, convolution, padding) or not op.get_value("use_bias"):
            continue
        labels = (Label(padding.node.origin.place, "the padded image"), *convolution.node.origin.uses)
        help, fixes = _find_way_out(convolution, op)
        yield Diagnostic(ENDS, convolution.node.origin.place, {"layer": find_title(op)}, "", labels, help, fixes)


def _find_way_out(node: TypedNode, op: Op) -> tuple[tuple[str, ...], tuple[Fix, ...]]:
    """For windows of one pixel another word for the same; else without the bias."""
    environment = "or set `TF_ENABLE_ONEDNN_OPTS=0` in the environment"
    if isinstance(op, Conv2D) and set(op.kernel_size) == {1} == set(op.strides):
        same = f"write `padding: same`, which is the same for one pixel, {environment}"
        return (same,), (put(node.node.origin.place.span, "padding", "same"),)
    return (f"write `use_bias: false`, {environment}",), (put(node.node.origin.place.span, "use_bias", "false"),)
