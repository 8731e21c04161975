"""Kernels that are large because a whole image comes to them, flattened."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from typing import TYPE_CHECKING

from ...ir.graph import TypedGraph, TypedNode, remember_by_node
from ...ir.op import Weight
from ...ir.tensor import TensorType
from ...ops.stand_in import stand_for
from ...spec.model_spec import ModelSpec
from ...text.diagnostic import Code, Diagnostic, Label

if TYPE_CHECKING:
    from ...ops.shape import Flatten, Reshape
else:
    Flatten = stand_for("shape", "Flatten")
    Reshape = stand_for("shape", "Reshape")

LARGE = 64 * 2**20
"""Bytes from which on a kernel is said to be large; in training, gradient and optimizer take as much again, or more."""
BYTES = {"float16": 2, "bfloat16": 2, "float64": 8}
LARGE_KERNEL = Code("large-kernel", "warning", "the {kernels} {megabytes:,} MB: it reads {features:,} features")


def check_kernels(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """Each layer whose input kernel is large, where a `Flatten` gives the features that it reads."""
    for node in typed.nodes.values():
        kernels = _list_kernels(node)
        if node.node.op is None or not kernels or not node.owns_weights:
            continue
        size = sum(prod(kernel.shape) for kernel in kernels) * BYTES.get(node.node.op.dtype or typed.policy, 4)
        flat = _flatten(node, typed) if size > LARGE else None
        if flat is not None:
            yield _report_finding(node, flat, kernels, size)


@remember_by_node
def _list_kernels(node: TypedNode) -> list[Weight]:
    """What a layer multiplies the features of its input by; in two directions there are two."""
    if not node.inputs or node.inputs[0] is None:
        return []
    return [each for each in node.weights if each.name.rsplit("/", 1)[-1] == "kernel" and len(each.shape) == 2]


def _flatten(node: TypedNode, typed: TypedGraph) -> TypedNode | None:
    """The `Flatten`, or `Reshape` to one axis, that a node's first input comes from, past what only moves values."""
    while node.node.inputs:
        node = typed.nodes[node.node.inputs[0]]
        if node.node.op is None or node.type is None:
            return None
        reshaped = isinstance(node.node.op, Reshape) and node.type.rank == 1 and node.inputs[0] and node.inputs[0].rank > 1
        if isinstance(node.node.op, Flatten) or reshaped:
            return node
        if not node.node.op.passes_on:
            return None
    return None


def _report_finding(node: TypedNode, flat: TypedNode, kernels: list[Weight], size: int) -> Diagnostic:
    op, given = node.node.op, flat.inputs[0]
    assert op is not None and given is not None
    named = f"kernels of `{op.title()}` take" if len(kernels) > 1 else f"kernel of `{op.title()}` takes"
    facts: dict[str, object] = {"kernels": named, "megabytes": (size + 500_000) // 10**6, "features": kernels[0].shape[0]}
    labels = (Label(flat.node.origin.place, f"makes {given} one axis here"), *node.node.origin.uses)
    return Diagnostic(LARGE_KERNEL, node.node.origin.place, facts, labels=labels, help=_suggest_kernels(flat, given, kernels))


def _suggest_kernels(flat: TypedNode, given: TensorType, kernels: list[Weight]) -> tuple[str, ...]:
    first = given.meaning.channels_first
    channels = given.axes[0 if first else -1].size
    if not 2 <= given.rank <= 4 or not isinstance(channels, int):
        return ("make fewer features of it before",)
    assert flat.node.op is not None
    left = (channels * sum(kernel.shape[1] for kernel in kernels) * 4 + 500) // 1000
    pooling = f"`GlobalAveragePooling{given.rank - 1}D{': {data_format: channels_first}' if first else ''}`"
    return (f"{pooling} in place of `{flat.node.op.title()}` leaves {channels:,} features: {left:,} kB",)
