"""Kernels that are large because a whole image comes to them, flattened."""

from __future__ import annotations

from collections.abc import Iterable

from ..diagnostic import Code, Diagnostic, Label
from ..graph import TypedGraph, TypedNode
from ..op import Weight
from ..ops.shape import Flatten
from ..spec import ModelSpec
from ..tensor import TensorType
from .common import SHAPE_ONLY, title_of

LARGE = 64 * 2**20
"""Bytes from which on a kernel is said to be large; in training, gradient and optimizer take as much again, or more."""
BYTES = {"float16": 2, "bfloat16": 2, "float64": 8}
LARGE_KERNEL = Code("large-kernel", "warning", "the kernel of `{layer}` takes {megabytes:,} MB: it reads {features:,} features")


def check_kernels(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """Each layer whose input kernel is large, where a `Flatten` gives the features that it reads."""
    for node in typed.nodes.values():
        x = node.inputs[0] if node.inputs else None
        kernel = next((weight for weight in node.weights if weight.name.rsplit("/", 1)[-1] == "kernel"), None)
        if x is None or node.node.op is None or kernel is None or not node.owns_weights or len(kernel.shape) != 2:
            continue
        size = kernel.shape[0] * kernel.shape[1] * BYTES.get(node.node.op.dtype or typed.policy, 4)
        flat = _flatten(node, typed) if size > LARGE else None
        if flat is not None:
            yield _finding(node, flat, kernel, size)


def _flatten(node: TypedNode, typed: TypedGraph) -> TypedNode | None:
    """The `Flatten` of an image or volume that a node's first input comes from, past what only moves values."""
    while node.node.inputs:
        node = typed.nodes[node.node.inputs[0]]
        if node.node.op is None or node.type is None:
            return None
        if isinstance(node.node.op, Flatten):
            return node
        if title_of(node.node.op) not in SHAPE_ONLY:
            return None
    return None


def _finding(node: TypedNode, flat: TypedNode, kernel: Weight, size: int) -> Diagnostic:
    op, given = node.node.op, flat.inputs[0]
    assert op is not None and given is not None
    facts: dict[str, object] = {"layer": op.title(), "megabytes": (size + 500_000) // 10**6, "features": kernel.shape[0]}
    labels = (Label(flat.node.origin.place, f"makes {given} one axis here"), *node.node.origin.uses)
    return Diagnostic(LARGE_KERNEL, node.node.origin.place, facts, labels=labels, help=_help(given, kernel))


def _help(given: TensorType, kernel: Weight) -> tuple[str, ...]:
    channels = given.axes[-1].size
    if not 2 <= given.rank <= 4 or not isinstance(channels, int):
        return ("make fewer features of it before",)
    left = (channels * kernel.shape[1] * 4 + 500) // 1000
    return (f"`GlobalAveragePooling{given.rank - 1}D` in place of `Flatten` leaves {channels:,} features: {left:,} kB",)
