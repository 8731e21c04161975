"""Biases that a batch norm straight after a convolution takes away again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ...ir.graph import TypedGraph, TypedNode, readers_of
from ...ops.conv import Convolution
from ...spec.model_spec import ModelSpec
from ...text.diagnostic import Code, Diagnostic, Label
from ...text.source import Span
from ..batch_norms import gives_channels, is_linear, is_read_alone, norms_channels, source_of
from .common import place_in

IDLE_BIAS = Code(
    "bias-before-batchnorm", "warning", "the bias of `{layer}` does nothing before a batch norm: {count:,} parameters"
)


class _Pair(NamedTuple):
    convolution: TypedNode
    norm: TypedNode
    bias: int


def check_biases(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """Each convolution as it is written, with the biases of all its copies."""
    found: dict[Span, list[_Pair]] = {}
    for pair in _pairs(typed):
        found.setdefault(pair.convolution.node.origin.place.span, []).append(pair)
    for pairs in found.values():
        yield _finding(pairs[0], sum(pair.bias for pair in pairs))


def _pairs(typed: TypedGraph) -> Iterator[_Pair]:
    """Each convolution with a bias whose mean a batch norm alone reads and subtracts.

    A frozen batch norm subtracts a mean that does not follow the bias, and a penalty on the output sees the bias.
    """
    readers = readers_of(typed)
    uses = Counter(node.node.layer for node in typed.nodes.values())
    for node in typed.nodes.values():
        norm = node.node.op
        if norm is None or not norm.is_batch_norm or not norm.trainable or node.type is None:
            continue
        source = source_of(typed, node)
        op = source.node.op
        if not isinstance(op, Convolution) or not gives_channels(op) or not op.use_bias or op.activity_regularizer is not None:
            continue
        alone = is_read_alone(typed, node, readers) and uses[source.node.layer] == 1
        if alone and is_linear(op) and norms_channels(node, op):
            yield _Pair(source, node, source.weights[-1].shape[0])


def _finding(pair: _Pair, count: int) -> Diagnostic:
    convolution, norm = pair.convolution.node, pair.norm.node
    assert convolution.op is not None and norm.op is not None
    place = place_in(convolution.op, "use_bias", convolution)
    own = "; `beta` is the bias that counts" if norm.op.value("center") else ""
    labels = (Label(norm.origin.place, "subtracts the mean, and the bias with it"), *convolution.origin.uses)
    facts: dict[str, object] = {"layer": convolution.op.title(), "count": count}
    return Diagnostic(IDLE_BIAS, place, facts, labels=labels, help=(f"write `use_bias: false`{own}",))
