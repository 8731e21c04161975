"""Biases that a batch norm straight after a convolution takes away again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from ...ir.graph import TypedGraph, TypedNode, find_readers, remember_by_node
from ...ops.stand_in import stand_for
from ...spec.model_spec import ModelSpec
from ...text.diagnostic import Code, Diagnostic, Label
from ...text.fix import Fix, put
from ...text.source import Place, Span
from ..batch_norms import find_source, gives_channels, is_linear, is_read_alone, normalizes_channels
from .common import place_in

if TYPE_CHECKING:
    from ...ops.conv import Convolution
else:
    Convolution = stand_for("conv", "Convolution")


def _join(found: Sequence[Diagnostic]) -> Diagnostic:
    """All convolutions of a spec, with the count of all their biases."""
    first, *others = found
    if not others:
        return first
    count = sum(each.facts["count"] for each in found if isinstance(each.facts["count"], int))
    edits = tuple(edit for each in found for fix in each.fixes for edit in fix.edits)
    return replace(
        first,
        facts={"what": f"the biases of {len(found)} convolutions do", "count": count},
        labels=(*first.labels, *(Label(each.place, "and this one") for each in others)),
        fixes=(Fix(f"write `use_bias: false` for {len(edits)} layers", edits),),
    )


IDLE_BIAS = Code("bias-before-batchnorm", "warning", "{what} nothing before a batch norm: {count:,} parameters", join=_join)


class _Pair(NamedTuple):
    convolution: TypedNode
    norm: TypedNode
    bias: int


def check_biases(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """A finding for each convolution as it is written, with the biases of all its copies."""
    found: dict[Span, list[_Pair]] = {}
    for pair in _iterate_pairs(typed):
        found.setdefault(pair.convolution.node.origin.place.span, []).append(pair)
    for first, *copies in found.values():
        yield _report_finding(first, first.bias + sum(pair.bias for pair in copies))


def _iterate_pairs(typed: TypedGraph) -> Iterator[_Pair]:
    """Each convolution with a bias whose mean a batch norm alone reads and subtracts.

    A frozen batch norm subtracts a mean that does not follow the bias, and a penalty on the output sees the bias.
    """
    norms = [node for node in typed.nodes.values() if _is_trained_norm(node)]
    if not norms:
        return
    readers = find_readers(typed)
    uses = Counter(node.node.layer for node in typed.nodes.values())
    for node in norms:
        source = find_source(typed, node)
        op = source.node.op
        if not isinstance(op, Convolution) or not gives_channels(op) or not op.use_bias or op.activity_regularizer is not None:
            continue
        alone = is_read_alone(typed, node, readers) and uses[source.node.layer] == 1
        if alone and is_linear(op) and normalizes_channels(node, op):
            yield _Pair(source, node, source.weights[-1].shape[0])


@remember_by_node
def _is_trained_norm(node: TypedNode) -> bool:
    norm = node.node.op
    return norm is not None and norm.is_batch_norm and norm.trainable and node.type is not None


def _report_finding(pair: _Pair, count: int) -> Diagnostic:
    convolution, norm = pair.convolution.node, pair.norm.node
    assert convolution.op is not None and norm.op is not None
    own = "; `beta` is the bias that counts" if norm.op.get_value("center") else ""
    labels = (Label(norm.origin.place, "subtracts the mean, and the bias with it"), *convolution.origin.uses)
    facts: dict[str, object] = {"what": f"the bias of `{convolution.op.title()}` does", "count": count}
    help = (f"write `use_bias: false`{own}",)
    fixes = (put(convolution.origin.place.span, "use_bias", "false"),)
    return Diagnostic(IDLE_BIAS, _place(pair), facts, labels=labels, help=help, fixes=fixes)


def _place(pair: _Pair) -> Place:
    node = pair.convolution.node
    assert node.op is not None
    return place_in(node.op, "use_bias", node)
