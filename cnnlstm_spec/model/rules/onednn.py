"""Sums that end the process: TensorFlow makes one of a convolution, its bias and a sum with what is padded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ...ir.graph import Readers, TypedGraph, TypedNode, find_readers
from ...ir.op import Op
from ...ops.stand_in import stand_for
from ...spec.model_spec import ModelSpec
from ...text.diagnostic import Code, Diagnostic, Label
from ...text.fix import Fix, put
from ..batch_norms import is_linear
from ..noops import is_noop
from .common import find_compile_spec, find_title

if TYPE_CHECKING:
    from ...ops.conv import Conv2D
    from ...ops.fusions.elementwise import AddStrategy, AverageStrategy
    from ...ops.merge import Add, Average
    from ...ops.padding import ZeroPadding2D
    from ...ops.separable import SeparableConv2D
else:
    Conv2D = stand_for("conv", "Conv2D")
    AddStrategy = stand_for("fusions.elementwise", "AddStrategy")
    AverageStrategy = stand_for("fusions.elementwise", "AverageStrategy")
    Add = stand_for("merge", "Add")
    Average = stand_for("merge", "Average")
    ZeroPadding2D = stand_for("padding", "ZeroPadding2D")
    SeparableConv2D = stand_for("separable", "SeparableConv2D")

ENDS = Code("padding-ends-process", "warning", "`predict` ends by a fault of oneDNN: `{layer}` plus a padded image")


def check_onednn(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """Each convolution with a bias that is added to what `ZeroPadding2D` gives, where XLA does not compile it."""
    section = find_compile_spec(spec)
    if section is not None and (section.plain.get("jit_compile") is True or section.plain.get("run_eagerly")):
        return
    if not any(isinstance(node.node.op, ZeroPadding2D) for node in typed.nodes.values()):
        return
    readers = find_readers(typed)
    for node in typed.nodes.values():
        for convolution, padding in _iterate_terms(typed, node, readers):
            op = convolution.node.op
            assert op is not None
            labels = (Label(padding.node.origin.place, "the padded image"), *convolution.node.origin.uses)
            help, fixes = _find_way_out(convolution, op)
            yield Diagnostic(ENDS, convolution.node.origin.place, {"layer": find_title(op)}, "", labels, help, fixes)


def _iterate_terms(typed: TypedGraph, node: TypedNode, readers: Readers) -> Iterator[tuple[TypedNode, TypedNode]]:
    """The convolution and the padding of a sum, or mean, of such two."""
    op, y = node.node.op, node.type
    if not isinstance(op, Add | Average | AddStrategy | AverageStrategy) or y is None or y.dtype == "float64":
        return
    if len(node.inputs) != 2 or any(x is None or x.sizes != y.sizes for x in node.inputs):
        return
    first, second = node.node.inputs
    for id, other in ((first, second), (second, first)):
        padding = typed.nodes[_find_source(typed, other)]
        source = _find_source(typed, id, readers)
        if _pads(padding) and _is_fused(typed, typed.nodes[source], padding) and len(readers[source]) == 1:
            yield typed.nodes[source], padding


def _find_source(typed: TypedGraph, id: str, alone: Readers | None = None) -> str:
    """The node that a value comes from, past what does nothing outside of training; `alone`, past what nothing else reads."""
    while alone is None or len(alone[id]) == 1:
        node = typed.nodes[id]
        if node.node.op is None or not (node.node.op.only_in_training or is_noop(node)):
            break
        id = node.node.inputs[0]
    return id


def _pads(node: TypedNode) -> bool:
    op = node.node.op
    return isinstance(op, ZeroPadding2D) and op.data_format != "channels_first" and any(map(any, op.padding))


def _is_fused(typed: TypedGraph, node: TypedNode, padding: TypedNode) -> bool:
    """Whether a node ends with a convolution of unpadded windows and a bias, but not one that pads by a layer of its own."""
    op = node.node.op
    if (
        not isinstance(op, Conv2D | SeparableConv2D)
        or not (op.use_bias and is_linear(op) and op.filters > 1)
        or op.channels_first
    ):
        return False
    before = typed.nodes[_find_source(typed, node.node.inputs[0])]
    if isinstance(op, SeparableConv2D):
        return before is not padding
    own = _pads(before) and before is not padding
    return op.padding == "valid" and max(op.dilation_rate) == 1 and op.groups == 1 and not own


def _find_way_out(node: TypedNode, op: Op) -> tuple[tuple[str, ...], tuple[Fix, ...]]:
    """For windows of one pixel another word for the same; else without the bias."""
    environment = "or set `TF_ENABLE_ONEDNN_OPTS=0` in the environment"
    if isinstance(op, Conv2D) and set(op.kernel_size) == {1} == set(op.strides):
        same = f"write `padding: same`, which is the same for one pixel, {environment}"
        return (same,), (put(node.node.origin.place.span, "padding", "same"),)
    return (f"write `use_bias: false`, {environment}",), (put(node.node.origin.place.span, "use_bias", "false"),)
