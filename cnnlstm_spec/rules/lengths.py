"""Inputs of unknown length that reach a layer over their steps, or a loss, with nothing that says which steps are padding."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

from ..diagnostic import Code, Diagnostic, Label
from ..graph import TypedGraph, TypedNode
from ..inference import Refusal
from ..inputs import TIMED, InputOp
from ..ops.structure import EnterTime, LeaveTime, Output
from ..spec import ModelSpec
from ..tensor import Mask, TensorType
from .common import compiled, title_of

NO_MASK = Code("no-mask-for-length", "warning", "`{branch}` is of any length, and nothing says which {steps} are padding")


def check_lengths(typed: TypedGraph, spec: ModelSpec) -> Iterable[Diagnostic]:
    """Follows the mask that such an input could have, to the first that would read or lose it; silent after a mistake."""
    open_ = {id: node for id, node in typed.nodes.items() if _is_open(node)}
    if not open_ or spec.batch_size == 1 or any(node.type is None for node in typed.nodes.values()):
        return
    section = compiled(spec)
    trained = {typed.graph.outputs[head] for head, loss in section.losses.items() if loss is not None} if section else set()
    could: dict[str, TensorType] = {}
    for id, node in typed.nodes.items():
        assert node.type is not None and node.node.op is not None
        if id in open_:
            could[id] = node.type.with_mask(Mask(frozenset({id}), node.node.origin.place))
            continue
        inputs = tuple(could[each] for each in node.node.inputs)
        could[id] = _after(node, inputs)
        met = _met(node, inputs, could[id].mask, id in trained)
        for source in [each for each in open_ if each in met]:
            yield _told(open_.pop(source), node)
        if not open_:
            return


def _is_open(node: TypedNode) -> bool:
    """Whether it is an input whose steps are known only at run time, and that has no mask."""
    op = node.node.op
    if not isinstance(op, InputOp) or node.type is None or not node.type.axes or node.type.mask is not None:
        return False
    timed = op.input.kind in TIMED or (op.input.kind == "tensor" and op.input.time_axis == node.type.axes[0].name)
    return timed and not isinstance(node.type.axes[0].size, int)


def _after(node: TypedNode, inputs: tuple[TensorType, ...]) -> TensorType:
    """The type with the mask that it could have; none where it has one already."""
    op, type = node.node.op, node.type
    assert op is not None and type is not None
    mask = None
    if type.mask is None and inputs:
        with suppress(Refusal):
            mask = _joined(inputs) if op.joins_masks and op.makes_mask(*inputs) else op.mask_after(*inputs)
    if isinstance(op, EnterTime):
        return replace(type, outer=(*inputs[0].outer, (inputs[0].axes[0], inputs[0].mask)))
    outer = inputs[0].outer[: len(type.outer)] if inputs else ()
    return replace(type, mask=mask, outer=outer)


def _joined(inputs: tuple[TensorType, ...]) -> Mask:
    """The mask of inputs side by side along their steps."""
    masks = [x.mask for x in inputs if x.mask is not None]
    return replace(masks[0], sources=frozenset(source for mask in masks for source in mask.sources))


def _met(node: TypedNode, inputs: tuple[TensorType, ...], after: Mask | None, trained: bool) -> frozenset[str]:
    """The inputs whose padding a node would take for data."""
    op = node.node.op
    assert op is not None
    met = frozenset(source.removeprefix("~") for x in inputs if x.mask is not None for source in x.mask.sources)
    if not met or isinstance(op, EnterTime | LeaveTime) or (node.type is not None and node.type.mask is not None):
        return frozenset()
    if isinstance(op, Output):
        return met if trained else frozenset()
    # Of a sum over another axis than the steps, each step has its own.
    mixes = op.reads_mask and (title_of(op) != "Softmax" or op.value("axis") in (1, -inputs[0].rank))
    return met if mixes or after is None else frozenset()


def _told(input: TypedNode, reader: TypedNode) -> Diagnostic:
    op = input.node.op
    assert isinstance(op, InputOp) and input.type is not None and reader.node.op is not None
    what = (
        "the loss counts them here" if isinstance(reader.node.op, Output) else f"`{reader.node.op.title()}` reads them all here"
    )
    facts: dict[str, object] = {"branch": op.branch, "steps": input.type.axes[0].name}
    help: tuple[str, ...] = ("`padding_value` or `mask_input` of its input says it",)
    if op.input.kind == "tokens":
        help = ("`mask_zero: true` of the `Embedding`, `padding_value` or `mask_input` says it",)
    help = (*help, "nothing is padded where the length is fixed, or all samples of a batch have the same")
    place = op.input.places.get("shape", input.node.origin.place)
    return Diagnostic(NO_MASK, place, facts, labels=(Label(reader.node.origin.place, what),), help=help)
