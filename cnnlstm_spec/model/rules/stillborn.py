"""Layers that begin with zeros and have no gradient for that, so that they stay as they begin."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ...ir.graph import Readers, TypedGraph, TypedNode, find_readers
from ...ir.op import Op
from ...language.activations import FLAT_AT_ZERO, KEEP_ZEROS
from ...language.catalog import KerasObject
from ...ops.stand_in import stand_for
from ...spec.compile_section import CompileSpec
from ...spec.model_spec import ModelSpec
from ...text.diagnostic import Code, Diagnostic, Label
from ...text.fix import Fix, Put
from .common import find_function, find_title, place_in

if TYPE_CHECKING:
    from ...ops.multihead import Projected
    from ...ops.recurrent import Recurrent
else:
    Projected = stand_for("multihead", "Projected")
    Recurrent = stand_for("recurrent", "Recurrent")

STAYS = Code("stays-at-zero", "warning", "`{layer}` begins with zeros and stays so: {why}")
KERNELS = ("kernel_initializer", "depthwise_initializer", "pointwise_initializer")
WAITS = "each of its kernels waits for another"


def check_zeros(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """Each trained layer whose kernels are zeros to begin with, and that nothing moves from there."""
    if not isinstance(spec.compile, CompileSpec):
        return
    begun = [node for node in typed.nodes.values() if _begins_with_zeros(node)]
    if not begun:
        return
    readers, uses = find_readers(typed), Counter(node.node.layer for node in typed.nodes.values())
    for node in begun:
        op = node.node.op
        why, behind = _find_reason(node, readers) if uses[node.node.layer] == 1 else (None, None)
        if op is None or why is None:
            continue
        written = [name for name in KERNELS if name in op.arguments]
        labels = () if behind is None else (Label(behind.node.origin.place, "has no gradient for it"),)
        usual = {name: str(op.arguments[name].default) for name in written}
        way = f"write {' and '.join(f'`{name}: {each}`' for name, each in usual.items())}"
        puts = tuple(Put(node.node.origin.place.span, name, each) for name, each in usual.items())
        facts: dict[str, object] = {"layer": find_title(op), "why": why}
        place = place_in(op, written[0], node.node)
        yield Diagnostic(STAYS, place, facts, "", (*labels, *node.node.origin.uses), (way,), (Fix(way, puts),))


def _begins_with_zeros(node: TypedNode) -> bool:
    """Whether a layer that is trained gives zeros, whatever comes in, before its activation."""
    op = node.node.op
    if op is None or not any(weight.trainable for weight in node.weights) or not node.owns_weights:
        return False
    kernels = [op.get_value(name) for name in KERNELS if name in op.arguments]
    if not kernels or not all(map(_is_zero, kernels)):
        return False
    has_bias = any(weight.name.rsplit("/", 1)[-1] == "bias" for weight in node.weights)
    return not has_bias or _is_zero(op.get_value("bias_initializer"))


def _is_zero(initializer: object) -> bool:
    if not isinstance(initializer, KerasObject):
        return False
    return initializer.name == "Zeros" or (initializer.name == "Constant" and initializer.get("value") == 0)


def _find_reason(node: TypedNode, readers: Readers) -> tuple[str | None, TypedNode | None]:
    """Why no gradient ever comes to a layer that gives zeros, with the layer behind it that is to blame; None where one does."""
    op = node.node.op
    assert op is not None
    if isinstance(op, Projected):
        return WAITS, None
    function = find_function(op) or "linear"
    if function in FLAT_AT_ZERO:
        return f"`{function}` has no gradient at 0", None
    if isinstance(op, Recurrent) or function not in KEEP_ZEROS:
        return None, None
    if sum(name in op.arguments for name in KERNELS) > 1:
        return WAITS, None
    while len(found := readers[node.node.id]) == 1:
        (node,) = found
        after = node.node.op
        if after is None:
            break
        function = find_function(after) or "linear"
        slopes = "negative_slope" in after.arguments and after.get_value("negative_slope")
        if not node.weights and function in FLAT_AT_ZERO and not slopes:
            return f"`{function}` has no gradient at 0", node
        if _begins_with_zeros(node) and not isinstance(after, Recurrent | Projected):
            return f"so does `{find_title(after)}` behind it", node
        if not _passes_zeros(after):
            break
    return None, None


def _passes_zeros(op: Op) -> bool:
    """Whether zeros come out where zeros come in, and a gradient of nothing is one of nothing."""
    return op.keeps_zeros() or op.passes_on or op.averages or op.is_batch_norm
